import { bucketOf } from '../combined/places.ts';
import type { Known } from './candidates.ts';

/** What the candidates said at earlier origins (the newest first), for the same leads. */
export interface Backtest {
  known: Known;
  origins: readonly number[];
  leads: readonly number[];
  past: readonly Float64Array[];
  stepMs: number;
}

/** Weight of an origin against the next newer one. */
export const ORIGIN_FADES = 0.955;
/** The better a candidate, the more it counts: (least error / own error) to this power. */
const POWER = 9;

/** Weights of the candidates: a row per bucket of leads. */
export function weightsByBacktest(backtest: Backtest): Float64Array[] {
  const { known, leads, past, stepMs } = backtest;
  const count = past[0]!.length / leads.length;
  const tiny = 1e-9 * (1e-3 + meanSize(known.values));
  const weights: Float64Array[] = [];
  for (const [from, to] of bucketsOf(leads, stepMs)) {
    const errors = new Float64Array(count).fill(tiny);
    const matured = addErrors(errors, backtest, from, to);
    // Nothing has matured at these leads yet: what was best nearer by serves.
    const own = matured ? shares(errors) : (weights.findLast(Boolean) ?? errors.fill(1 / count));
    weights[bucketOf(leads[from]!, stepMs)] = own;
  }
  return weights;
}

/** Adds every candidate's absolute errors at leads[from..to); whether there were any. */
function addErrors(errors: Float64Array, backtest: Backtest, from: number, to: number): boolean {
  const { known, origins, leads, past } = backtest;
  let any = false;
  for (const [back, origin] of origins.entries()) {
    const fade = ORIGIN_FADES ** back;
    const rows = past[back]!;
    for (let i = from; i < to; i++) {
      const actual = known.values[origin + leads[i]!];
      if (actual === undefined) break;
      any = true;
      for (let candidate = 0; candidate < errors.length; candidate++) {
        const forecast = rows[candidate * leads.length + i]!;
        errors[candidate]! += Number.isNaN(forecast) ? Infinity : fade * Math.abs(forecast - actual);
      }
    }
  }
  return any;
}

function shares(errors: Float64Array): Float64Array {
  const least = errors.reduce((low, error) => Math.min(low, error), Infinity);
  const raw = errors.map((error) => (Number.isFinite(error) ? (least / error) ** POWER : 0));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}

/** Index ranges of leads that are judged together. */
export function bucketsOf(leads: readonly number[], stepMs: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (let from = 0; from < leads.length;) {
    const bucket = bucketOf(leads[from]!, stepMs);
    let to = from;
    while (to < leads.length && bucketOf(leads[to]!, stepMs) === bucket) to += 1;
    ranges.push([from, to]);
    from = to;
  }
  return ranges;
}

/** The mixture's path: per lead the weighted mean of the candidates. */
export function mixedAt(
  candidates: Float64Array,
  weights: readonly Float64Array[],
  leads: readonly number[],
  stepMs: number,
): Float64Array {
  return Float64Array.from(leads, (lead, i) => {
    const own = weights[bucketOf(lead, stepMs)] ?? weights.at(-1)!;
    let total = 0;
    for (let candidate = 0; candidate < own.length; candidate++) {
      const weight = own[candidate]!;
      if (weight > 0) total += weight * candidates[candidate * leads.length + i]!;
    }
    return total;
  });
}

function meanSize(values: Float64Array): number {
  return values.reduce((total, value) => total + Math.abs(value), 0) / Math.max(1, values.length);
}
