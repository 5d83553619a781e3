import type { ApplicationSpec } from './application.ts';
import { withForced, withinCaps } from './caps.ts';
import type { Prices } from './cost.ts';
import { mirrorSpendPerHour } from './cost.ts';
import { explain } from './explain.ts';
import type { ForecastDigest } from './forecast.ts';
import type { Levels } from './levels.ts';
import { countsOf, levelsOf, lowest, primaryCapacity } from './levels.ts';
import { parkedAfter } from './parking.ts';
import type { Decision, DecisionMemory, FleetState, Plan, Settings, ZoneCapacity, ZonePlan } from './plan.ts';
import { heldMinimum, lastingMinimum } from './primary-minimum.ts';
import { remembered, settled } from './settle.ts';
import type { TierCounts, TimesToServe } from './tier.ts';
import { sumOf, totalInstances } from './tier.ts';
import type { Trust } from './trust.ts';
import { mistrustOf, trustIn } from './trust.ts';
import type { Wanted } from './wanted.ts';
import { wantedLevels } from './wanted.ts';
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

/** An upper bound within this part of the threshold is near. */
const NEAR_FROM = 0.8;

/** What a decision found out on its way: the explanation is told from it. */
export interface Findings extends Trust, Omit<Wanted, 'levels'> {
  wanted: Levels;
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
 * gives the same plan. How far the forecast is trusted, what demand asks for, what of it is let go when, and where it
 * comes to be. Throws when the spend limit and the prices are in different currencies.
 */
export function decide(input: DecideInput): Decision {
  const { forecast, fleet, spec, memory, prices } = input;
  const { asOf } = forecast;
  const trust = trustIn(input);
  const bindings = boundBeforehand(input, trust);
  const offers = zoneOffers(spec, fleet, input.capacity, memory, prices, asOf);
  const { levels: wanted, ...called } = wantedLevels(input, trust.usable, nextPriceFactor(offers));
  const held = fleet.mirrors.map(zonePlanOf).filter((mirror) => totalInstances(mirror) > 0);
  const kept = settled(input, { levels: wanted, ...called }, trust, held, bindings);
  const asked = withForced(countsOf(kept), input.forced);
  const placed = placeWithinCaps(input, asked, offers, bindings);
  const mirrors = input.paused ? [...held].sort(byZone) : placed;
  const wantedMinimum = lastingMinimum(input, trust.usable, trust.holds);
  const atMost = trust.holds ? undefined : called.byCost?.fullInAll;
  const primaryMinimum = setMinimum(input, trust.at, wantedMinimum, atMost, bindings);
  const spendPerHour = mirrorSpendPerHour(mirrors, prices);
  const findings = { ...trust, ...called, wanted, asked, held, mirrors, offers, bindings, spendPerHour };
  const { application } = spec;
  const plan: Plan = { id: `${application}@${asOf}`, application, asOf, mirrors, primaryMinimum };
  return {
    plan,
    reasons: explain(input, findings, plan),
    nextLookMs: nextLook(input, findings, primaryMinimum),
    memory: memoryAfter(input, findings, kept, wantedMinimum),
  };
}

/** What binds the decision before anything was weighed. */
function boundBeforehand({ forecast, spec, paused, forced }: DecideInput, trust: Trust): string[] {
  const bindings: string[] = [];
  if (paused) bindings.push('pause: no new action');
  if (spec.mode !== 'auto') bindings.push(`mode: ${spec.mode} changes nothing`);
  const mistrust = mistrustOf(forecast, trust);
  if (mistrust) bindings.push(mistrust);
  const zones = Object.keys(forced).filter((zone) => totalInstances(forced[zone]!) > 0);
  if (zones.length > 0) bindings.push(`forced: ${zones.sort().join(', ')}`);
  return bindings;
}

function placeWithinCaps(
  input: DecideInput,
  asked: TierCounts,
  offers: ZoneOffer[],
  bindings: string[],
): ZonePlan[] {
  const { forced, spec } = input;
  const { mirrors, unplaced } = place(withinCaps(asked, input, bindings), offers, forced, spec);
  if (totalInstances(unplaced) > 0)
    bindings.push(`zones: no room for ${totalInstances(unplaced)} more in ${spec.mirrors.zones.join(', ')}`);
  return mirrors;
}

/**
 * The primary's minimum that the plan sets.
 * @param wanted what lasting demand asks for at this look
 * @param atMost instances that pay as full by policy `cost`, whoever has them: beyond what it was before us, the minimum holds
 * no more
 */
function setMinimum(
  { fleet, memory, settings, paused, primaryMinimumBefore }: DecideInput,
  at: number,
  wanted: number,
  atMost: number | undefined,
  bindings: string[],
): number {
  const { minimum, maximum } = fleet.primary;
  const lately = remembered(memory, at, settings.breakEvenMs).map((want) => want.primaryMinimum);
  const lasting = heldMinimum(wanted, lately, minimum);
  const steady = Math.min(lasting, Math.max(primaryMinimumBefore ?? minimum, atMost ?? Infinity));
  if (steady > maximum) bindings.push(`primary: its autoscaler's maximum is ${maximum}`);
  return paused ? minimum : Math.min(maximum, steady);
}

/** What the next decision must know of this one. */
function memoryAfter(
  { forecast: { asOf }, memory, settings }: DecideInput,
  { wanted, bridging, byCost, mirrors, at, mistrustedSince }: Findings,
  kept: Levels,
  primaryMinimum: number,
): DecisionMemory {
  const wants = remembered(memory, at, Math.max(settings.stabilisationMs, settings.breakEvenMs));
  // What an operator forced goes at once when released: it was no demand that could come back.
  const planned = lowest(levelsOf(sumOf(mirrors)), kept);
  const bridges = bridging > 0 ? { bridging } : {};
  return {
    wants: [...wants, { at, ...wanted, primaryMinimum, ...bridges, planned }],
    stockOuts: rememberedStockOuts(memory, asOf),
    dryUntil: Object.fromEntries(Object.entries(memory.dryUntil).filter(([, until]) => until > asOf)),
    mirrors,
    ...(byCost ? {} : { parked: parkedAfter(memory.parked, planned.full, at, settings.parkingMs) }),
    ...(mistrustedSince === undefined ? {} : { mistrustedSince }),
  };
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
