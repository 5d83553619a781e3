import type { WorldModel } from './model.ts';
import { TICKS_PER_HOUR, TICKS_PER_STEP, costOf } from './model.ts';
import type { Course } from './world.ts';

/** What a course cost and what it failed to serve. Costs are in the unit of the model's prices. */
export interface Score {
  /** Instances and violations together. */
  cost: number;
  instanceCost: number;
  /** Instance-hours of demand that nobody served. */
  unservedHours: number;
  /** Share of all demand, 0..1. */
  unservedShare: number;
  /** Steps in which any demand went unserved, and in which more than 5% of it did. */
  minutesShort: number;
  minutesOver5Short: number;
  /** Stretches of minutes over 5% short: spikes that were met too late or not at all. */
  missedSpikes: number;
  /** Instance-hours billed per tier; `full` includes starts and promotions. */
  hours: { full: number; warm: number; shadow: number };
  /** Mean number of instances running (billed as full): instance-days per day. */
  vmsUsedPerDay: number;
  /** Mean number of instances serving while demand exceeds what serves: instance-days in overload per day. */
  vmsOverloadedPerDay: number;
}

const ROUNDING = 1e-9;

/** @param demand per step, in instances */
export function score(demand: Float64Array, course: Course, model: WorldModel): Score {
  const hours = { full: 0, warm: 0, shadow: 0 };
  let [unserved, offered, overloaded, minutesShort, minutesOver5Short, missedSpikes] = [0, 0, 0, 0, 0, 0];
  let missing = false;
  for (let step = 0; step < demand.length; step++) {
    const wanted = demand[step]!;
    let worst = 0;
    for (let tick = step * TICKS_PER_STEP; tick < (step + 1) * TICKS_PER_STEP; tick++) {
      hours.full += course.full[tick]!;
      hours.warm += course.warm[tick]!;
      hours.shadow += course.shadow[tick]!;
      const lost = Math.max(0, wanted - course.serving[tick]!);
      unserved += lost;
      if (lost > ROUNDING) overloaded += course.serving[tick]!;
      worst = Math.max(worst, lost);
    }
    offered += wanted * TICKS_PER_STEP;
    if (worst > ROUNDING) minutesShort++;
    const before = missing;
    missing = worst > 0.05 * wanted;
    if (missing) minutesOver5Short++;
    if (missing && !before) missedSpikes++;
  }
  hours.full /= TICKS_PER_HOUR;
  hours.warm /= TICKS_PER_HOUR;
  hours.shadow /= TICKS_PER_HOUR;
  const unservedHours = unserved / TICKS_PER_HOUR;
  const ticks = Math.max(1, demand.length * TICKS_PER_STEP);
  return {
    cost: costOf(model, { ...hours, unserved: unservedHours }),
    instanceCost: costOf(model, { ...hours, unserved: 0 }),
    unservedHours,
    unservedShare: unserved / Math.max(1e-12, offered),
    minutesShort,
    minutesOver5Short,
    missedSpikes,
    hours,
    vmsUsedPerDay: (hours.full * TICKS_PER_HOUR) / ticks,
    vmsOverloadedPerDay: overloaded / ticks,
  };
}

/** Cost beyond the optimum's, as a share of it: 0 is the best that hindsight allows. */
export function regret(cost: number, optimalCost: number): number {
  return cost / Math.max(1e-12, optimalCost) - 1;
}
