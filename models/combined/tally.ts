import { LEVELS, pinball } from '../quantile-forecast.ts';
import type { Expert, Sketch } from './expert.ts';
import type { Places } from './places.ts';

/** How each expert has done lately, per bucket: fading sums of pinball losses. */
export interface Tally {
  /** A row of experts per bucket. */
  loss: Float64Array;
  /** Matured scores per bucket, fading alike. */
  count: Float64Array;
}

/** The better an expert, the more it counts: (least loss / own loss) to this power. */
const POWER = 6;
/** Scores' worth of belief in the prior ratios of losses. */
const PRIOR_SCORES = 12;

export function newTally(places: Places, experts: number): Tally {
  return {
    loss: new Float64Array(places.bucketCount * experts),
    count: new Float64Array(places.bucketCount),
  };
}

/** Everything seen so far counts for less from here on. */
export function fade(tally: Tally, by: number): void {
  for (let i = 0; i < tally.loss.length; i++) tally.loss[i]! *= by;
  for (let i = 0; i < tally.count.length; i++) tally.count[i]! *= by;
}

/**
 * Scores one row of every expert's sketch; a bucket's rows together count as one score a forecast. Experts are compared on
 * the same rows: where one had too little history none is scored; one that never looks so far (NaN) is left out.
 */
export function score(
  tally: Tally,
  bucket: number,
  share: number,
  sketches: readonly (Sketch | undefined)[],
  row: number,
  actual: number,
): void {
  const at = row * LEVELS.length;
  if (sketches.includes(undefined)) return;
  tally.count[bucket]! += share;
  for (const [i, sketch] of sketches.entries()) {
    if (Number.isNaN(sketch![at])) continue;
    tally.loss[bucket * sketches.length + i]! += share * pinball(sketch!, actual, at);
  }
}

/** Weights of the experts in a bucket; those with no forecast there get none. Sum 1 where any has one. */
export function weightsOf(
  tally: Tally,
  bucket: number,
  experts: readonly Expert[],
  has: (expert: number) => boolean,
): number[] {
  const count = tally.count[bucket]!;
  const losses = experts.map((_, i) => tally.loss[bucket * experts.length + i]!);
  // The prior speaks in ratios: scaled by what the experts lost on average, each against its own prior.
  const heard = experts.map((_, i) => i).filter(has);
  const usual = heard.reduce((sum, i) => sum + losses[i]! / experts[i]!.prior, 0) / heard.length;
  const unit = count > 0 ? usual / count : 1;
  const expected = experts.map(
    ({ prior }, i) => (losses[i]! + PRIOR_SCORES * prior * unit) / (count + PRIOR_SCORES),
  );
  const raw = expected.map((loss, i) => (has(i) ? Math.max(loss, 1e-300) ** -1 : 0));
  const best = Math.max(...raw);
  if (!(best > 0)) return raw.map((_, i) => (has(i) ? 1 : 0));
  const powered = raw.map((inverse) => (inverse / best) ** POWER);
  const total = powered.reduce((sum, weight) => sum + weight, 0);
  return powered.map((weight) => weight / total);
}
