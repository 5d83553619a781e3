import { TICK_MS } from '../domain/cost-course.ts';
import type { Prices } from '../domain/cost.ts';
import type { TicksToServe } from '../domain/pool.ts';
import type { TimesToServe } from '../domain/tier.ts';

/** Interval between decisions, and of the demand series. */
export const STEP_MS = 60_000;
/** Instances move and are billed per tick of the domain's grain. */
export const TICKS_PER_STEP = STEP_MS / TICK_MS;
export const TICKS_PER_HOUR = 3_600_000 / TICK_MS;
export const STEPS_PER_DAY = 86_400_000 / STEP_MS;

/** What a backtest supposes of the world. Demand is counted in instances throughout: demand over demand per instance. */
export interface WorldModel {
  /** Per instance-hour; `full` also while an instance starts or is promoted. */
  prices: Pick<Prices, 'full' | 'warm' | 'shadow'>;
  /** Multiples of 30 s. */
  timesToServe: TimesToServe;
  /** One unserved instance-hour, in hours of a full instance. */
  violationCost: number;
  /** How old the newest final sample is. */
  observationDelayMs: number;
  /** Instances that always serve, whatever a policy says. */
  floor: number;
}

/** A world without a currency: prices are in hours of a full instance. Times are those of `WorldModel`'s tiers on VMs. */
export const DEFAULT_MODEL: WorldModel = {
  prices: { full: 1, warm: 0.35, shadow: 0.05 },
  timesToServe: { coldMs: 300_000, shadowMs: 90_000, warmMs: 30_000 },
  violationCost: 20,
  observationDelayMs: 60_000,
  floor: 1,
};

/** Throws naming the field, its value and the remedy when times are no multiples of a tick or out of order. */
export function ticksToServe(model: WorldModel): TicksToServe {
  const { coldMs, shadowMs, warmMs } = model.timesToServe;
  for (const [field, ms] of Object.entries(model.timesToServe))
    if (!(ms > 0) || ms % TICK_MS !== 0)
      throw new Error(`timesToServe.${field} is ${ms}: give a positive multiple of ${TICK_MS} ms`);
  if (!(warmMs < shadowMs && shadowMs < coldMs))
    throw new Error(
      `timesToServe is warm ${warmMs}, shadow ${shadowMs}, cold ${coldMs} ms: a readier tier must be the faster one`,
    );
  return { cold: coldMs / TICK_MS, shadow: shadowMs / TICK_MS, warm: warmMs / TICK_MS };
}

/** A decision for step t knows the demand of the steps up to t - lag: a step ends before it can be observed. */
export function lagSteps(model: WorldModel): number {
  return 1 + Math.ceil(model.observationDelayMs / STEP_MS);
}

/** Price of what was billed, and of what was not served, per instance-hour each. */
export function costOf(
  model: WorldModel,
  hours: { full: number; warm: number; shadow: number; unserved: number },
): number {
  const { prices } = model;
  return (
    hours.full * prices.full +
    hours.warm * prices.warm +
    hours.shadow * prices.shadow +
    hours.unserved * model.violationCost * prices.full
  );
}
