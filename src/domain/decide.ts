import type { ApplicationSpec } from './application.ts';
import { clockTime } from './clock-time.ts';
import type { CostLevels } from './cost-levels.ts';
import { costLevels } from './cost-levels.ts';
import type { Prices } from './cost.ts';
import { withForced, withinCaps } from './caps.ts';
import { mirrorSpendPerHour, pricesTimes } from './cost.ts';
import { explain } from './explain.ts';
import type { ForecastDigest } from './forecast.ts';
import type { Levels, Protected } from './levels.ts';
import {
  carriedBy,
  countsOf,
  highest,
  levelsOf,
  lowest,
  predictedLevels,
  primaryCapacity,
  protectedDemand,
  reactiveLevel,
  remembered,
  rememberedShortly,
  stabilised,
  withoutFlutter,
} from './levels.ts';
import { bridgingLevel, parkedAfter, withParked } from './parking.ts';
import type { Decision, DecisionMemory, FleetState, Settings, ZoneCapacity, ZonePlan } from './plan.ts';
import { heldMinimum, lastingMinimum } from './primary-minimum.ts';
import type { TierCounts, TimesToServe } from './tier.ts';
import { sumOf, totalInstances } from './tier.ts';
import type { ZoneOffer } from './zones.ts';
import { nextPriceFactor, place, rememberedStockOuts, zoneOffers } from './zones.ts';

export interface DecideInput {
  forecast: ForecastDigest;
  fleet: FleetState;
  capacity: ZoneCapacity[];
  prices: Prices;
  spec: ApplicationSpec;
  settings: Settings;
  memory: DecisionMemory;
  /** Held whatever the forecast says, within the caps. Keyed by zone. */
  forced: Record<string, TierCounts>;
  /** No new action: what is stays. */
  paused: boolean;
  timesToServe: TimesToServe;
  /** The primary's minimum before we first raised it. Absent: the fleet's present one is that. */
  primaryMinimumBefore?: number;
  /** Application time, only to tell a stale forecast. Absent: the forecast's own time of issue. */
  now?: number;
  /** Why more may be asked for than was observed (`saturation.ts`), only to say so. Absent: nothing hints at it. */
  mayBeMore?: string;
}

/** Beyond the observation delay and two steps, a newest sample this old means that demand is no longer seen. */
const STALE_AFTER_MS = 5 * 60_000;
/** Demand below this part of what was expected at least is a drop that nobody forecast. */
const UNEXPECTED_BELOW = 0.8;
/** An upper bound within this part of the threshold is near. */
const NEAR_FROM = 0.8;

/** What a decision found out on its way: the explanation is told from it. */
export interface Findings {
  usable: boolean;
  stale: boolean;
  /** Demand to cover at each level; zeros when the forecast is unusable. */
  demand: Protected;
  threshold: number;
  ready: number;
  /** The same once the primary's target is reached: for the slower tiers. */
  comingThreshold: number;
  /** As it counted: `cost` trusts no instance with more than its demand. */
  thresholdFactor: number;
  reactive: number;
  /** Full mirrors wanted until what the primary's autoscaler has asked for serves. */
  bridging: number;
  wanted: Levels;
  /** What policy `cost` weighed; absent where the interval decided. */
  byCost?: CostLevels;
  /** After stabilisation, holding and force, before caps. */
  asked: TierCounts;
  held: ZonePlan[];
  mirrors: ZonePlan[];
  offers: ZoneOffer[];
  bindings: string[];
  spendPerHour: number;
}

/**
 * The decision (DESIGN.md §4): ready capacity must last until the next slower tier can serve. Pure: the same input
 * gives the same plan. Throws when the spend limit and the prices are in different currencies.
 */
export function decide(input: DecideInput): Decision {
  const { forecast, fleet, spec, settings, memory } = input;
  const { asOf } = forecast;
  const stale = isStale(input);
  const usable = !stale && forecast.quality !== 'cold';
  const demand = usable ? protectedDemand(forecast.windows) : { full: 0, warm: 0, shadow: 0 };
  const { perInstance } = spec.demand;
  const reactive = reactiveLevel(forecast.observed, fleet, perInstance);
  const offers = zoneOffers(spec, fleet, input.capacity, memory, input.prices, asOf);
  const byCost = usable ? weighedByCost(input, nextPriceFactor(offers)) : undefined;
  const predicted = byCost?.levels ?? predictedLevels(demand, fleet, perInstance, settings.thresholdFactor);
  const bridging = bridgingLevel(fleet);
  const now = Math.max(reactive, bridging);
  const wanted = highest(predicted, { full: now, fullAndWarm: now, fullWarmAndShadow: now });
  const shortly = rememberedShortly(memory, asOf, settings);
  const wants = remembered(memory, asOf, Math.max(settings.stabilisationMs, settings.breakEvenMs));
  const bindings: string[] = bindingsOf(input, stale);
  const held = fleet.mirrors.map(zonePlanOf).filter((mirror) => totalInstances(mirror) > 0);
  const holds = stale || isUnexpectedDrop(forecast);

  const slow = byCost
    ? withoutFlutter(wanted, shortly)
    : stabilised(wanted, remembered(memory, asOf, settings.stabilisationMs), shortly, settings);
  if (!sameLevels(slow, wanted)) bindings.push('stabilisation: letting go waits and goes slowly');
  const settled = withParked(slow, memory.parked, asOf);
  if (!sameLevels(settled, slow))
    bindings.push(
      `parking: ${memory.parked!.instances} stay at hand until ${clockTime(memory.parked!.until)}`,
    );
  const own = holds ? highest(settled, heldLevels(held, memory)) : settled;
  const asked = withForced(countsOf(own), input.forced);
  const placed = place(withinCaps(asked, input, bindings), offers, input.forced, spec);
  if (totalInstances(placed.unplaced) > 0) {
    bindings.push(
      `zones: no room for ${totalInstances(placed.unplaced)} more in ${spec.mirrors.zones.join(', ')}`,
    );
  }
  const mirrors = input.paused ? [...held].sort(byZone) : placed.mirrors;
  const wantedMinimum = lastingMinimum(input, usable, holds);
  const steadyMinimum = heldMinimum(
    wantedMinimum,
    remembered(memory, asOf, settings.breakEvenMs).map((want) => want.primaryMinimum),
    fleet.primary.minimum,
  );
  const primaryMinimum = input.paused
    ? fleet.primary.minimum
    : Math.min(fleet.primary.maximum, steadyMinimum);
  if (steadyMinimum > fleet.primary.maximum) {
    bindings.push(`primary: its autoscaler's maximum is ${fleet.primary.maximum}`);
  }

  const { ready, coming } = primaryCapacity(fleet);
  const factor = byCost ? carriedBy(settings.thresholdFactor) : settings.thresholdFactor;
  const findings: Findings = {
    usable,
    stale,
    demand,
    threshold: ready * perInstance * factor,
    ready,
    comingThreshold: coming * perInstance * factor,
    thresholdFactor: factor,
    reactive,
    bridging,
    wanted,
    ...(byCost ? { byCost } : {}),
    asked,
    held,
    mirrors,
    offers,
    bindings,
    spendPerHour: mirrorSpendPerHour(mirrors, input.prices),
  };
  const plan = {
    id: `${spec.application}@${asOf}`,
    application: spec.application,
    asOf,
    mirrors,
    primaryMinimum,
  };
  // What an operator forced goes at once when released: it was no demand that could come back.
  const planned = lowest(levelsOf(sumOf(mirrors)), own);
  return {
    plan,
    reasons: explain(input, findings, plan),
    nextLookMs: nextLook(input, findings, primaryMinimum),
    memory: {
      wants: [
        ...wants,
        {
          at: asOf,
          ...wanted,
          primaryMinimum: wantedMinimum,
          ...(bridging > 0 ? { bridging } : {}),
          planned,
        },
      ],
      stockOuts: rememberedStockOuts(memory, asOf),
      dryUntil: Object.fromEntries(Object.entries(memory.dryUntil).filter(([, until]) => until > asOf)),
      mirrors,
      parked: parkedAfter(memory.parked, planned.full, asOf, settings.parkingMs),
    },
  };
}

/**
 * What `cost` weighs: one more instance at what it costs where it would come to be. What goes unserved costs the same wherever.
 * Without an outlook on the next minutes it has nothing to weigh: the interval stands in.
 */
function weighedByCost(
  { forecast, spec, settings, prices, ...known }: DecideInput,
  factor: number,
): CostLevels | undefined {
  const { nearTerm } = forecast;
  if (spec.mirrors.policy !== 'cost' || !nearTerm) return undefined;
  return costLevels({
    ...known,
    nearTerm,
    prices: pricesTimes(factor, prices),
    perInstance: spec.demand.perInstance * carriedBy(settings.thresholdFactor),
    violationCost: spec.objectives.violationCost / factor,
  });
}

function isStale({ forecast, spec, now }: DecideInput): boolean {
  const { stepMs } = spec.demand;
  const { observationDelayMs = spec.demand.observationDelayMs } = forecast;
  return (now ?? forecast.issuedAt) - forecast.asOf > observationDelayMs + 2 * stepMs + STALE_AFTER_MS;
}

/** Demand fell far below what was forecast of this moment: perhaps an outage's silence, not low demand. */
function isUnexpectedDrop({ expected, observed, quality }: ForecastDigest): boolean {
  return quality !== 'cold' && expected !== undefined && observed < UNEXPECTED_BELOW * expected.lower;
}

function bindingsOf({ forecast, spec, paused, forced }: DecideInput, stale: boolean): string[] {
  const bindings: string[] = [];
  if (paused) bindings.push('pause: no new action');
  if (spec.mode !== 'auto') bindings.push(`mode: ${spec.mode} changes nothing`);
  if (stale) bindings.push('stale forecast: nothing is let go, only observed demand raises');
  else if (forecast.quality === 'cold') bindings.push('cold forecast: only observed demand counts');
  else if (isUnexpectedDrop(forecast)) bindings.push('unexpected drop: nothing is let go');
  const zones = Object.keys(forced).filter((zone) => totalInstances(forced[zone]!) > 0);
  if (zones.length > 0) bindings.push(`forced: ${zones.sort().join(', ')}`);
  return bindings;
}

/** What was planned last: the cloud shows an instance on its way to shadow as running. Without a plan, what is up. */
function heldLevels(held: readonly ZonePlan[], memory: DecisionMemory): Levels {
  return levelsOf(sumOf(memory.mirrors ?? held));
}

/** Soon while anything is up, unclear or near; late when nothing can happen before the next look. */
function nextLook(input: DecideInput, findings: Findings, primaryMinimum: number): number {
  const { settings, forecast, fleet, spec } = input;
  const { coming, ready } = primaryCapacity(fleet);
  const reach = NEAR_FROM * settings.thresholdFactor * spec.demand.perInstance;
  const near =
    findings.stale ||
    findings.mirrors.length > 0 ||
    findings.held.length > 0 ||
    totalInstances(findings.asked) > 0 ||
    primaryMinimum > (input.primaryMinimumBefore ?? fleet.primary.minimum) ||
    forecast.observed >= reach * ready ||
    findings.demand.shadow >= reach * Math.min(coming, ready);
  return near ? settings.nearLookMs : settings.farLookMs;
}

function zonePlanOf({ zone, full, warm, shadow }: ZonePlan): ZonePlan {
  return { zone, full, warm, shadow };
}

function byZone(a: ZonePlan, b: ZonePlan): number {
  return a.zone < b.zone ? -1 : 1;
}

function sameLevels(a: Levels, b: Levels): boolean {
  return a.full === b.full && a.fullAndWarm === b.fullAndWarm && a.fullWarmAndShadow === b.fullWarmAndShadow;
}
