import { regionOf } from './region.ts';
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
  /** What a zone or a region costs times these prices: `{ "europe-west3": 1.29 }`. A zone's own goes before its region's. */
  factors?: Record<string, number> | undefined;
}

/** What a zone costs times the prices; 1 where nothing is said. */
export function priceFactor(zone: string, { factors }: Prices): number {
  return factors?.[zone] ?? factors?.[regionOf(zone)] ?? 1;
}

/** What all three tiers cost where prices are so many times as high. */
export function pricesTimes(factor: number, prices: Prices): Prices {
  const { full, warm, shadow } = prices;
  return { ...prices, full: full * factor, warm: warm * factor, shadow: shadow * factor };
}

/** The prices of the dearest of these zones: who keeps a limit at them keeps it wherever instances are. */
export function dearestPrices(zones: readonly string[], prices: Prices): Prices {
  return pricesTimes(Math.max(...zones.map((zone) => priceFactor(zone, prices)), 0) || 1, prices);
}

/** Spend per hour of mirrors, each at its zone's price, in the prices' currency. */
export function mirrorSpendPerHour(
  mirrors: readonly (TierCounts & { zone: string })[],
  prices: Prices,
): number {
  return mirrors.reduce(
    (sum, mirror) => sum + spendPerHour(mirror, prices) * priceFactor(mirror.zone, prices),
    0,
  );
}

/** Spend per hour of the given instances at the prices as they are, in their currency. */
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
