import type { FanPoint, Interval, WindowInterval } from '../src/domain/forecast.ts';
import type { HalfWidths } from './forecaster.ts';
import { halfWidthsAt, pathAt } from './forecaster.ts';
import type { PipelineState } from './pipeline.ts';
import { correctionFor, intervalAround, readingsOf } from './corrections.ts';

/** What a pipeline's state says of the time after `asOf`. */

const MINUTE_MS = 60_000;
/** The present offset fades over the horizon to 1/e in this time: level shifts last hours, not days. */
const OFFSET_FADES_MS = 4 * 3_600_000;
/** The combination follows the level itself: what came since it was fitted is mostly noise an hour later (docs/forecasting.md). */
const COMBINATION_FADES_MS = 3_600_000;
/** The fan is drawn at every step for an hour, then at every n minutes. */
const FINE_FAN_MS = 60 * MINUTE_MS;
const COARSE_FAN_MS = 15 * MINUTE_MS;
/** Sustained demand is exceeded for all of its window but this share. */
const SUSTAINED_QUANTILE = 0.2;

export function medianPath(state: PipelineState, asOf: number, steps: number): number[] {
  return Array.from({ length: steps }, (_, i) => medianAt(state, asOf, i + 1));
}

/** The fitted path plus the fading offset; the present level where there is no path. Never negative. */
export function medianAt(state: PipelineState, asOf: number, steps: number): number {
  const leadMs = steps * state.stepMs;
  const path = state.fitted && pathAt(state.fitted, asOf + leadMs);
  if (path === undefined) return state.recent.findLast((value) => value !== null) ?? 0;
  const fadesMs = state.fitted!.model === 'premirror' ? COMBINATION_FADES_MS : OFFSET_FADES_MS;
  return Math.max(0, path + state.offset * Math.exp(-leadMs / fadesMs));
}

/** Half-widths of the fit's own at a time; undefined where it has none. */
export function halfWidths({ fitted }: PipelineState, at: number): HalfWidths | undefined {
  return fitted && halfWidthsAt(fitted, at);
}

export function fanOf(state: PipelineState, asOf: number, median: readonly number[]): FanPoint[] {
  const fan: FanPoint[] = [];
  const readings = readingsOf(state.probes, 'point');
  for (let steps = 1; steps <= median.length; steps++) {
    const leadMs = steps * state.stepMs;
    if (leadMs > FINE_FAN_MS && leadMs % Math.max(COARSE_FAN_MS, state.stepMs) !== 0) continue;
    const at = asOf + leadMs;
    const by = correctionFor(readings, steps, asOf, state.stepMs, halfWidths(state, at));
    fan.push({ at, ...intervalAround(median[steps - 1]!, by) });
  }
  return fan;
}

/** The highest median of the whole horizon, which need not lie on a point of the fan. */
export function peakOf(
  state: PipelineState,
  asOf: number,
  median: readonly number[],
): Interval & { at: number } {
  const steps = median.indexOf(Math.max(...median)) + 1;
  const at = asOf + steps * state.stepMs;
  const by = correctionFor(
    readingsOf(state.probes, 'point'),
    steps,
    asOf,
    state.stepMs,
    halfWidths(state, at),
  );
  return { ...intervalAround(median[steps - 1]!, by), at };
}

/** Intervals of window maxima. A longer window's maximum is never below a shorter one's. */
export function windowsOf(
  state: PipelineState,
  asOf: number,
  median: readonly number[],
  windowsMs: readonly number[],
): WindowInterval[] {
  const order = windowsMs.map((_, i) => i).sort((a, b) => windowsMs[a]! - windowsMs[b]!);
  const windows: WindowInterval[] = [];
  const readings = readingsOf(state.probes, 'window');
  let before: Interval = { lower: 0, median: 0, upper: 0 };
  for (const i of order) {
    const steps = Math.min(median.length, Math.max(1, Math.ceil(windowsMs[i]! / state.stepMs)));
    const by = correctionFor(readings, steps, asOf, state.stepMs);
    const own = intervalAround(Math.max(...median.slice(0, steps)), by);
    before = {
      lower: Math.max(own.lower, before.lower),
      median: Math.max(own.median, before.median),
      upper: Math.max(own.upper, before.upper),
    };
    windows[i] = { ...before, end: asOf + windowsMs[i]! };
  }
  return windows;
}

/** Demand that lasts through the next `steps` steps. */
export function sustainedOf(median: readonly number[], steps: number): number {
  const sorted = median.slice(0, Math.max(1, steps)).sort((a, b) => a - b);
  return sorted[Math.floor(SUSTAINED_QUANTILE * (sorted.length - 1))] ?? 0;
}
