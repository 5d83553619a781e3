import type { History } from './forecaster.ts';
import { endOf } from './forecaster.ts';
import type { QuantileForecast } from './quantile-forecast.ts';
import { LEVELS, ascend } from './quantile-forecast.ts';

const WIDTH = LEVELS.length;

/**
 * A forecast from rows of quantiles (NaN where there is nothing to say): `steps` rows of `gridMs` each, then one per window (in grid steps, ascending). A
 * longer window's maximum is never below a shorter one's. Read at the history's own step: lines between the middles of
 * grid steps where it is finer.
 */
export function fanForecast(
  model: string,
  history: History,
  gridMs: number,
  rows: Float64Array,
  steps: number,
  windows: readonly number[],
): QuantileForecast {
  const maxima = rows.slice(steps * WIDTH);
  for (let i = WIDTH; i < maxima.length; i++) maxima[i] = Math.max(maxima[i]!, maxima[i - WIDTH]!);
  for (let row = 0; row < windows.length; row++) ascend(maxima, row * WIDTH);
  const mix = (of: Float64Array, a: number, b: number, share: number) => {
    const row = Array.from({ length: WIDTH }, (_, level) => {
      const low = of[a * WIDTH + level]!;
      return low + share * (of[b * WIDTH + level]! - low);
    });
    return row.some(Number.isNaN) ? undefined : row;
  };
  return {
    model,
    asOf: endOf(history),
    stepMs: history.stepMs,
    levels: LEVELS,
    at(step) {
      const toGrid = ((step + 1) * history.stepMs) / gridMs;
      if (toGrid > steps + 1e-9) return undefined;
      const middle = Math.min(steps - 1, Math.max(0, ((step + 0.5) * history.stepMs) / gridMs - 0.5));
      const row = Math.min(Math.max(0, steps - 2), Math.floor(middle));
      return mix(rows, row, Math.min(row + 1, steps - 1), middle - row);
    },
    maximum(windowMs) {
      const wanted = Math.max(windowMs / gridMs, windows[0]!);
      const after = windows.findIndex((window) => window >= wanted - 1e-9);
      if (after < 0) return undefined;
      const before = Math.max(0, after - 1);
      const width = windows[after]! - windows[before]!;
      return mix(maxima, before, after, width > 0 ? (wanted - windows[before]!) / width : 0);
    },
  };
}
