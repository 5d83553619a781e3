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

/**
 * The minimum that is set: raised only to what was wanted at every look of the break-even window, and lowered only to the
 * highest of them. Mirrors carry what is younger; who has rented for as long as buying takes to pay off buys (ski rental:
 * Karlin et al. 1988, never more than twice the cost of who knew).
 * @param wanted now
 * @param lately wanted by the looks of the window
 * @param present what is set
 */
export function heldMinimum(wanted: number, lately: readonly number[], present: number): number {
  const lowest = Math.min(wanted, ...lately);
  const highest = Math.max(wanted, ...lately);
  return Math.min(highest, Math.max(lowest, present));
}
