import type { Prices } from './cost.ts';
import { mirrorSpendPerHour } from './cost.ts';
import type { Decision, FleetState, ZoneCapacity } from './plan.ts';
import { totalInstances } from './tier.ts';

/** What a decision would change, and what that takes of quota and money. */
export interface Effect {
  zones: {
    zone: string;
    /** New instances: what is there already is promoted or demoted without any. */
    starts: number;
    /** Instances that go. */
    stops: number;
    quotaLeft: { now: number; after: number };
  }[];
  /** `before` we first raised it, which is what it falls back to; what it is `now`; and what would be set. */
  primaryMinimum: { before: number; now: number; after: number };
  /** Of mirrors, in the prices' currency. */
  spendPerHour: { now: number; after: number; currency: string; source: string };
}

/** A decision on what is now, not carried out. */
export interface Preview {
  decision: Decision;
  effect: Effect;
}

export function effectOf(
  { plan }: Decision,
  fleet: FleetState,
  capacity: readonly ZoneCapacity[],
  prices: Prices,
  primaryMinimumBefore = fleet.primary.minimum,
): Effect {
  const none = { full: 0, warm: 0, shadow: 0 };
  const zones = [...new Set([...capacity, ...fleet.mirrors, ...plan.mirrors].map(({ zone }) => zone))].sort();
  return {
    zones: zones.map((zone) => {
      const held = totalInstances(fleet.mirrors.find((mirror) => mirror.zone === zone) ?? none);
      const planned = totalInstances(plan.mirrors.find((mirror) => mirror.zone === zone) ?? none);
      const now = capacity.find((entry) => entry.zone === zone)?.quotaLeft ?? 0;
      const starts = Math.max(0, planned - held);
      const stops = Math.max(0, held - planned);
      return { zone, starts, stops, quotaLeft: { now, after: now - starts + stops } };
    }),
    primaryMinimum: { before: primaryMinimumBefore, now: fleet.primary.minimum, after: plan.primaryMinimum },
    spendPerHour: {
      now: mirrorSpendPerHour(fleet.mirrors, prices),
      after: mirrorSpendPerHour(plan.mirrors, prices),
      currency: prices.currency,
      source: prices.source,
    },
  };
}
