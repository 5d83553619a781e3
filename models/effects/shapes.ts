import type { Seen } from './places.ts';
import { PLACES } from './places.ts';

/** What events of one kind do when they do something. */
export interface Shape {
  /** Change per announced size, by place (see `placeOf`). */
  shape: Float64Array;
  /** Standard deviation of an event's change about the shape, as a share of it. */
  spread: number;
}

/** An event does as much as is announced, give or take. */
export const AMPLITUDE_SPREAD = 0.12;
/** The same of the shape, before any of the kind was seen: its level, its places about the level, and neighbouring places. */
const LEVEL_SPREAD = 0.5;
const PLACE_SPREAD = 0.5;
const STEP_SPREAD = 0.2;
/** Degrees of freedom of the Student distribution that errors have: what few of them say in the extreme counts little. */
export const FREEDOM = 3;
/** Before any was seen, events do as announced, and fade to half of it along the last of their places. */
const FADING_PLACES = 6;
const ANNOUNCED = Float64Array.from({ length: PLACES }, (_, place) => {
  return 1 - 0.5 * Math.max(0, 1 - (PLACES - place - 0.5) / FADING_PLACES);
});
export const FIRST_SHAPE: Shape = { shape: ANNOUNCED, spread: LEVEL_SPREAD };

/**
 * The shape as a mean of what those did that did something: its level drawn to the announcement, its places to the level
 * and to each other. What differs much from the shape `before` counts little.
 */
export function shapeOf(seen: readonly Seen[], happened: readonly number[], before: Shape): Shape {
  const totals = new Float64Array(PLACES);
  const weights = new Float64Array(PLACES);
  const levelBefore = meanOf(before.shape);
  let levelTotal = meanOf(ANNOUNCED) / LEVEL_SPREAD ** 2;
  let levelWeight = 1 / LEVEL_SPREAD ** 2;
  for (const [i, { event, totals: changes, counts, noise, placeNoise }] of seen.entries()) {
    const shares = changes.map((change, place) => Math.expm1(change / counts[place]!) / event.size);
    for (const [place, share] of shares.entries()) {
      if (!(counts[place]! > 0)) continue;
      const weight = happened[i]! * precisionOf(share - before.shape[place]!, placeNoise / event.size);
      totals[place]! += weight * share;
      weights[place]! += weight;
    }
    const known = shares.filter((_, place) => counts[place]! > 0);
    if (known.length === 0) continue;
    const level = meanOf(known);
    const weight = happened[i]! * precisionOf(level - levelBefore, noise / event.size);
    levelTotal += weight * level;
    levelWeight += weight;
  }
  const level = levelTotal / levelWeight;
  return {
    shape: smoothed(totals, weights, level),
    spread: Math.min(LEVEL_SPREAD, Math.sqrt(1 / levelWeight) / Math.max(0.2, Math.abs(level))),
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Weight of an observation with Student errors (Lange, Little and Taylor 1989). */
function precisionOf(residual: number, error: number): number {
  return (FREEDOM + 1) / (FREEDOM * (AMPLITUDE_SPREAD ** 2 + error ** 2) + residual ** 2);
}

/** Least squares of each place from what was seen there, from the level and from its neighbours: a tridiagonal system. */
function smoothed(totals: Float64Array, weights: Float64Array, level: number): Float64Array {
  const pull = 1 / PLACE_SPREAD ** 2;
  const tie = 1 / STEP_SPREAD ** 2;
  const last = totals.length - 1;
  const diagonal = weights.map((weight, place) => weight + pull + (place > 0 && place < last ? 2 : 1) * tie);
  const first = meanOf(ANNOUNCED);
  const shape = totals.map((total, place) => total + (pull * level * ANNOUNCED[place]!) / first);
  for (let place = 1; place <= last; place++) {
    const factor = tie / diagonal[place - 1]!;
    diagonal[place]! -= factor * tie;
    shape[place]! += factor * shape[place - 1]!;
  }
  for (let place = last; place >= 0; place--) {
    shape[place] = (shape[place]! + (place < last ? tie * shape[place + 1]! : 0)) / diagonal[place]!;
  }
  return shape;
}
