/**
 * How wrong the median path usually is at a time of day: its bias and its mean absolute error, in the demand's unit, both as
 * they are when errors are neither larger nor smaller than usual.
 * A daily crowd whose start jitters by minutes is smeared in the median; the profile puts back what the smearing took
 * and widens the interval there, instead of widening it all day.
 */
export interface ResidualProfile {
  bias: number[];
  spread: number[];
  /** Visits per cell, capped where they no longer matter. */
  visits: number[];
  /** Mean absolute error over all times. */
  overall: number;
  seen: number;
}

export interface LocalError {
  bias: number;
  /** 0 while too few errors have been seen to know: residuals in it would mean nothing. */
  scale: number;
}

const DAY_MS = 86_400_000;
export const CELL_MS = 5 * 60_000;
const CELLS = DAY_MS / CELL_MS;
/** A day's visits together move a cell by this much. */
const DAY_RATE = 0.3;
/** Visits' worth of the overall error that a cell starts with, in days. */
const PRIOR_DAYS = 1;
/** Errors that must have been seen before there is a scale: the first few may be small by chance. */
const FIRST_ERRORS = 30;
/** No cell is trusted to be quieter than this part of the overall error. */
const FLOOR = 0.3;

export function newProfile(): ResidualProfile {
  const zeros = () => Array.from({ length: CELLS }, () => 0);
  return { bias: zeros(), spread: zeros(), visits: zeros(), overall: 0, seen: 0 };
}

function cellOf(at: number): number {
  return Math.floor((((at % DAY_MS) + DAY_MS) % DAY_MS) / CELL_MS);
}

/** Usual error at the time of day of `at`. `visitsPerDay`: how often a cell is learnt from in a day. */
export function localError(profile: ResidualProfile, at: number, visitsPerDay: number): LocalError {
  const cell = cellOf(at);
  const prior = PRIOR_DAYS * visitsPerDay;
  let bias = 0;
  let scale = 0;
  for (const [shift, share] of [
    [-1, 0.25],
    [0, 0.5],
    [1, 0.25],
  ] as const) {
    const near = (cell + shift + CELLS) % CELLS;
    const trust = profile.visits[near]! / (profile.visits[near]! + prior);
    bias += share * trust * profile.bias[near]!;
    scale += share * (trust * profile.spread[near]! + (1 - trust) * profile.overall);
  }
  const known = profile.seen >= FIRST_ERRORS;
  return { bias, scale: known ? Math.max(scale, FLOOR * profile.overall) : 0 };
}

/**
 * One matured error (actual minus the uncorrected median) of the time of day of `at`.
 * @param volatility how large errors have been lately, against what is usual at their times of day: the spread is of errors
 *   divided by it, and where it is large, one error says less of the bias
 */
export function learnError(
  profile: ResidualProfile,
  at: number,
  error: number,
  visitsPerDay: number,
  volatility: number,
): void {
  const cell = cellOf(at);
  const visits = profile.visits[cell]!;
  const rate = Math.max(1 / (visits + 1), 1 - (1 - DAY_RATE) ** (1 / visitsPerDay));
  profile.bias[cell]! += (rate / Math.max(1, volatility)) * (error - profile.bias[cell]!);
  profile.spread[cell]! +=
    rate * (Math.abs(error - profile.bias[cell]!) / volatility - profile.spread[cell]!);
  profile.visits[cell] = Math.min(visits + 1, 1_000_000);
  profile.seen++;
  const overallRate = Math.max(1 / profile.seen, DAY_RATE / (CELLS * visitsPerDay));
  profile.overall += overallRate * (Math.abs(error) / volatility - profile.overall);
}
