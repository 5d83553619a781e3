import {
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Plan } from '../src/domain/plan.ts';
import { NO_INSTANCES, inWords, sameCounts, totalInstances } from '../src/domain/tier.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import { mirrorWorkflowId } from '../src/temporal/ids.ts';
import { APPLICATION_KEY, MODE_KEY, PHASE_KEY, ZONES_KEY } from '../src/temporal/search-attributes.ts';
import { wallMs } from '../src/temporal/wall-time.ts';
import { show } from './application-details.ts';
import { liveRuns } from './application-state.ts';
import type { Application } from './application-state.ts';
import { isGone } from './failures.ts';
import { adjustSignal } from './messages.ts';
import type { RunSummary } from './messages.ts';
import { mirrorRun } from './mirror-run.ts';

/** How long retiring runs are waited for before they are told again, ms of application time. */
const TELL_AGAIN_MS = 2 * 60_000;
const TELL_AGAIN_FLOOR_WALL_MS = 15_000;

/** Per zone: a run is started, adjusted, or left alone. One live run per zone. */
export async function applyPlan(app: Application, plan: Plan): Promise<void> {
  for (const workflowId of app.strangers.splice(0)) await retireStranger(workflowId);
  const wantedIn = new Map(
    plan.mirrors.map(({ zone, full, warm, shadow }) => [zone, { full, warm, shadow }]),
  );
  for (const zone of new Set([...Object.keys(app.state.runs), ...wantedIn.keys()])) {
    const wanted = wantedIn.get(zone) ?? NO_INSTANCES;
    const run = app.state.runs[zone];
    if (!run) {
      if (totalInstances(wanted) > 0) await startRun(app, zone, wanted, plan);
    } else if (totalInstances(run.wanted) === 0) {
      // It is retiring; a new run follows once it has ended, which wakes the loop.
    } else if (!sameCounts(run.wanted, wanted) || !app.reached.has(run.workflowId)) {
      // A run that we have not reached since continuing as new may have been terminated: telling it shows.
      await adjust(app, run, wanted, plan.id);
    }
  }
}

/** Retires every live run and waits until all have ended. */
export async function retireAll(app: Application): Promise<void> {
  const { state, input } = app;
  while (liveRuns(app).length > 0) {
    for (const run of liveRuns(app)) await adjust(app, run, NO_INSTANCES, 'retire');
    show(app, 'when the mirrors have retired');
    const wait = wallMs(TELL_AGAIN_MS, input.speed, TELL_AGAIN_FLOOR_WALL_MS);
    const summary = "mirrors retire; then the primary's minimum goes back";
    await condition(() => Object.keys(state.runs).length === 0, wait, { summary });
  }
}

async function startRun(app: Application, zone: string, wanted: TierCounts, plan: Plan): Promise<void> {
  const { spec, state, input } = app;
  const workflowId = mirrorWorkflowId(spec.application, zone, state.nextRun++);
  // Before the start: whatever becomes of it, it is known and will be retired.
  const run: RunSummary = { workflowId, zone, wanted, phase: 'raising', serving: 0 };
  state.runs[zone] = run;
  try {
    const child = await startChild(mirrorRun, {
      workflowId,
      args: [{ spec, zone, plan: plan.id, wanted, speed: input.speed, parent: workflowInfo().workflowId }],
      // A parent's continue-as-new counts as its close and would end any other child.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: `raise ${inWords(wanted)} in ${zone} for ${spec.application}`,
      staticDetails: state.lastDecision?.reasons.headline,
      typedSearchAttributes: [
        { key: APPLICATION_KEY, value: spec.application },
        { key: PHASE_KEY, value: 'raising' },
        { key: MODE_KEY, value: spec.mode },
        { key: ZONES_KEY, value: [zone] },
      ],
    });
    app.reached.add(workflowId);
    const gone = () => forget(app, run);
    // Its own message comes first; this is for a run that was terminated and could not send one.
    void child.result().then(gone, gone);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      forget(app, run);
      throw error;
    }
    // Left by an earlier life of this application: it is ours to drive now.
    await adjust(app, run, wanted, plan.id);
  }
}

async function adjust(app: Application, run: RunSummary, wanted: TierCounts, plan: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(run.workflowId).signal(adjustSignal, { plan, wanted });
    run.wanted = wanted;
    app.reached.add(run.workflowId);
  } catch (error) {
    if (!isGone(error)) throw error;
    forget(app, run);
  }
}

/** Its application was terminated, and then another run was raised in its zone: one owner per group. */
async function retireStranger(workflowId: string): Promise<void> {
  try {
    const stranger = getExternalWorkflowHandle(workflowId);
    await stranger.signal(adjustSignal, { plan: 'retire', wanted: NO_INSTANCES });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function forget(app: Application, run: RunSummary): void {
  if (app.state.runs[run.zone]?.workflowId !== run.workflowId) return;
  delete app.state.runs[run.zone];
  app.wake = true;
}
