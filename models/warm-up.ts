import type { Forecaster, History } from './forecaster.ts';
import { endOf, until } from './forecaster.ts';
import type { PipelineState } from './pipeline.ts';
import { adopt, advance, newPipeline } from './pipeline.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Replayed at most; longer history is only fitted on. */
const REPLAY_MS = 8 * DAY_MS;
/** History that the first replayed fit needs. */
const HEAD_MS = 2 * DAY_MS;
/** A replayed fit looks back this far and lasts this long: bounds the work to some thirty short fits. */
const FIT_ON_MS = 5 * DAY_MS;
const REFIT_MS = 6 * HOUR_MS;
/** A path outlives the refit by the longest lead that is scored. */
const PATH_MS = DAY_MS + REFIT_MS;

/**
 * A rolling backtest over the recent past, so that the interval rests on matured residuals from the first live
 * forecast. Each fit sees only what came before it. Refits come more rarely than live ones, so the first intervals are
 * rather too wide than too narrow.
 */
export function warmUp(history: History, forecaster: Forecaster, nominalCoverage: number): PipelineState {
  const { stepMs } = history;
  const state = newPipeline(stepMs, nominalCoverage);
  const end = endOf(history);
  for (const at of replayTimes(history)) {
    const stop = Math.min(end, at + REFIT_MS);
    try {
      adopt(state, forecaster.fit(until(history, at, FIT_ON_MS), Math.round(PATH_MS / stepMs)));
    } catch {
      // A stretch that defeats the model (all missing, say) keeps the older path: what the live pipeline does as well.
    }
    advance(state, samplesIn(history, at, stop), stop);
  }
  return state;
}

/** When a warm-up fits anew, in order. */
export function replayTimes(history: History): number[] {
  const end = endOf(history);
  const times: number[] = [];
  for (let at = Math.max(history.startAt + HEAD_MS, end - REPLAY_MS); at < end; at += REFIT_MS)
    times.push(at);
  return times;
}

/** Samples with from < at <= to. */
export function samplesIn(history: History, from: number, to: number): { at: number; value: number }[] {
  const samples = [];
  const begin = Math.max(0, Math.floor((from - history.startAt) / history.stepMs));
  for (let i = begin; i < history.values.length; i++) {
    const at = history.startAt + i * history.stepMs;
    const value = history.values[i]!;
    if (at > from && at <= to && !Number.isNaN(value)) samples.push({ at, value });
  }
  return samples;
}
