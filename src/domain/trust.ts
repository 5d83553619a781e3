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
}

/** Beyond the observation delay and two steps, a newest sample this old means that demand is no longer seen. */
const STALE_AFTER_MS = 5 * 60_000;
/** Demand below this part of what was expected at least is a drop that nobody forecast. */
const UNEXPECTED_BELOW = 0.8;

export function trustIn(input: DecideInput): Trust {
  const stale = isStale(input);
  const dropped = isUnexpectedDrop(input.forecast);
  return { stale, dropped, usable: !stale && input.forecast.quality !== 'cold', holds: stale || dropped };
}

/** What binds the decision through the forecast, for people; undefined where it may go all the way. */
export function mistrustOf({ quality }: ForecastDigest, { stale, dropped }: Trust): string | undefined {
  if (stale) return 'stale forecast: nothing is let go, only observed demand raises';
  if (quality === 'cold') return 'cold forecast: only observed demand counts';
  return dropped ? 'unexpected drop: nothing is let go' : undefined;
}

function isStale({ forecast, spec, now }: DecideInput): boolean {
  const { stepMs } = spec.demand;
  const { observationDelayMs = spec.demand.observationDelayMs } = forecast;
  return (now ?? forecast.issuedAt) - forecast.asOf > observationDelayMs + 2 * stepMs + STALE_AFTER_MS;
}

function isUnexpectedDrop({ expected, observed, quality }: ForecastDigest): boolean {
  return quality !== 'cold' && expected !== undefined && observed < UNEXPECTED_BELOW * expected.lower;
}
