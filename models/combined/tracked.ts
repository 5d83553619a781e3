import type { Calibration } from '../calibration.ts';
import { learn, newCalibration, spread } from '../calibration.ts';
import type { History } from '../forecaster.ts';
import { endOf } from '../forecaster.ts';
import type { QuantileForecast } from '../quantile-forecast.ts';
import { LEVELS, MEDIAN } from '../quantile-forecast.ts';

/** Half-widths that a forecast was issued with, for the outcome to be measured by. */
interface Issued {
  asOf: number;
  median: number;
  down: number;
  up: number;
  factors: { lower: number; median: number; upper: number };
}

const COVERAGE = 0.95;
const LOW = LEVELS.indexOf(0.025);
const HIGH = LEVELS.indexOf(0.975);
const MEMORY_MS = 3.5 * 86_400_000;
/** Outcomes at least: of fewer, the one that is still unseen is too large a share, and the interval too wide. */
const SHORTEST_MEMORY = 250;
/** Outcomes before the tails are moved: fewer say nothing of a fortieth. */
const FEWEST = 160;

/**
 * Keeps the interval of one lead right in the long run, forecast by forecast: each tail's width times what its own
 * outcomes of the last days ask for (see calibration.ts). Feedback comes when the lead has passed.
 */
export function createTracker(lead: number) {
  const calibration: Calibration = newCalibration(COVERAGE);
  const pending: Issued[] = [];

  function settle(history: History): void {
    const { stepMs, values, startAt } = history;
    for (;;) {
      const issued = pending[0];
      if (!issued) return;
      const at = issued.asOf + (lead + 1) * stepMs;
      if (at > endOf(history)) return;
      pending.shift();
      const actual = values[Math.round((at - startAt) / stepMs)];
      if (actual === undefined || Number.isNaN(actual)) continue;
      const error = actual - issued.median;
      const residual = error / (error < 0 ? issued.down : issued.up);
      learn(calibration, residual, issued.factors, COVERAGE, Math.max(MEMORY_MS / stepMs, SHORTEST_MEMORY));
    }
  }

  /** The row of `lead`, its tails moved. Call once per origin, in order. */
  return (history: History, forecast: QuantileForecast): number[] => {
    settle(history);
    const row = forecast.at(lead)!;
    const median = row[MEDIAN]!;
    const smallest = 1e-6 * (1e-6 + Math.abs(median));
    const down = Math.max(median - row[LOW]!, smallest);
    const up = Math.max(row[HIGH]! - median, smallest);
    const found = spread(calibration);
    const known = calibration.count >= FEWEST;
    const factors = known
      ? { lower: Math.min(found.lower, -0.05), median: 0, upper: Math.max(found.upper, 0.05) }
      : { lower: -1, median: 0, upper: 1 };
    if (pending.at(-1)?.asOf !== forecast.asOf) {
      pending.push({ asOf: forecast.asOf, median, down, up, factors });
    }
    return row.map((value, i) => {
      const floored = i < MEDIAN && row[0]! >= 0 ? 0 : -Infinity;
      const width = i < MEDIAN ? -factors.lower * (median - value) : factors.upper * (value - median);
      return Math.max(Math.min(floored, median), i < MEDIAN ? median - width : median + width);
    });
  };
}
