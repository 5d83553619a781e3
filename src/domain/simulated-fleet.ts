import type { FleetState, Plan, ZonePlan } from './plan.ts';
import type { Pool, Spent, TicksToServe } from './pool.ts';
import { advancePool, inTicks, newPool } from './pool.ts';
import type { TrackingRule } from './target-tracking.ts';
import { NO_TRACK, trackTarget } from './target-tracking.ts';
import type { TierCounts, TimesToServe } from './tier.ts';
import { NO_INSTANCES } from './tier.ts';

/** The primary's group and its reactive autoscaler. */
export interface SimulatedPrimary {
  minimum: number;
  maximum: number;
  /** Mean utilisation that its autoscaler keeps, above 0. Absent: it has none and stays at its minimum. */
  utilizationTarget?: number;
}

/** Google's autoscaler scales in only to the highest recommendation of this long. */
const STABILIZATION_MS = 10 * 60_000;

/**
 * A fleet in simulated time, as the decision sees it: the primary under its autoscaler, which knows cold starts only, and
 * mirrors in their tiers. Starting takes its time, stopping none; room there is always.
 */
export class SimulatedFleet {
  readonly #ticks: TicksToServe;
  readonly #primary: Pool;
  readonly #mirrors: Pool;
  readonly #rule: SimulatedPrimary;
  #minimum: number;
  #target: number;
  #track = NO_TRACK;
  #planned: ZonePlan[] = [];

  /** @param serving instances of the primary that serve at the start */
  constructor(primary: SimulatedPrimary, timesToServe: TimesToServe, serving: number) {
    this.#rule = primary;
    this.#ticks = inTicks(timesToServe);
    this.#minimum = primary.minimum;
    this.#target = Math.min(primary.maximum, Math.max(primary.minimum, serving));
    this.#primary = newPool(this.#ticks, this.#target);
    this.#mirrors = newPool(this.#ticks);
  }

  /** What a look at the cloud would show. */
  get state(): FleetState {
    let left = this.#mirrors.at[0]!;
    const mirrors = this.#planned.map((plan) => {
      const serving = Math.min(plan.full, left);
      left -= serving;
      return { ...plan, serving };
    });
    const serving = this.#primary.at[0]!;
    const { maximum } = this.#rule;
    return { primary: { serving, minimum: this.#minimum, maximum, target: this.#target }, mirrors };
  }

  /** Instances wanted now: of the primary, and of mirrors by tier. */
  get wanted(): { primary: number; mirrors: TierCounts } {
    return { primary: this.#target, mirrors: this.#planned.reduce(plus, NO_INSTANCES) };
  }

  /** A decision takes effect: mirrors set out, the primary's minimum holds at once. */
  adopt({ mirrors, primaryMinimum }: Plan): void {
    this.#planned = mirrors;
    this.#minimum = primaryMinimum;
    this.#target = Math.min(
      this.#rule.maximum,
      Math.max(primaryMinimum, this.#rule.utilizationTarget ? this.#target : 0),
    );
  }

  /**
   * One look of the primary's autoscaler.
   * @param demand in instances, of the whole application: the primary has its share of what serves
   * @param now ms since the epoch
   */
  autoscale(demand: number, now: number): void {
    const { utilizationTarget, maximum } = this.#rule;
    if (utilizationTarget === undefined) return;
    const serving = this.#primary.at[0]!;
    const load = (demand * serving) / Math.max(1, serving + this.#mirrors.at[0]!);
    const rule: TrackingRule = {
      utilizationTarget,
      minimum: this.#minimum,
      maximum,
      stabilizationMs: STABILIZATION_MS,
    };
    const step = trackTarget(rule, this.#track, now, [load], this.#target);
    this.#track = step.track;
    this.#target = step.size;
  }

  /** One tick passes. */
  tick(): Spent {
    const { primary, mirrors } = this.wanted;
    const own = advancePool(this.#primary, { full: primary, warm: 0, shadow: 0 }, this.#ticks);
    const ours = advancePool(this.#mirrors, mirrors, this.#ticks);
    return { serving: own.serving + ours.serving, ...plus(own, ours) };
  }
}

function plus(a: TierCounts, b: TierCounts): TierCounts {
  return { full: a.full + b.full, warm: a.warm + b.warm, shadow: a.shadow + b.shadow };
}
