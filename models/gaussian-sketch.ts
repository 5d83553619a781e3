import type { Sketch } from './combined/expert.ts';
import { GAUSS } from './mixture/spread.ts';
import { LEVELS } from './quantile-forecast.ts';

/** A normal distribution of the demand of one step. */
export interface Gaussian {
  mean: number;
  deviation: number;
}

/**
 * The sketch of a model that knows a normal distribution for each lead and nothing of the windows. Undefined where
 * anything in it is not finite.
 */
export function gaussianSketch(steps: readonly Gaussian[], windows: readonly number[]): Sketch | undefined {
  const rows = new Float64Array((steps.length + windows.length) * LEVELS.length).fill(Number.NaN);
  for (const [i, { mean, deviation }] of steps.entries()) {
    const row = GAUSS.map((z) => mean + z * deviation);
    if (!row.every(Number.isFinite)) return undefined;
    rows.set(row, i * LEVELS.length);
  }
  return rows;
}
