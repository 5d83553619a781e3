import type { Changes, Placed } from './places.ts';
import { LEAST_RATIO, PLACES, placeOf } from './places.ts';

/** What a past or running event did. */
export interface Seen extends Changes {
  event: Placed;
  /** Usual size of the mean change over a window as long as the event, should it do nothing. */
  noise: number;
  /** The same of single places. */
  placeNoise: number;
}

/** What events of one kind do when they do something, and how often that is. */
export interface Response {
  /** Change per announced size, by place (see `placeOf`). */
  shape: Float64Array;
  /** Standard deviation of an event's change about the shape, as a share of it. */
  spread: number;
  /** Probability that an event does something. */
  happens: number;
}

/** What is believed of one event: the probability that it did something, and how strongly, as a multiple of the shape. */
export interface Belief {
  happened: number;
  amplitude: number;
}

/** An event does as much as is announced, give or take. */
const AMPLITUDE_SPREAD = 0.12;
/** The same of the shape, before any of the kind was seen: its level, its places about the level, and neighbouring places. */
const LEVEL_SPREAD = 0.5;
const PLACE_SPREAD = 0.5;
const STEP_SPREAD = 0.2;
/** Degrees of freedom of the Student distribution that errors have: what few of them say in the extreme counts little. */
const FREEDOM = 3;
/** Before any was seen, so many of a kind did something and nothing. */
const PRIOR_HAPPENED = { yes: 0.4, no: 0.3 };
/** One event says no more than this, in log odds. */
const MOST_EVIDENCE = 5;
const ROUNDS = 6;
/** Past events of a kind that are looked at. */
export const LATEST = 24;
/** An event multiplies usual demand by no more than this. */
const MOST_FACTOR = 20;

/**
 * From past events of one kind: expectation and maximisation over whether each did something, of a shape that starts
 * from the announcement.
 */
export function responseOf(past: readonly Seen[]): Response {
  const seen = past.slice(-LATEST);
  let response = newcomer();
  for (let round = 0; round < ROUNDS && seen.length > 0; round++) {
    const happened = seen.map((one) => beliefOf(one, response).happened);
    const yes = happened.reduce((sum, one) => sum + one, 0);
    response = {
      ...shapeOf(seen, happened, response),
      happens: (yes + PRIOR_HAPPENED.yes) / (seen.length + PRIOR_HAPPENED.yes + PRIOR_HAPPENED.no),
    };
  }
  return response;
}

/** What usual demand is multiplied by in a bin of the event; 1 outside of it. */
export function factorOf(
  event: Placed,
  response: Response,
  amplitude: number,
  bin: number,
  stepMs: number,
): number {
  if (bin < event.start || bin >= event.end) return 1;
  const factor = 1 + event.size * amplitude * response.shape[placeOf(bin, event, stepMs)]!;
  return Math.min(MOST_FACTOR, Math.max(0, factor));
}

function newcomer(): Response {
  const { yes, no } = PRIOR_HAPPENED;
  return {
    shape: new Float64Array(PLACES).fill(1),
    spread: LEVEL_SPREAD,
    happens: yes / (yes + no),
  };
}

/** What an event's own course says of it, so far as it has been seen. */
export function beliefOf({ event, totals, counts, noise }: Seen, response: Response): Belief {
  let product = 0;
  let squares = 0;
  let seen = 0;
  for (let place = 0; place < PLACES; place++) {
    if (!(counts[place]! > 0)) continue;
    const expected = Math.log(Math.max(LEAST_RATIO, 1 + event.size * response.shape[place]!));
    product += totals[place]! * expected;
    squares += counts[place]! * expected ** 2;
    seen += counts[place]!;
  }
  const { happens, spread } = response;
  if (!(squares > 1e-12)) return { happened: happens, amplitude: 1 };
  const own = product / squares;
  // Errors of neighbouring bins are alike: a part of an event says nearly as much as all of it.
  const share = Math.min(1, seen / Math.max(1, event.end - event.start));
  const error = noise ** 2 / (squares / seen) / Math.sqrt(Math.max(share, 0.05));
  const variance = spread ** 2 + AMPLITUDE_SPREAD ** 2;
  const evidence = logDensity(own - 1, error + variance) - logDensity(own, error);
  const odds =
    Math.log(happens / (1 - happens)) + Math.min(MOST_EVIDENCE, Math.max(-MOST_EVIDENCE, evidence));
  const weight = variance / (variance + error);
  return {
    happened: 1 / (1 + Math.exp(-odds)),
    amplitude: Math.max(0, 1 + weight * (own - 1)),
  };
}

function logDensity(error: number, variance: number): number {
  return -0.5 * ((FREEDOM + 1) * Math.log1p(error ** 2 / (FREEDOM * variance)) + Math.log(variance));
}

/**
 * The shape as a mean of what those did that did something: its level drawn to the announcement, its places to the level
 * and to each other. What differs much from the shape `before` counts little.
 */
function shapeOf(
  seen: readonly Seen[],
  happened: readonly number[],
  before: Response,
): Pick<Response, 'shape' | 'spread'> {
  const totals = new Float64Array(PLACES);
  const weights = new Float64Array(PLACES);
  const levelBefore = meanOf(before.shape);
  let levelTotal = 1 / LEVEL_SPREAD ** 2;
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
  const shape = totals.map((total) => total + pull * level);
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
