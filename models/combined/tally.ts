import { LEVELS } from '../quantile-forecast.ts';
import type { Expert, Sketch } from './expert.ts';
import type { Places } from './places.ts';

/**
 * What experts have earned lately, per bucket and level, for weights by exponentiated gradients (Kivinen & Warmuth 1997):
 * an expert's weight falls exponentially with what leaning towards it would have added to the combination's pinball
 * loss, to first order. One set of weights a level, levels side by side sharing what they learn, is CRPS learning
 * (Berrisch & Ziel 2023).
 */
export interface Tally {
  /** Fading sums of what leaning towards an expert would have cost: a row of experts per bucket and level. */
  cost: Float64Array;
  /** Fading sum of the combination's own pinball losses per bucket, averaged over levels: the unit of cost. */
  loss: Float64Array;
  /** Matured scores per bucket, fading alike. */
  count: Float64Array;
}

/** How fast weights follow: a score whose cost equals the combination's usual loss takes off as much of the logarithm. */
const LEARNING_RATE = 0.3;
/** Beforehand, experts count by (best loss / own loss) to this power. */
const PRIOR_POWER = 6;
/** Levels so far apart share exp(-1) of what they learn. */
const REACH = 1.5;
/** Of the logarithm of a weight, either way: keeps it a number where the combination has hardly ever been wrong. */
const FURTHEST = 700;

/** Of the costs at every level, what each level goes by: rows of shares that sum to 1. */
const SHARED = LEVELS.map((_, level) => {
  const near = LEVELS.map((_, other) => Math.exp(-(((other - level) / REACH) ** 2)));
  const total = near.reduce((sum, share) => sum + share, 0);
  return near.map((share) => share / total);
});

export function newTally(places: Places, experts: number): Tally {
  return {
    cost: new Float64Array(places.bucketCount * LEVELS.length * experts),
    loss: new Float64Array(places.bucketCount),
    count: new Float64Array(places.bucketCount),
  };
}

/** Everything seen so far counts for less from here on. */
export function fade(tally: Tally, by: number): void {
  for (const sums of [tally.cost, tally.loss, tally.count]) {
    for (let i = 0; i < sums.length; i++) sums[i]! *= by;
  }
}

/**
 * Scores one row of every expert's sketch against the combination's; a bucket's rows together count as one score a forecast.
 * Experts are compared on the same rows: where one had too little history none is scored; one that never looks so far
 * (NaN) neither earns nor loses.
 */
export function score(
  tally: Tally,
  bucket: number,
  share: number,
  sketches: readonly (Sketch | undefined)[],
  combined: Sketch,
  row: number,
  actual: number,
): void {
  if (sketches.includes(undefined)) return;
  tally.count[bucket]! += share;
  for (const [i, level] of LEVELS.entries()) {
    const at = row * LEVELS.length + i;
    const slope = (actual < combined[at]! ? 1 : 0) - level;
    tally.loss[bucket]! += (share * slope * (combined[at]! - actual)) / LEVELS.length;
    const first = (bucket * LEVELS.length + i) * sketches.length;
    for (const [expert, sketch] of sketches.entries()) {
      const cost = share * slope * (sketch![at]! - combined[at]!);
      if (!Number.isNaN(cost)) tally.cost[first + expert]! += cost;
    }
  }
}

/** Weights of the experts in a bucket, level by level; those not heard there get none. Sum 1 where any is. */
export function weightsOf(
  tally: Tally,
  bucket: number,
  experts: readonly Expert[],
  heard: readonly boolean[],
): number[][] {
  const unit = tally.loss[bucket]! / tally.count[bucket]!;
  return SHARED.map((shares) => {
    const logs = experts.map(({ prior }, expert) => {
      if (!heard[expert]) return -Infinity;
      let cost = 0;
      for (const [level, share] of shares.entries()) {
        cost += share * tally.cost[(bucket * LEVELS.length + level) * experts.length + expert]!;
      }
      const earned = unit > 0 ? (LEARNING_RATE * cost) / unit : 0;
      return -PRIOR_POWER * Math.log(prior) - Math.min(FURTHEST, Math.max(-FURTHEST, earned));
    });
    return softmax(logs);
  });
}

/** Shares in proportion to the exponentials; none of them where nothing is finite. */
function softmax(logs: readonly number[]): number[] {
  const top = Math.max(...logs);
  if (top === -Infinity) return logs.map(() => 0);
  const raw = logs.map((log) => Math.exp(log - top));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}
