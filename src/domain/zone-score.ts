import type { ZoneCapacity } from './plan.ts';

/**
 * What a zone's score is the sum of. One unit for all: the price of an instance-hour in the cheapest allowed zone, so that a zone
 * that is dearer by less than its other merits are worth is still the better one.
 */
export interface ScoreParts {
  /** Where a mirror is already, it grows rather than that a second one is begun. */
  holds: number;
  /** Quota left, over the instances that all mirrors together may ever be. */
  room: number;
  /** The same of reservations left, which are there when nothing else is, and paid already. */
  reserved: number;
  /** None while the zone is dry, all of it so long after. */
  obtainability: number;
  /** What the round trip to the primary leaves of the latency objective; none where it is not known. */
  latency: number;
  /** 1 in the cheapest allowed zone, less by what an hour costs more: 0 at twice its price, below 0 beyond. */
  price: number;
}

/**
 * What each merit is worth where it is had whole, in prices of an instance-hour: so much dearer may the zone be that has it. The
 * one place in which price is weighed against the rest. Chosen, not measured: a stock-out costs a start that is late by
 * minutes, about as much as an instance-hour; a second zone costs hardly more than its group, and quota is no scarcity yet.
 */
export const WORTH: Omit<ScoreParts, 'price'> = {
  holds: 0.25,
  room: 0.25,
  reserved: 1,
  obtainability: 1,
  latency: 1,
};

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
  const merits = {
    holds: holds ? 1 : 0,
    room: ofMost(quotaLeft),
    reserved: ofMost(reservedLeft),
    obtainability: share((asOf - dryUntil) / STOCK_OUT_MEMORY_MS),
    latency: latencyMs === undefined ? 0 : share(1 - latencyMs / latencyObjectiveMs),
  };
  return {
    holds: rounded(WORTH.holds * merits.holds),
    room: rounded(WORTH.room * merits.room),
    reserved: rounded(WORTH.reserved * merits.reserved),
    obtainability: rounded(WORTH.obtainability * merits.obtainability),
    latency: rounded(WORTH.latency * merits.latency),
    price: rounded(2 - timesCheapest),
  };
}

/** Their sum, to three decimals. */
export function scoreOf(parts: ScoreParts): number {
  return rounded(Object.values(parts).reduce((sum: number, part: number) => sum + part, 0));
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** To three decimals: figures for people, kept in histories. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
