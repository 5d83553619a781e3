import {
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { inWords, sameCounts } from '../src/domain/tier.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import { PHASE_KEY } from '../src/temporal/search-attributes.ts';
import { isGone } from './failures.ts';
import { adjustSignal, mirrorChangedSignal, mirrorStateQuery } from './messages.ts';
import type { MirrorChange, MirrorPhase, MirrorRunInput, MirrorRunState } from './messages.ts';
import { codeBlock } from './words.ts';

/** One run of a mirror's workflow: what is carried over continue-as-new, and what is not. */
export interface MirrorRun {
  input: MirrorRunInput;
  state: MirrorRunState;
  /** A later plan has come since the current one was taken up. */
  adjusted: boolean;
  /** Ends the wait that is going on, if it may be ended. */
  interrupt?: () => void;
  /** Too late for adjustments. */
  retiring: boolean;
}

export function begin(input: MirrorRunInput): MirrorRun {
  const state: MirrorRunState = input.state ?? {
    v: 1,
    wanted: input.wanted,
    plan: input.plan,
    phase: 'raising',
    attached: false,
    share: 0,
    mayServe: false,
    serving: 0,
    compensations: [],
  };
  return { input, state, adjusted: false, retiring: false };
}

export function registerHandlers(run: MirrorRun): void {
  const { state } = run;
  setHandler(
    adjustSignal,
    ({ plan, wanted: asked }) => {
      const wanted = whileAnswered(run, asked);
      if (run.retiring || sameCounts(wanted, state.wanted)) return;
      state.wanted = wanted;
      state.plan = plan;
      run.adjusted = true;
      run.interrupt?.();
    },
    { description: 'a later plan for this mirror; all zero retires it' },
  );
  setHandler(mirrorStateQuery, () => state, { description: 'phase, group, share and compensations' });
}

/** A DNS answer names instances, and resolvers keep it: none of them goes before the mirror leaves whole. */
function whileAnswered({ input, state }: MirrorRun, asked: TierCounts): TierCounts {
  if (input.spec.routing.kind !== 'dns' || state.share === 0 || asked.full === 0) return asked;
  return { ...asked, full: Math.max(asked.full, state.wanted.full) };
}

/** Enters a phase: search attribute, details, and a word to the application. */
export async function enter(run: MirrorRun, phase: MirrorPhase, error?: string): Promise<void> {
  const { state } = run;
  if (state.phase !== phase) upsertSearchAttributes([{ key: PHASE_KEY, value: phase }]);
  state.phase = phase;
  setCurrentDetails(detailsOf(run, error));
  await tellApplication(run, error);
}

/** Resolves to whether there was anybody to tell: the application may have been removed or terminated meanwhile. */
export async function tellApplication({ input, state }: MirrorRun, error?: string): Promise<boolean> {
  const { zone, parent } = input;
  const { phase, serving, wanted } = state;
  const { workflowId } = workflowInfo();
  const change: MirrorChange = { zone, workflowId, phase, serving, wanted, error };
  try {
    await getExternalWorkflowHandle(parent).signal(mirrorChangedSignal, change);
    return true;
  } catch (failure) {
    if (!isGone(failure)) throw failure;
    log.info(`${parent} is gone`);
    return false;
  }
}

function detailsOf({ input, state }: MirrorRun, error?: string): string {
  const rows: [string, string][] = [
    ['mirror', `${input.spec.application} in ${input.zone}`],
    ['phase', state.phase],
    ['wanted', `${inWords(state.wanted)} (plan ${state.plan})`],
    ['serving', `${state.serving}, share ${state.share}`],
    ['group', state.group ? `${state.group.name} (${state.group.id})` : 'none yet'],
    ['to undo', state.compensations.map((c) => c.kind).join(', ') || 'nothing'],
  ];
  if (error) rows.push(['error', error]);
  return codeBlock(rows);
}
