import { affordable, dearestPrices } from './cost.ts';
import type { DecideInput } from './decide.ts';
import { levelsOf } from './levels.ts';
import type { TierCounts } from './tier.ts';
import { sumOf, totalInstances } from './tier.ts';

/** Forced counts on top of what the levels ask for, tier by tier. */
export function withForced(counts: TierCounts, forced: Record<string, TierCounts>): TierCounts {
  const least = sumOf(Object.values(forced));
  const levels = levelsOf(counts);
  const full = Math.max(counts.full, least.full);
  const warm = Math.max(levels.fullAndWarm - full, least.warm);
  return { full, warm, shadow: Math.max(levels.fullWarmAndShadow - full - warm, least.shadow) };
}

/** The readiest first, up to the caps of instances and of spend. */
export function withinCaps(asked: TierCounts, { spec, prices }: DecideInput, bindings: string[]): TierCounts {
  const { instances, spendPerHour: spend } = spec.mirrors.limits;
  const full = Math.min(asked.full, instances);
  const warm = Math.min(asked.warm, instances - full);
  const shadow = Math.min(asked.shadow, instances - full - warm);
  const counted = { full, warm, shadow };
  if (totalInstances(counted) < totalInstances(asked)) bindings.push(`limit: ${instances} instances`);
  const paid = affordable(counted, dearestPrices(spec.mirrors.zones, prices), spend);
  if (paid.full < full || paid.warm < warm || paid.shadow < shadow) {
    bindings.push(`limit: ${spend.amount} ${spend.currency} an hour`);
  }
  return paid;
}
