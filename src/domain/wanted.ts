import type { CostLevels } from './cost-levels.ts';
import { atPrice, costLevels } from './cost-levels.ts';
import type { DecideInput } from './decide.ts';
import type { Levels, Protected } from './levels.ts';
import {
  carriedBy,
  highest,
  predictedLevels,
  primaryCapacity,
  protectedDemand,
  reactiveLevel,
} from './levels.ts';
import { bridgingLevel } from './parking.ts';

/** What demand asks for at one look, before anything slows or caps it. */
export interface Wanted {
  /** max(predicted, reactive, bridging). */
  levels: Levels;
  /** Demand to cover at each level by the interval; zeros when the forecast is unusable. */
  demand: Protected;
  reactive: number;
  /** Full mirrors wanted until what the primary's autoscaler has asked for serves. */
  bridging: number;
  /** What policy `cost` weighed; absent where the interval decided. */
  byCost?: CostLevels;
  /** As it counted: `cost` trusts no instance with more than its demand. */
  thresholdFactor: number;
  ready: number;
  /** What ready capacity carries times the threshold factor. */
  threshold: number;
  /** The same once the primary's target is reached: for the slower tiers. */
  comingThreshold: number;
}

const NOTHING: Protected = { full: 0, warm: 0, shadow: 0 };

/** @param priceFactor what the next instance costs over the prices' own, where it would come to be */
export function wantedLevels(input: DecideInput, usable: boolean, priceFactor: number): Wanted {
  const { forecast, fleet, spec, settings } = input;
  const { perInstance } = spec.demand;
  const demand = usable ? protectedDemand(forecast.windows) : NOTHING;
  const byCost = usable ? weighedByCost(input, priceFactor) : undefined;
  const predicted = byCost?.levels ?? predictedLevels(demand, fleet, perInstance, settings.thresholdFactor);
  const reactive = reactiveLevel(forecast.observed, fleet, perInstance);
  const bridging = bridgingLevel(fleet, byCost ? 'cost' : 'interval');
  const now = Math.max(reactive, bridging);
  const { ready, coming } = primaryCapacity(fleet);
  const thresholdFactor = byCost ? carriedBy(settings.thresholdFactor) : settings.thresholdFactor;
  return {
    levels: highest(predicted, { full: now, fullAndWarm: now, fullWarmAndShadow: now }),
    demand,
    reactive,
    bridging,
    ...(byCost ? { byCost } : {}),
    thresholdFactor,
    ready,
    threshold: ready * perInstance * thresholdFactor,
    comingThreshold: coming * perInstance * thresholdFactor,
  };
}

/**
 * What `cost` weighs: one more instance at what it costs where it would come to be.
 * Without an outlook on the next minutes it has nothing to weigh: the interval stands in.
 */
function weighedByCost(
  { forecast, spec, settings, ...known }: DecideInput,
  priceFactor: number,
): CostLevels | undefined {
  const { nearTerm } = forecast;
  if (spec.mirrors.policy !== 'cost' || !nearTerm) return undefined;
  const perInstance = spec.demand.perInstance * carriedBy(settings.thresholdFactor);
  const { violationCost } = spec.objectives;
  return costLevels(atPrice(priceFactor, { ...known, nearTerm, perInstance, violationCost }));
}
