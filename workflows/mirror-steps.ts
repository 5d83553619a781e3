import { CancellationScope, isCancellation, log, sleep, workflowInfo } from '@temporalio/workflow';
import type { Beginning, ReconcileInput, Reconciled } from '../activities/mirror.ts';
import { NO_INSTANCES, inWords, totalInstances } from '../src/domain/tier.ts';
import type { GroupRef, WriteKey } from '../src/ports/fleet.ts';
import { wallMs } from '../src/temporal/wall-time.ts';
import { failureText, failureType } from './failures.ts';
import type { Compensation } from './messages.ts';
import { enter, tellApplication } from './mirror-state.ts';
import type { MirrorRun } from './mirror-state.ts';
import { activitiesAt } from './proxies.ts';

/**
 * Brings the mirror to what is wanted: raise, sync, route. Returns early when a later plan comes. Every step is
 * idempotent, so the whole way is gone again after an adjustment and after continuing as new.
 */
export async function bring(run: MirrorRun): Promise<void> {
  const { state } = run;
  const group = await raise(run);
  if (run.adjusted) return;
  if (state.wanted.full === 0) {
    // Traffic leaves before an instance does.
    if (state.mayServe) await drain(run, group, 'undo-share');
    await reconcile(run, group, 'all');
    return;
  }
  const began = state.share === 0 ? await serveFirst(run, group) : undefined;
  if (run.adjusted) return;
  await reconcile(run, group, 'all', began);
  // A backend is a group, a DNS answer a list of instances: those that came later are not in it yet.
  if (run.input.spec.routing.kind === 'dns' && !run.adjusted) await answerAll(run, group);
}

async function answerAll(run: MirrorRun, group: GroupRef): Promise<void> {
  const { input } = run;
  await interruptible(run, () =>
    activitiesAt(input.speed).mirror.shift.executeWithOptions(
      { summary: 'every healthy instance answered; then hold' },
      [{ spec: input.spec, group, key: keyOf(run) }],
    ),
  );
}

/** Lets traffic in as soon as a first instance is ready, while the rest still come. */
async function serveFirst(run: MirrorRun, group: GroupRef): Promise<Beginning | undefined> {
  const first = await reconcile(run, group, 'one');
  if (run.adjusted || run.state.wanted.full === 0) return undefined;
  await sync(run, group);
  if (!run.adjusted) await route(run, group);
  return first?.began;
}

async function raise(run: MirrorRun): Promise<GroupRef> {
  const { state, input } = run;
  if (state.group) return state.group;
  await enter(run, 'raising');
  note(run, { kind: 'removeRaised' });
  const summary = `an empty group in ${input.zone}; then ${inWords(state.wanted)}`;
  const group = await activitiesAt(input.speed).mirror.raise.executeWithOptions({ summary }, [
    { spec: input.spec, zone: input.zone, key: keyOf(run) },
  ]);
  state.group = group;
  state.compensations = [{ kind: 'removeGroup', group }];
  return group;
}

async function reconcile(
  run: MirrorRun,
  group: GroupRef,
  enough: ReconcileInput['enough'],
  began?: Beginning,
): Promise<Reconciled | undefined> {
  const { state, input } = run;
  const call = () => {
    const { spec, zone } = input;
    const { wanted, share } = state;
    const next = enough === 'one' ? 'then sync and route' : 'then hold';
    const summary = `${enough === 'one' ? 'first of ' : ''}${inWords(wanted)} in ${zone}; ${next}`;
    return interruptible(run, () =>
      activitiesAt(input.speed).mirror.reconcile.executeWithOptions({ summary }, [
        { spec, zone, group, wanted, key: keyOf(run), enough, began, serving: share > 0 },
      ]),
    );
  };
  let reconciled: Reconciled | undefined;
  try {
    reconciled = await call();
  } catch (error) {
    if (isCancellation(error)) throw error;
    // A new plan has come: it says what to do now.
    if (run.adjusted) return undefined;
    await settleForLess(run, group, error);
    reconciled = await call();
  }
  if (reconciled) state.serving = reconciled.status.full;
  return reconciled;
}

/** Keeps what the zone did give, whatever the reason, and tells the application, which then looks elsewhere. */
async function settleForLess(run: MirrorRun, group: GroupRef, error: unknown): Promise<void> {
  const { state, input } = run;
  const reason = failureType(error);
  const { full, warm, shadow } = await activitiesAt(input.speed).read.status.executeWithOptions(
    { summary: `what is there in spite of ${reason}; then keep that` },
    [{ group }],
  );
  if (totalInstances({ full, warm, shadow }) === 0) throw error;
  state.wanted = { full, warm, shadow };
  state.serving = full;
  await tellApplication(run, reason);
}

async function sync(run: MirrorRun, group: GroupRef): Promise<void> {
  await enter(run, 'syncing');
  note(run, { kind: 'releaseState', group });
  await interruptible(run, () =>
    activitiesAt(run.input.speed).mirror.sync.executeWithOptions(
      { summary: 'state is current; then route' },
      [{ spec: run.input.spec, group }],
    ),
  );
}

async function route(run: MirrorRun, group: GroupRef): Promise<void> {
  const { state, input } = run;
  const { mirror } = activitiesAt(input.speed);
  const call = { spec: input.spec, group, key: keyOf(run) };
  await enter(run, 'routing');
  note(run, { kind: 'detach', group });
  await mirror.attach.executeWithOptions({ summary: 'with a share of 0; then wait for health' }, [call]);
  state.attached = true;
  if (run.adjusted) return;
  state.mayServe = true;
  const shifted = await interruptible(run, () =>
    mirror.shift.executeWithOptions({ summary: 'traffic, once one is healthy; then the rest' }, [call]),
  );
  if (shifted) state.share = 1;
}

/** Share 0, and waits until requests in flight are through. */
async function drain(run: MirrorRun, group: GroupRef, plan: string): Promise<void> {
  const { input, state } = run;
  await enter(run, 'draining');
  const drainMs = await activitiesAt(input.speed).undo.drain.executeWithOptions(
    { summary: 'share 0; then wait for requests in flight' },
    [{ spec: input.spec, group, key: { ...keyOf(run), plan: `${state.plan}/${plan}` } }],
  );
  state.share = 0;
  state.mayServe = false;
  if (drainMs > 0) await sleep(wallMs(drainMs, input.speed), { summary: 'requests in flight finish' });
}

/** Undoes everything, last in, first out. Resolves to what could not be undone; the rest is undone all the same. */
export async function unwind(run: MirrorRun): Promise<unknown[]> {
  const { state } = run;
  const left: unknown[] = [];
  for (let next = state.compensations.at(-1); next; next = state.compensations.at(-1)) {
    try {
      await undo(run, next);
    } catch (error) {
      log.error(`${next.kind} failed: ${failureText(error)}`);
      left.push(error);
    }
    state.compensations.pop();
  }
  return left;
}

async function undo(run: MirrorRun, step: Compensation): Promise<void> {
  const { spec, zone, speed } = run.input;
  const { undo: by } = activitiesAt(speed);
  const key = keyOf(run);
  switch (step.kind) {
    case 'detach':
      await drain(run, step.group, 'detach');
      await by.detach.executeWithOptions({ summary: 'out of the router; then take down' }, [
        { spec, group: step.group, key },
      ]);
      run.state.attached = false;
      return;
    case 'releaseState':
      return await by.releaseState.executeWithOptions({ summary: 'stop replicating; then take down' }, [
        { spec, group: step.group },
      ]);
    case 'removeGroup':
      await enter(run, 'retiring');
      await by.removeGroup.executeWithOptions({ summary: `everything in ${zone}; then done` }, [
        { spec, group: step.group, key },
      ]);
      run.state.serving = 0;
      run.state.wanted = NO_INSTANCES;
      return;
    case 'removeRaised':
      await enter(run, 'retiring');
      return await by.removeRaised.executeWithOptions({ summary: `whatever of this run is in ${zone}` }, [
        { spec, zone, key },
      ]);
  }
}

/** Notes what undoes the next step, before the step; once is enough. */
function note({ state }: MirrorRun, step: Compensation): void {
  if (!state.compensations.some((known) => known.kind === step.kind)) state.compensations.push(step);
}

/** Runs a wait that a later plan ends. Resolves to undefined when it did. */
async function interruptible<T>(run: MirrorRun, wait: () => Promise<T>): Promise<T | undefined> {
  if (run.adjusted) return undefined;
  const scope = new CancellationScope();
  run.interrupt = () => scope.cancel();
  try {
    return await scope.run(wait);
  } catch (error) {
    const byUs = isCancellation(error) && run.adjusted && !CancellationScope.current().consideredCancelled;
    if (!byUs) throw error;
    return undefined;
  } finally {
    run.interrupt = undefined;
  }
}

/** Never of a run id: a retry, a replay and a continued run ask for the same thing. */
function keyOf({ state }: MirrorRun): WriteKey {
  return { run: workflowInfo().workflowId, plan: state.plan };
}
