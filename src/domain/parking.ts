import type { Levels } from './levels.ts';
import { nested } from './levels.ts';
import type { FleetState, Parked } from './plan.ts';
import { sumOf } from './tier.ts';

/**
 * After a spike its mirrors stay parked as warm for a while: suspended they cost a few percent of a running instance,
 * and the next spike, which nobody may have foreseen, finds them seconds away. Policy `cost` parks nothing: it weighs in
 * which tier each instance waits for the next call, and how long.
 */
export function withParked(levels: Levels, parked: Parked | undefined, asOf: number): Levels {
  if (!parked || parked.until <= asOf) return levels;
  return nested({ ...levels, fullAndWarm: Math.max(levels.fullAndWarm, parked.instances) });
}

/** What is parked after this decision: as many as were full at once within the last `parkingMs`. */
export function parkedAfter(
  parked: Parked | undefined,
  full: number,
  asOf: number,
  parkingMs: number,
): Parked | undefined {
  const before = parked && parked.until > asOf ? parked : undefined;
  if (full > 0 && full >= (before?.instances ?? 0)) return { instances: full, until: asOf + parkingMs };
  return before;
}

/**
 * Under policy `cost` so many are made full for each instance that the primary's autoscaler waits for. No instance shows
 * more than full load, so that the autoscaler asks for a step at a time, and demand may be far beyond.
 */
const PER_MISSING = 2;

/**
 * Full mirrors that bridge the gap until what the primary's autoscaler has asked for serves: it sees the load of this
 * minute, while samples are minutes old. On top of what is full now, since it sees the primary's share only; and no more
 * than rests at hand, since a new instance would come no sooner than the primary's own. A target at the primary's minimum is
 * what we asked for ahead of demand: the forecast's levels know when mirrors must bridge that. Policy `interval` has parked
 * warm ones for it, `cost` takes shadows too.
 */
export function bridgingLevel({ primary, mirrors }: FleetState, policy: 'interval' | 'cost'): number {
  const byLoad = primary.target > primary.minimum;
  const missing = byLoad ? Math.max(0, primary.target - primary.serving) : 0;
  const { full, warm, shadow } = sumOf(mirrors);
  if (missing === 0) return 0;
  return (
    full + (policy === 'cost' ? Math.min(PER_MISSING * missing, warm + shadow) : Math.min(missing, warm))
  );
}
