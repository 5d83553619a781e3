import type { DecideInput } from './decide.ts';
import { instancesFor, passes } from './levels.ts';

/**
 * The primary's minimum that lasting demand asks for. It is raised only beyond what the autoscaler holds by itself, and
 * kept while it is needed: `scale` goes ahead of the autoscaler and never fights it.
 */
export function lastingMinimum(input: DecideInput, usable: boolean, holds: boolean): number {
  const { forecast, fleet, spec, settings } = input;
  const recorded = input.primaryMinimumBefore ?? fleet.primary.minimum;
  if (holds) return Math.max(recorded, fleet.primary.minimum);
  if (!usable) return recorded;
  const { perInstance } = spec.demand;
  const { thresholdFactor } = settings;
  const { minimum, target } = fleet.primary;
  const needed = instancesFor(forecast.sustained, perInstance, thresholdFactor);
  if (passes(forecast.sustained, target, perInstance, thresholdFactor)) return Math.max(recorded, needed);
  // Above its minimum the autoscaler holds by itself; at it, ours is what holds.
  return target > minimum ? recorded : Math.max(recorded, Math.min(needed, minimum));
}
