import type { Features, Window } from './features.ts';
import { BIN_MS, HORIZON, QUANTILES, WINDOWS } from './layout.ts';

const LEVELS = QUANTILES.length;

/** What a net answers for one window, in scales round the base. */
export interface Answer {
  /** HORIZON rows of LEVELS. */
  steps: Float32Array;
  /** WINDOWS rows of LEVELS. */
  maxima: Float32Array;
}

/** Quantiles of demand from an origin on, 5-minute means; rows of LEVELS, ascending. */
export interface Fan {
  steps: Float64Array;
  /** Of the maximum over each of WINDOWS. */
  maxima: Float64Array;
}

/**
 * The answer in the demand's unit. Demand that was never negative stays so; a longer window's maximum is never below
 * a shorter one's. Throws where the net gave no number.
 */
export function fanOf(window: Window, features: Features, answer: Answer): Fan {
  const floor = window.values.some((value) => value < 0) ? -Infinity : 0;
  const { base, scale } = features;
  const steps = new Float64Array(HORIZON * LEVELS);
  for (let bin = 0, i = 0; bin < HORIZON; bin++) {
    for (let level = 0; level < LEVELS; level++, i++) {
      steps[i] = Math.max(floor, base[bin]! + scale * answer.steps[i]!);
    }
  }
  let top = -Infinity;
  const tops = base.map((value) => (top = Math.max(top, value)));
  const maxima = new Float64Array(WINDOWS.length * LEVELS);
  for (let i = 0; i < maxima.length; i++) {
    const own = tops[WINDOWS[Math.floor(i / LEVELS)]! - 1]! + scale * answer.maxima[i]!;
    maxima[i] = Math.max(floor, own, i >= LEVELS ? maxima[i - LEVELS]! : own);
  }
  if (!steps.every(Number.isFinite) || !maxima.every(Number.isFinite)) {
    throw new Error('neural: the net gave no finite number for this history; use another model');
  }
  return { steps, maxima };
}

/** Mean of fans, quantile by quantile. */
export function averageOf(fans: readonly Fan[]): Fan {
  if (fans.length === 1) return fans[0]!;
  const mean = (of: (fan: Fan) => Float64Array) =>
    of(fans[0]!).map((_, i) => fans.reduce((total, fan) => total + of(fan)[i]!, 0) / fans.length);
  return { steps: mean((fan) => fan.steps), maxima: mean((fan) => fan.maxima) };
}

/**
 * Quantiles of step `step` (0: the first after the origin) at the series' own step: means of the bins that a coarse
 * step covers, lines between the middles of bins for a fine one. Undefined beyond a day.
 */
export function stepQuantiles(fan: Fan, step: number, stepMs: number): number[] | undefined {
  const from = (step * stepMs) / BIN_MS;
  const to = ((step + 1) * stepMs) / BIN_MS;
  if (to > HORIZON + 1e-9) return undefined;
  const at = (bin: number, level: number) => fan.steps[bin * LEVELS + level]!;
  if (stepMs >= BIN_MS) {
    const first = Math.floor(from);
    const count = Math.max(1, Math.round(to - first));
    return QUANTILES.map((_, level) => {
      let total = 0;
      for (let bin = first; bin < first + count; bin++) total += at(Math.min(bin, HORIZON - 1), level);
      return total / count;
    });
  }
  const middle = Math.min(HORIZON - 1, Math.max(0, (from + to) / 2 - 0.5));
  const bin = Math.min(HORIZON - 2, Math.floor(middle));
  return QUANTILES.map((_, level) => at(bin, level) + (middle - bin) * (at(bin + 1, level) - at(bin, level)));
}

/**
 * Quantiles of the maximum over the next `windowMs`, by lines between the windows that have a head; those of 5 minutes
 * for less. Undefined beyond a day.
 */
export function maximumQuantiles(fan: Fan, windowMs: number): number[] | undefined {
  const bins = Math.max(1, windowMs / BIN_MS);
  if (bins > HORIZON) return undefined;
  const after = WINDOWS.findIndex((window) => window >= bins);
  const before = Math.max(0, after - 1);
  const share = after === before ? 0 : (bins - WINDOWS[before]!) / (WINDOWS[after]! - WINDOWS[before]!);
  return QUANTILES.map((_, level) => {
    const low = fan.maxima[before * LEVELS + level]!;
    return low + share * (fan.maxima[after * LEVELS + level]! - low);
  });
}
