/**
 * The reactive rule of Google's autoscaler on CPU (documented behaviour): size the group so that mean utilisation meets
 * its target, scale out at once, scale in only to the highest recommendation of the stabilisation period.
 */
export interface TrackingRule {
  /** Wanted mean utilisation of an instance, 0..1 exclusive of 0. */
  utilizationTarget: number;
  minimum: number;
  maximum: number;
  stabilizationMs: number;
}

/** What one look hands to the next: recommendations before bounds, oldest first. Start with `NO_TRACK`. */
export interface Track {
  readonly recommendations: readonly { at: number; size: number }[];
}

export const NO_TRACK: Track = { recommendations: [] };

export interface TrackingStep {
  /** What the load of this moment alone asks for, within the bounds. */
  recommended: number;
  /** What the group should be set to now, within the bounds. */
  size: number;
  track: Track;
}

/** Guards `Math.ceil` against 0.6 * 5 / 0.6 = 5.000000000000001. */
const ROUNDING = 1e-9;

/**
 * Instances that carry the load of `utilizations` at the target: ceil(sum / target). Only instances past their
 * initialisation period count: the others' utilisation says nothing about load. `undefined` when there is none.
 */
export function instancesForLoad(
  utilizations: readonly number[],
  utilizationTarget: number,
): number | undefined {
  if (utilizations.length === 0) return undefined;
  const load = utilizations.reduce((sum, utilization) => sum + utilization, 0);
  return Math.ceil(load / utilizationTarget - ROUNDING);
}

/**
 * One look of the autoscaler at `now` (ms). `current` is the group's target size. Without a usable measurement the size
 * stays. The size found at the first look counts as recommended then, so that it lasts one stabilisation period.
 */
export function trackTarget(
  rule: TrackingRule,
  track: Track,
  now: number,
  utilizations: readonly number[],
  current: number,
): TrackingStep {
  const wanted = instancesForLoad(utilizations, rule.utilizationTarget) ?? current;
  const before = track.recommendations.length > 0 ? track.recommendations : [{ at: now, size: current }];
  const recommendations = [
    ...before.filter((past) => past.at > now - rule.stabilizationMs),
    { at: now, size: wanted },
  ];
  const stabilised = Math.max(...recommendations.map((past) => past.size));
  const size = wanted >= current ? wanted : Math.min(current, stabilised);
  return { recommended: within(rule, wanted), size: within(rule, size), track: { recommendations } };
}

function within(rule: TrackingRule, size: number): number {
  return Math.min(rule.maximum, Math.max(rule.minimum, size));
}
