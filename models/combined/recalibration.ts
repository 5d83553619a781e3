import { LEVELS } from '../quantile-forecast.ts';
import { GAUSS } from '../mixture/spread.ts';

/**
 * Calibration of a whole fan per bucket, tail by tail: how often outcomes fell between its quantiles (the conformity
 * score is the probability integral transform: distributional conformal prediction, Chernozhukov et al. 2021), with
 * fading weights (NexCP, Barber et al. 2023) and the model's own claim as a prior. Guaranteed is nothing in a given
 * hour: a regime that differs from the last days is missed until it has been seen.
 */
export interface Recalibration {
  /** Fading weight of outcomes below the first level, between neighbours, and above the last. */
  cells: Float64Array;
  total: number;
  /** Outcomes' worth of belief in the fan as it is. */
  belief: number;
}

/** Nothing is moved by more than this many standard deviations. */
const FURTHEST = 1.5;

export function newRecalibration(belief: number): Recalibration {
  return { cells: new Float64Array(LEVELS.length + 1), total: 0, belief };
}

/** One outcome against the quantiles that were issued for it, before recalibration. */
export function observe(
  of: Recalibration,
  share: number,
  row: ArrayLike<number>,
  at: number,
  actual: number,
): void {
  let cell = 0;
  // A tie (counts, saturation) is shared by the cells that it touches.
  while (cell < LEVELS.length && actual > row[at + cell]!) cell += 1;
  let last = cell;
  while (last < LEVELS.length && actual >= row[at + last]!) last += 1;
  for (let i = cell; i <= last; i++) of.cells[i]! += share / (last - cell + 1);
  of.total += share;
}

export function fadeRecalibration(of: Recalibration, by: number): void {
  for (let i = 0; i < of.cells.length; i++) of.cells[i]! *= by;
  of.total *= by;
}

/** Places (in standard normal quantiles) at which the fan must be read so that LEVELS hold. */
export function placesToRead(of: Recalibration): number[] {
  const claimed = LEVELS.map((level, i) => level - (LEVELS[i - 1] ?? 0));
  const held: number[] = [];
  let below = 0;
  for (const [i, claim] of claimed.entries()) {
    below += of.cells[i]! + of.belief * claim;
    held.push(probit(below / (of.total + of.belief)));
  }
  return GAUSS.map((wanted) => {
    const place = lineThrough(held, GAUSS, wanted);
    return Math.min(wanted + FURTHEST, Math.max(wanted - FURTHEST, place));
  });
}

/** The fan's row read at those places: straight between its quantiles, and on beyond the outermost two. */
export function readAt(row: ArrayLike<number>, at: number, places: readonly number[]): number[] {
  const values = Array.from({ length: LEVELS.length }, (_, i) => row[at + i]!);
  return places.map((place) => lineThrough(GAUSS, values, place));
}

function lineThrough(xs: readonly number[], ys: readonly number[], x: number): number {
  let i = 1;
  while (i < xs.length - 1 && xs[i]! < x) i += 1;
  const width = xs[i]! - xs[i - 1]!;
  if (!(width > 1e-12)) return ys[i]!;
  return ys[i - 1]! + ((x - xs[i - 1]!) / width) * (ys[i]! - ys[i - 1]!);
}

/** Inverse of the standard normal distribution (Acklam's rational approximation, relative error 1e-9). */
function probit(p: number): number {
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(Math.max(p, 1e-12))));
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(Math.max(1 - p, 1e-12))));
  const q = p - 0.5;
  const r = q * q;
  const [a, b] = [
    [
      -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
      2.506628277459239,
    ],
    [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
  ];
  return (q * horner(a!, r)) / horner(b!, r);
}

function tail(q: number): number {
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  return horner(c, q) / horner(d, q);
}

function horner(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
