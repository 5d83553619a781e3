import type { ForecastDigest } from './forecast.ts';
import type { FleetState } from './plan.ts';
import type { TierCounts } from './tier.ts';

/** Mirror instances that must be at least so ready. Nested: each level holds the ones before it. */
export interface Levels {
  full: number;
  fullAndWarm: number;
  fullWarmAndShadow: number;
}

/** Demand that the `interval` policy wants covered at each level, in the demand's unit. */
export interface Protected {
  full: number;
  warm: number;
  shadow: number;
}

/** The original concept: full on what is near certain, warm on what is likely, shadow on what is possible. */
export function protectedDemand({ full, warm, shadow }: ForecastDigest['windows']): Protected {
  return { full: full.lower, warm: warm.median, shadow: shadow.upper };
}

/** Primary instances that serve now, and those that will within a slower tier's time to serve. */
export function primaryCapacity(fleet: FleetState): { ready: number; coming: number } {
  const { serving, target } = fleet.primary;
  // An instance above the target is on its way out; one below it is on its way in.
  return { ready: Math.min(serving, target), coming: target };
}

/** Instances that serve now, the primary's and mirrors'. */
export function servingOf({ primary, mirrors }: FleetState): number {
  return mirrors.reduce((sum, mirror) => sum + mirror.serving, primary.serving);
}

/** What an instance is trusted with, as a factor: below 1 keeps a reserve, above it makes nobody carry more. */
export function carriedBy(thresholdFactor: number): number {
  return Math.min(1, thresholdFactor);
}

/**
 * Mirror instances that each level asks for by the `interval` policy. The primary counts first; a level asks for something only once its demand
 * passes the threshold, what the primary carries times `thresholdFactor`, and then for all that the primary can't carry.
 * A factor above 1 leaves the primary's own autoscaler what is noise or slow growth to it; one below 1 keeps a reserve.
 */
export function predictedLevels(
  demand: Protected,
  fleet: FleetState,
  perInstance: number,
  thresholdFactor: number,
): Levels {
  const { ready, coming } = primaryCapacity(fleet);
  const beyond = (level: number, instances: number) =>
    passes(level, instances, perInstance, thresholdFactor)
      ? Math.max(0, instancesFor(level, perInstance, thresholdFactor) - instances)
      : 0;
  return nested({
    full: beyond(demand.full, ready),
    fullAndWarm: beyond(demand.warm, coming),
    fullWarmAndShadow: beyond(demand.shadow, coming),
  });
}

/** Whether a demand passes the threshold of so many instances. */
export function passes(
  demand: number,
  instances: number,
  perInstance: number,
  thresholdFactor: number,
): boolean {
  return demand > instances * perInstance * thresholdFactor;
}

/** Instances that carry a demand, with the reserve that a factor below 1 keeps. */
export function instancesFor(demand: number, perInstance: number, thresholdFactor: number): number {
  return roundUp(demand / (perInstance * carriedBy(thresholdFactor)));
}

/** Mirror instances that reaction alone would ask for: observed demand beyond what the primary serves. */
export function reactiveLevel(observed: number, fleet: FleetState, perInstance: number): number {
  return Math.max(0, roundUp(observed / perInstance) - primaryCapacity(fleet).ready);
}

/** Rounds up, forgiving what floating point adds to a whole number. */
function roundUp(value: number): number {
  return Math.ceil(value - 1e-9);
}

export function nested(levels: Levels): Levels {
  const fullAndWarm = Math.max(levels.full, levels.fullAndWarm);
  return {
    full: levels.full,
    fullAndWarm,
    fullWarmAndShadow: Math.max(fullAndWarm, levels.fullWarmAndShadow),
  };
}

export function highest(a: Levels, b: Levels): Levels {
  return nested({
    full: Math.max(a.full, b.full),
    fullAndWarm: Math.max(a.fullAndWarm, b.fullAndWarm),
    fullWarmAndShadow: Math.max(a.fullWarmAndShadow, b.fullWarmAndShadow),
  });
}

export function lowest(a: Levels, b: Levels): Levels {
  return {
    full: Math.min(a.full, b.full),
    fullAndWarm: Math.min(a.fullAndWarm, b.fullAndWarm),
    fullWarmAndShadow: Math.min(a.fullWarmAndShadow, b.fullWarmAndShadow),
  };
}

export function levelsOf(counts: TierCounts): Levels {
  return {
    full: counts.full,
    fullAndWarm: counts.full + counts.warm,
    fullWarmAndShadow: counts.full + counts.warm + counts.shadow,
  };
}

export function countsOf(levels: Levels): TierCounts {
  return {
    full: levels.full,
    warm: levels.fullAndWarm - levels.full,
    shadow: levels.fullWarmAndShadow - levels.fullAndWarm,
  };
}

export function sameLevels(a: Levels, b: Levels): boolean {
  return a.full === b.full && a.fullAndWarm === b.fullAndWarm && a.fullWarmAndShadow === b.fullWarmAndShadow;
}
