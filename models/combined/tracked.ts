import type { Calibration } from '../calibration.ts';
import { learn, newCalibration, spread } from '../calibration.ts';
import type { History } from '../forecaster.ts';
import { endOf } from '../forecaster.ts';
import type { QuantileForecast } from '../quantile-forecast.ts';
import { LEVELS, MEDIAN } from '../quantile-forecast.ts';

/** Half-widths that a forecast was issued with, widening included, for the outcome to be measured by. */
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
/** Misses throughout one lead widen by this much, as a logarithm. */
const WIDEN_PER_LEAD = 0.5;
/** How long a widening lasts (to 1/e). */
const CALM_MS = 86_400_000;
const WIDEST = Math.log(3);

/**
 * Keeps the interval of one lead right in the long run, forecast by forecast: each tail's width times what its own
 * outcomes of the last days ask for (see calibration.ts). That is slow on purpose, so both tails are widened besides by
 * the misses of the last day: quantile tracking (Angelopoulos, Candès and Tibshirani 2023) of the logarithm of the
 * width, drawn back to nought. Outcomes are measured in the widths so widened: misses that come together are spread out,
 * and the long run stays calibration.ts's. Feedback comes when the lead has passed.
 */
export function createTracker(lead: number) {
  const calibration: Calibration = newCalibration(COVERAGE);
  const pending: Issued[] = [];
  /** Logarithm of what both tails are wider by at present; below 0 after a day without a miss. */
  let widening = 0;

  function settle(history: History): void {
    const { stepMs, values, startAt } = history;
    for (;;) {
      const issued = pending[0];
      if (!issued) return;
      const at = issued.asOf + (lead + 1) * stepMs;
      if (at > endOf(history)) return;
      pending.shift();
      widening *= Math.exp(-stepMs / CALM_MS);
      const actual = values[Math.round((at - startAt) / stepMs)];
      if (actual === undefined || Number.isNaN(actual)) continue;
      const error = actual - issued.median;
      const residual = error / (error < 0 ? issued.down : issued.up);
      const missed = residual < issued.factors.lower || residual > issued.factors.upper;
      const excess = (missed ? 1 : 0) - (1 - COVERAGE);
      widening = Math.min(WIDEST, widening + (WIDEN_PER_LEAD / (lead + 1)) * excess);
      learn(calibration, residual, issued.factors, COVERAGE, Math.max(MEMORY_MS / stepMs, SHORTEST_MEMORY));
    }
  }

  /** The row of `lead`, its tails moved. Call once per origin, in order. */
  return (history: History, forecast: QuantileForecast): number[] => {
    settle(history);
    const row = forecast.at(lead)!;
    const median = row[MEDIAN]!;
    const smallest = 1e-6 * (1e-6 + Math.abs(median));
    const wider = Math.exp(widening);
    const down = wider * Math.max(median - row[LOW]!, smallest);
    const up = wider * Math.max(row[HIGH]! - median, smallest);
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
      const factor = wider * (i < MEDIAN ? -factors.lower : factors.upper);
      return Math.max(Math.min(floored, median), median + factor * (value - median));
    });
  };
}
