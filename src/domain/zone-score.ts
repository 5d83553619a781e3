import type { ZoneCapacity } from './plan.ts';

/** What a zone's score is the sum of: each from 0 to 1, 1 the best. */
export interface ScoreParts {
  /** 1 where a mirror is already: it grows rather than that a second one is begun. */
  holds: number;
  /** Quota left, over the instances that all mirrors together may ever be. */
  room: number;
  /** The same of reservations left, which are there when nothing else is. */
  reserved: number;
  /** 0 while the zone is dry, back at 1 so long after. */
  obtainability: number;
  /** What the round trip to the primary leaves of the latency objective; 0 where it is not known. */
  latency: number;
  /** The cheapest allowed zone's price over this one's. */
  price: number;
}

/** What the parts are worked out from. */
export interface ZoneFacts {
  capacity: Omit<ZoneCapacity, 'zone'>;
  holds: boolean;
  /** End of the zone's last back-off after a stock-out, ms since the epoch; may lie ahead. */
  dryUntil?: number | undefined;
  /** Price over the cheapest allowed zone's, 1 or more. */
  timesCheapest: number;
}

/** A zone that had none to give is trusted wholly again this long after its back-off. */
export const STOCK_OUT_MEMORY_MS = 2 * 3_600_000;

/**
 * @param most instances that all mirrors together may ever be
 * @param latencyObjectiveMs of the application
 */
export function scoreParts(
  { capacity, holds, dryUntil = -Infinity, timesCheapest }: ZoneFacts,
  most: number,
  latencyObjectiveMs: number,
  asOf: number,
): ScoreParts {
  const { quotaLeft, reservedLeft = 0, latencyMs } = capacity;
  const ofMost = (instances: number) => share(instances / Math.max(1, most));
  return {
    holds: holds ? 1 : 0,
    room: ofMost(quotaLeft),
    reserved: ofMost(reservedLeft),
    obtainability: share((asOf - dryUntil) / STOCK_OUT_MEMORY_MS),
    latency: latencyMs === undefined ? 0 : share(1 - latencyMs / latencyObjectiveMs),
    price: share(1 / timesCheapest),
  };
}

/** Their sum, to three decimals. */
export function scoreOf(parts: ScoreParts): number {
  return share3(Object.values(parts).reduce((sum: number, part: number) => sum + part, 0));
}

function share(value: number): number {
  return share3(Math.min(1, Math.max(0, value)));
}

function share3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
