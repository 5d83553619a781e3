import type { TierCounts } from './tier.ts';

export interface Money {
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** Price of one instance-hour per tier, and where the figures come from. Configuration, never constants. */
export interface Prices {
  full: number;
  warm: number;
  shadow: number;
  currency: string;
  source: string;
}

/** Spend per hour of the given instances, in the prices' currency. */
export function spendPerHour(counts: TierCounts, prices: Prices): number {
  return counts.full * prices.full + counts.warm * prices.warm + counts.shadow * prices.shadow;
}
