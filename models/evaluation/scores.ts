import { HIGH, LEVELS, LOW, MEDIAN } from '../quantile-forecast.ts';

/** What was said of one step (quantiles at LEVELS) and what happened. */
export interface Outcome {
  quantiles: readonly number[];
  actual: number;
}

/** How a forecaster did over many outcomes; lower is better but for `coverage`. */
export interface Scores {
  /** Mean absolute error of the median, in mean changes from one day to the next. Undefined where nothing changes. */
  mase?: number;
  /** Mean of 200 |error| / (|actual| + |median|), %. */
  smape: number;
  /** Continuous ranked probability score as the mean weighted quantile loss: twice the mean pinball loss over 0.1 … 0.9, over the mean |actual|. */
  crps?: number;
  /** Share of outcomes within the 95% interval. */
  coverage: number;
  /** Mean interval score of the 95% interval (Gneiting and Raftery 2007), in the same changes as `mase`: MSIS. */
  msis?: number;
}

const ALPHA = 0.05;
const INNER = LEVELS.map((level, i) => ({ level, i })).filter(({ level }) => level > 0.09 && level < 0.91);

/** Scores of outcomes; `change` is the mean absolute difference from one day to the next. */
export function scoresOf(outcomes: readonly Outcome[], change: number): Scores {
  const mean = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0) / outcomes.length;
  const size = mean(({ actual }) => Math.abs(actual));
  return {
    ...(change > 0 && { mase: mean(absoluteError) / change, msis: mean(intervalScore) / change }),
    ...(size > 0 && { crps: (2 * mean(innerPinball)) / size }),
    smape: mean(symmetricError),
    coverage: mean(isCovered),
  };
}

function absoluteError({ quantiles, actual }: Outcome): number {
  return Math.abs(actual - quantiles[MEDIAN]!);
}

function isCovered({ quantiles, actual }: Outcome): number {
  return actual >= quantiles[LOW]! && actual <= quantiles[HIGH]! ? 1 : 0;
}

function symmetricError({ quantiles, actual }: Outcome): number {
  const median = quantiles[MEDIAN]!;
  const size = Math.abs(actual) + Math.abs(median);
  return size > 0 ? (200 * Math.abs(actual - median)) / size : 0;
}

function innerPinball({ quantiles, actual }: Outcome): number {
  const loss = (level: number, error: number) => Math.max(level * error, (level - 1) * error);
  return INNER.reduce((sum, { level, i }) => sum + loss(level, actual - quantiles[i]!), 0) / INNER.length;
}

function intervalScore({ quantiles, actual }: Outcome): number {
  const low = quantiles[LOW]!;
  const high = quantiles[HIGH]!;
  return high - low + (2 / ALPHA) * (Math.max(0, low - actual) + Math.max(0, actual - high));
}
