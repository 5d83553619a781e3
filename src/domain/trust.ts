import type { DecideInput } from './decide.ts';
import type { ForecastDigest } from './forecast.ts';

/** How far a decision may go by its forecast. */
export interface Trust {
  /** Demand is no longer seen. */
  stale: boolean;
  /** Demand fell far below what was forecast of this moment: perhaps an outage's silence, not low demand. */
  dropped: boolean;
  /** It may raise and lower. Otherwise only observed demand raises. */
  usable: boolean;
  /** Nothing is let go. */
  holds: boolean;
  /** Since when demand has not been seen or has been lower than forecast, without a break; absent while all is well. */
  mistrustedSince?: number;
  /** What waiting is measured by: the forecast's `asOf`, and where that stands still the time at which it should be. */
  at: number;
}

/** Beyond the observation delay and two steps, a newest sample this old means that demand is no longer seen. */
const STALE_AFTER_MS = 5 * 60_000;
/** Demand below this part of what was expected at least is a drop that nobody forecast. */
const UNEXPECTED_BELOW = 0.8;
/**
 * So long at most nothing is let go: most gaps of a source and most outages are over by then, and what is held costs money.
 * After it what was seen last decides, as reaction alone would, and the primary's autoscaler, which sees load by itself.
 */
const HOLDS_AT_MOST_MS = 30 * 60_000;

export function trustIn(input: DecideInput): Trust {
  const { forecast, memory } = input;
  const now = input.now ?? forecast.issuedAt;
  const stale = isStale(input, now);
  const dropped = isUnexpectedDrop(forecast);
  const mistrustedSince = stale || dropped ? (memory.mistrustedSince ?? now) : undefined;
  return {
    stale,
    dropped,
    usable: !stale && forecast.quality !== 'cold',
    holds: mistrustedSince !== undefined && now - mistrustedSince < HOLDS_AT_MOST_MS,
    ...(mistrustedSince === undefined ? {} : { mistrustedSince }),
    at: stale ? now - delayOf(input) : forecast.asOf,
  };
}

/** What binds the decision through the forecast, for people; undefined where it may go all the way. */
export function mistrustOf(
  { quality }: ForecastDigest,
  { stale, dropped, holds }: Trust,
): string | undefined {
  if (stale && !holds) return 'stale forecast for too long: only what was observed last holds';
  if (stale) return 'stale forecast: nothing is let go, only observed demand raises';
  if (quality === 'cold') return 'cold forecast: only observed demand counts';
  return dropped && holds ? 'unexpected drop: nothing is let go' : undefined;
}

function isStale(input: DecideInput, now: number): boolean {
  const { forecast, spec } = input;
  return now - forecast.asOf > delayOf(input) + 2 * spec.demand.stepMs + STALE_AFTER_MS;
}

function delayOf({ forecast, spec }: DecideInput): number {
  return forecast.observationDelayMs ?? spec.demand.observationDelayMs;
}

function isUnexpectedDrop({ expected, observed, quality }: ForecastDigest): boolean {
  return quality !== 'cold' && expected !== undefined && observed < UNEXPECTED_BELOW * expected.lower;
}
