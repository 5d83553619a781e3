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

/**
 * The counts that a limit of spend per hour allows: the readiest first, and what cannot be paid as full stays as warm
 * while that can be paid, then as shadow. Throws when limit and prices are in different currencies.
 */
export function affordable(counts: TierCounts, prices: Prices, limit: Money): TierCounts {
  if (prices.currency !== limit.currency) {
    throw new Error(
      `mirrors.limits.spendPerHour: ${limit.amount} ${limit.currency}, but prices are in ${prices.currency}: ` +
        `state the limit in ${prices.currency}, or set prices in ${limit.currency}`,
    );
  }
  let left = limit.amount;
  const buy = (wanted: number, price: number): number => {
    const bought = price > 0 ? Math.min(wanted, Math.max(0, Math.floor(left / price + 1e-9))) : wanted;
    left -= bought * price;
    return bought;
  };
  const full = buy(counts.full, prices.full);
  const warm = buy(counts.full - full + counts.warm, prices.warm);
  const shadow = buy(counts.full - full + counts.warm - warm + counts.shadow, prices.shadow);
  return { full, warm, shadow };
}
