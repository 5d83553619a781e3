import { CoursePlanner, HORIZON_TICKS, TICK_MS } from './cost-course.ts';
import type { Calls, Outlook } from './cost-policy.ts';
import { costCounts, expectedNeed } from './cost-policy.ts';
import type { Prices } from './cost.ts';
import { pricesTimes } from './cost.ts';
import type { NearTermOutlook } from './forecast.ts';
import type { Levels } from './levels.ts';
import { levelsOf, nested, primaryCapacity } from './levels.ts';
import type { FleetState } from './plan.ts';
import type { TimesToServe } from './tier.ts';
import { sumOf } from './tier.ts';

export interface CostLevelsInput {
  nearTerm: NearTermOutlook;
  fleet: FleetState;
  prices: Prices;
  timesToServe: TimesToServe;
  /** Demand that one instance carries, times the threshold factor. */
  perInstance: number;
  /** One unserved instance-hour, in hours of a full instance. */
  violationCost: number;
}

/** Why one more instance is not bought, or not readier. */
export interface Weighed {
  /** Counted from the primary's first, 1 for that. */
  instance: number;
  /** Highest share of it that any minute ahead is expected to need, 0..1. */
  expectedNeed: number;
  /** How often an hour it is needed while it does not serve. */
  callsPerHour: number;
}

/** What the `cost` policy wants of mirrors, and what it weighed at the margins. */
export interface CostLevels {
  levels: Levels;
  /** Instances in all that pay as full, the primary's among them. */
  fullInAll: number;
  /** Demand of the minute ahead that reaches highest, at 97.5%, in the demand's unit. */
  upper: number;
  /** The first instance beyond the primary's that is not kept full, and the first that is not kept at all. */
  notFull: Weighed;
  notKept: Weighed;
}

/** A plan looks so far beyond a cold start, or nothing new would ever be raised. */
const BEYOND_COLD_TICKS = 4;
const UPPER = 0.975;

/**
 * The `cost` policy's levels for mirrors. Demand's levels are counted from the primary's first instance; what the primary
 * has, and what its autoscaler has asked for, stands for the lowest of them, and mirrors are what is wanted beyond. Full
 * mirrors bridge the time until the primary's own serve only as far as they are warm already: a new one would come no sooner.
 */
export function costLevels(input: CostLevelsInput): CostLevels {
  const { nearTerm, fleet } = input;
  const planner = plannerOf(input);
  const outlook = inInstances(nearTerm, input.perInstance);
  const counts = costCounts(planner, callsOf(nearTerm), outlook, positions(fleet, planner), 0);
  const { ready, coming } = primaryCapacity(fleet);
  const beyondReady = Math.max(0, counts.full - ready);
  const { full, fullAndWarm, fullWarmAndShadow } = levelsOf(counts);
  const beyond = (level: number) => Math.max(0, level - Math.max(ready, coming));
  const levels = nested({
    full: Math.max(beyond(full), Math.min(beyondReady, soonServing(fleet))),
    fullAndWarm: beyond(fullAndWarm),
    fullWarmAndShadow: beyond(fullWarmAndShadow),
  });
  const weighed = (level: number): Weighed => ({
    instance: level + 1,
    expectedNeed: Math.max(...outlook.values.map((own) => expectedNeed(own, outlook.weights, level))),
    callsPerHour: nearTerm.callsPerHour[level] ?? 0,
  });
  return {
    levels,
    fullInAll: full,
    upper: Math.max(...nearTerm.values.map((own) => quantileOf(own, nearTerm.weights, UPPER))),
    notFull: weighed(Math.max(full, ready + levels.full)),
    notKept: weighed(Math.max(fullWarmAndShadow, ready)),
  };
}

/** The least value with at least so much probability up to it. @param values ascending, by `weights` */
export function quantileOf(values: readonly number[], weights: readonly number[], level: number): number {
  let below = 0;
  return values.find((_, i) => (below += weights[i]!) >= level) ?? values.at(-1)!;
}

/** The same where instances cost so many times as much: what goes unserved costs the same wherever they would have served it. */
export function atPrice(factor: number, input: CostLevelsInput): CostLevelsInput {
  const { prices, violationCost } = input;
  return { ...input, prices: pricesTimes(factor, prices), violationCost: violationCost / factor };
}

export function plannerOf({ prices, timesToServe, violationCost }: CostLevelsInput): CoursePlanner {
  const cold = Math.ceil(timesToServe.coldMs / TICK_MS);
  const model = { prices, timesToServe, violationCost };
  return new CoursePlanner(model, Math.max(HORIZON_TICKS, cold + BEYOND_COLD_TICKS));
}

function callsOf({ callsPerHour }: NearTermOutlook): Calls {
  return { levels: callsPerHour.length, perHour: (level) => callsPerHour[level] ?? 0 };
}

export function inInstances({ timesMs, values, weights }: NearTermOutlook, perInstance: number): Outlook {
  return { timesMs, weights, values: values.map((own) => own.map((demand) => demand / perInstance)) };
}

/** Mirrors that serve or will within a resume. */
function soonServing({ mirrors }: FleetState): number {
  return mirrors.reduce((sum, mirror) => sum + mirror.full + mirror.warm, 0);
}

/** So many instances, so many ticks from serving. */
interface Standing {
  position: number;
  count: number;
}

/**
 * Where instances stand beyond the primary's that are ready: mirrors, the readiest first, and what the primary has asked for,
 * which is on its way, nobody knows how far: half of a cold start.
 */
export function standingOf(
  fleet: FleetState,
  planner: CoursePlanner,
): { mirrors: Standing[]; coming: Standing } {
  const { full, warm, shadow } = sumOf(fleet.mirrors);
  const serving = fleet.mirrors.reduce((sum, mirror) => sum + Math.min(mirror.full, mirror.serving), 0);
  const { ready, coming } = primaryCapacity(fleet);
  return {
    mirrors: [
      { position: 0, count: serving },
      { position: planner.positionOf('warm'), count: full - serving + warm },
      { position: planner.positionOf('shadow'), count: shadow },
    ],
    coming: { position: Math.ceil(planner.off / 2), count: Math.max(0, coming - ready) },
  };
}

/** Instances by ticks to serve. */
function positions(fleet: FleetState, planner: CoursePlanner): Int32Array {
  const at = new Int32Array(planner.off + 1);
  const { mirrors, coming } = standingOf(fleet, planner);
  const ready = { position: 0, count: primaryCapacity(fleet).ready };
  for (const { position, count } of [ready, coming, ...mirrors]) at[position]! += count;
  return at;
}
