import type { Observed, Seen } from './changes.ts';
import { PLACES } from './changes.ts';

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
/** The same of the shape, before any of the kind was seen: its level, and its places about the level. */
const LEVEL_SPREAD = 0.5;
const PLACE_SPREAD = 0.5;
/** Before any was seen, so many of a kind did something and nothing. */
const PRIOR_HAPPENED = { yes: 0.4, no: 0.3 };
/** One event says no more than this, in log odds. */
const MOST_EVIDENCE = 5;
const ROUNDS = 6;

/**
 * From past events of one kind: expectation and maximisation over whether each did something, of a shape that starts
 * from the announcement.
 */
export function responseOf(seen: readonly Seen[], observed: Observed): Response {
  let response = newcomer();
  for (let round = 0; round < ROUNDS && seen.length > 0; round++) {
    const beliefs = seen.map((one) => beliefOf(one, response, observed));
    const yes = beliefs.reduce((sum, { happened }) => sum + happened, 0);
    response = {
      ...shapeOf(seen, beliefs, observed),
      happens: (yes + PRIOR_HAPPENED.yes) / (seen.length + PRIOR_HAPPENED.yes + PRIOR_HAPPENED.no),
    };
  }
  return response;
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
export function beliefOf({ event, changes, counts }: Seen, response: Response, { noise }: Observed): Belief {
  let product = 0;
  let squares = 0;
  let seen = 0;
  for (let place = 0; place < PLACES; place++) {
    if (!(counts[place]! > 0)) continue;
    const expected = event.size * response.shape[place]!;
    product += counts[place]! * changes[place]! * expected;
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
  return { happened: 1 / (1 + Math.exp(-odds)), amplitude: Math.max(0, 1 + weight * (own - 1)) };
}

function logDensity(error: number, variance: number): number {
  return -0.5 * (error ** 2 / variance + Math.log(variance));
}

/** The shape as a mean of what those did that did something, its level drawn to the announcement and its places to the level. */
function shapeOf(
  seen: readonly Seen[],
  beliefs: readonly Belief[],
  { noise, placeNoise }: Observed,
): Pick<Response, 'shape' | 'spread'> {
  const precision = (size: number, error: number) => 1 / (AMPLITUDE_SPREAD ** 2 + (error / size) ** 2);
  const totals = new Float64Array(PLACES);
  const weights = new Float64Array(PLACES);
  let levelTotal = 1 / LEVEL_SPREAD ** 2;
  let levelWeight = 1 / LEVEL_SPREAD ** 2;
  for (const [i, { event, changes, counts }] of seen.entries()) {
    const byPlace = beliefs[i]!.happened * precision(event.size, placeNoise);
    let total = 0;
    let count = 0;
    for (let place = 0; place < PLACES; place++) {
      if (!(counts[place]! > 0)) continue;
      totals[place]! += (byPlace * changes[place]!) / event.size;
      weights[place]! += byPlace;
      total += changes[place]! / event.size;
      count += 1;
    }
    if (count === 0) continue;
    const byLevel = beliefs[i]!.happened * precision(event.size, noise);
    levelTotal += (byLevel * total) / count;
    levelWeight += byLevel;
  }
  const level = levelTotal / levelWeight;
  const belief = 1 / PLACE_SPREAD ** 2;
  return {
    shape: totals.map((total, place) => (total + belief * level) / (weights[place]! + belief)),
    spread: Math.min(LEVEL_SPREAD, Math.sqrt(1 / levelWeight) / Math.max(0.2, Math.abs(level))),
  };
}
