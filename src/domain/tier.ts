/** How ready an instance of a mirror is, from the readiest down. See docs/decisions/001-tiers-on-managed-groups.md. */
export const TIERS = ['full', 'warm', 'shadow'] as const;
export type Tier = (typeof TIERS)[number];

/** Whole instances per tier. */
export interface TierCounts {
  /** Running, healthy and in the load balancer. */
  full: number;
  /** Initialised, then suspended: memory kept, serves after a resume. */
  warm: number;
  /** Tested and pre-cached, then stopped: serves after a start and the application's initialisation. */
  shadow: number;
}

export const NO_INSTANCES: TierCounts = { full: 0, warm: 0, shadow: 0 };

/** How long an instance takes from command to serving traffic, 95th percentile, in ms. `cold` = not there yet. */
export interface TimesToServe {
  warmMs: number;
  shadowMs: number;
  coldMs: number;
}

export function totalInstances(counts: TierCounts): number {
  return counts.full + counts.warm + counts.shadow;
}

export function sumOf(counts: readonly TierCounts[]): TierCounts {
  return counts.reduce(
    (sum, { full, warm, shadow }) => ({
      full: sum.full + full,
      warm: sum.warm + warm,
      shadow: sum.shadow + shadow,
    }),
    NO_INSTANCES,
  );
}

export function sameCounts(a: TierCounts, b: TierCounts): boolean {
  return a.full === b.full && a.warm === b.warm && a.shadow === b.shadow;
}

/** "4 full, 2 warm", or "nothing". */
export function inWords(counts: TierCounts, separator = ', '): string {
  if (totalInstances(counts) === 0) return 'nothing';
  return TIERS.filter((tier) => counts[tier] > 0)
    .map((tier) => `${counts[tier]} ${tier}`)
    .join(separator);
}
