import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
} from '@temporalio/workflow';
import { NO_INSTANCES, inWords, totalInstances } from '../src/domain/tier.ts';
import { wallMs } from '../src/temporal/wall-time.ts';
import { failureText, failureType } from './failures.ts';
import { historyIsLong } from './history-length.ts';
import type { MirrorRunInput } from './messages.ts';
import { begin, enter, registerHandlers, tellApplication } from './mirror-state.ts';
import type { MirrorRun } from './mirror-state.ts';
import { bring, unwind } from './mirror-steps.ts';

/** How long a mirror is held without asking whether its application still lives: the dead man's switch. */
const LEASE_MS = 5 * 60_000;
const LEASE_FLOOR_WALL_MS = 5000;

/**
 * One mirror in one zone, from command to retirement: raise, sync, route, hold, drain, retire. A saga: what undoes a
 * step is noted before the step, as data, and undone last in, first out, whatever ends the run.
 */
export async function mirrorRun(input: MirrorRunInput): Promise<string> {
  const run = begin(input);
  registerHandlers(run);
  try {
    while (totalInstances(run.state.wanted) > 0) {
      run.adjusted = false;
      await bring(run);
      if (!run.adjusted) await hold(run);
    }
  } catch (error) {
    if (isContinuing(error)) throw error;
    await CancellationScope.nonCancellable(() => retire(run, error));
    throw isCancellation(error) ? error : asFailure(error);
  }
  await CancellationScope.nonCancellable(() => retire(run));
  return `${input.zone}: retired, nothing is left`;
}

/** Holds what is up until a later plan adjusts it or its application is gone. */
async function hold(run: MirrorRun): Promise<void> {
  const { input, state } = run;
  await enter(run, state.share > 0 ? 'serving' : 'standby');
  while (!run.adjusted) {
    if (historyIsLong(input)) await startAfresh(run);
    const summary = `hold ${inWords(state.wanted)}; then ask whether ${input.parent} still lives`;
    const leaseMs = wallMs(LEASE_MS, input.speed, LEASE_FLOOR_WALL_MS);
    if (await condition(() => run.adjusted, leaseMs, { summary })) return;
    if (await tellApplication(run)) continue;
    state.wanted = NO_INSTANCES;
    return;
  }
}

/** Undoes everything. Told to the application before the run ends, with what went wrong, if anything did. */
async function retire(run: MirrorRun, error?: unknown): Promise<void> {
  run.retiring = true;
  const failed = error !== undefined && !isCancellation(error);
  const left = await unwind(run);
  if (left.length > 0) {
    await enter(run, 'failed', failureType(left[0]));
    throw ApplicationFailure.nonRetryable(
      `not everything could be taken down: ${left.map(failureText).join('; ')}`,
      'Leftover',
    );
  }
  await enter(run, failed ? 'failed' : 'retired', failed ? failureType(error) : undefined);
}

function asFailure(error: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: failureType(error),
    message: failureText(error),
    nonRetryable: true,
    cause: error instanceof Error ? error : undefined,
  });
}

async function startAfresh(run: MirrorRun): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<typeof mirrorRun>({ ...run.input, state: run.state });
}

/** Continuing as new is thrown; it undoes nothing. */
function isContinuing(error: unknown): boolean {
  return error instanceof Error && error.name === 'ContinueAsNew';
}
