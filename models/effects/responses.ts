import type { Placed, Seen } from './places.ts';
import { LEAST_RATIO, PLACES, placeOf } from './places.ts';
import type { Shape } from './shapes.ts';
import { AMPLITUDE_SPREAD, FIRST_SHAPE, FREEDOM, shapeOf } from './shapes.ts';

/** What events of one kind do when they do something, and how often that is. */
export interface Response extends Shape {
  /** Probability that an event does something. */
  happens: number;
}

/** What is believed of one event: the probability that it did something, and how strongly, as a multiple of the shape. */
export interface Belief {
  happened: number;
  amplitude: number;
}

/** How often events of a kind do something (never, mostly, nearly always), and how probable that is before any was seen. */
const RATES = [
  { happens: 0.02, probability: 0.35 },
  { happens: 0.85, probability: 0.35 },
  { happens: 0.98, probability: 0.3 },
];
/** One event says no more than this, in log odds. */
const MOST_EVIDENCE = 8;
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
  let response: Response = { ...FIRST_SHAPE, happens: happensOf([]) };
  for (let round = 0; round < ROUNDS && seen.length > 0; round++) {
    const found = seen.map((one) => findingOf(one, response));
    const happened = found.map(({ evidence }) => happenedBy(evidence, response));
    response = { ...shapeOf(seen, happened, response), happens: happensOf(found) };
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

/** The mean of RATES after what events said: each is as likely as the rate and what is left of it make what was seen. */
function happensOf(found: readonly Finding[]): number {
  const likely = RATES.map(({ happens, probability }) =>
    found.reduce((sum, { evidence }) => {
      const odds = Math.exp(evidence);
      return (sum * (happens * odds + 1 - happens)) / (odds + 1);
    }, probability),
  );
  const total = likely.reduce((sum, one) => sum + one, 0);
  return likely.reduce((sum, one, i) => sum + one * RATES[i]!.happens, 0) / total;
}

/** What an event's own course says of it, so far as it has been seen. */
export function beliefOf(seen: Seen, response: Response): Belief {
  const { evidence, amplitude } = findingOf(seen, response);
  return { happened: happenedBy(evidence, response), amplitude };
}

function happenedBy(evidence: number, { happens }: Response): number {
  return 1 / (1 + (1 / happens - 1) * Math.exp(-evidence));
}

interface Finding {
  /** That it did something, in log odds. */
  evidence: number;
  /** How strongly, should it have. */
  amplitude: number;
}

function findingOf({ event, totals, counts, noise }: Seen, { shape, spread }: Response): Finding {
  let product = 0;
  let squares = 0;
  let seen = 0;
  for (let place = 0; place < PLACES; place++) {
    if (!(counts[place]! > 0)) continue;
    const expected = Math.log(Math.max(LEAST_RATIO, 1 + event.size * shape[place]!));
    product += totals[place]! * expected;
    squares += counts[place]! * expected ** 2;
    seen += counts[place]!;
  }
  if (!(squares > 1e-12)) return { evidence: 0, amplitude: 1 };
  const own = product / squares;
  // Errors of neighbouring bins are alike: a part of an event says nearly as much as all of it.
  const share = Math.min(1, seen / Math.max(1, event.end - event.start));
  const error = noise ** 2 / (squares / seen) / Math.sqrt(Math.max(share, 0.05));
  const variance = spread ** 2 + AMPLITUDE_SPREAD ** 2;
  const evidence = logDensity(own - 1, error + variance) - logDensity(own, error);
  // What goes against the announcement, however far, is something else.
  const most = own < 0 ? 0 : MOST_EVIDENCE;
  const weight = variance / (variance + error);
  return {
    evidence: Math.min(most, Math.max(-MOST_EVIDENCE, evidence)),
    amplitude: Math.max(0, 1 + weight * (own - 1)),
  };
}

function logDensity(error: number, variance: number): number {
  return -0.5 * ((FREEDOM + 1) * Math.log1p(error ** 2 / (FREEDOM * variance)) + Math.log(variance));
}
