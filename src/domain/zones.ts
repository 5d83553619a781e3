import type { ApplicationSpec } from './application.ts';
import { clockTime } from './clock-time.ts';
import type { Prices } from './cost.ts';
import { priceFactor } from './cost.ts';
import type { DecisionMemory, FleetState, ZoneCapacity, ZonePlan } from './plan.ts';
import { regionOf } from './region.ts';
import type { Tier, TierCounts } from './tier.ts';
import { NO_INSTANCES, TIERS, totalInstances } from './tier.ts';
import type { ScoreParts } from './zone-score.ts';
import { scoreOf, scoreParts, STOCK_OUT_MEMORY_MS } from './zone-score.ts';

/** One allowed zone: what it holds, what it could still take, and how good it is. */
export interface ZoneOffer {
  zone: string;
  holds: TierCounts;
  /** New instances that it could take; 0 while it is dry. */
  room: number;
  /** True until `dryUntil`: nothing is raised there, what it holds may stay or step down. */
  dry: boolean;
  /** What an instance there costs, times the prices. */
  priceFactor: number;
  score: number;
  parts: ScoreParts;
  why: string;
}

/** From this availability on, one zone's loss must not take every mirror: no zone gets more than half. */
const SPREAD_FROM_AVAILABILITY = 0.9995;

/** The allowed zones, best first, and why: the score's parts are told. Never the primary's own. */
export function zoneOffers(
  spec: ApplicationSpec,
  fleet: FleetState,
  capacity: readonly ZoneCapacity[],
  memory: DecisionMemory,
  prices: Prices,
  asOf: number,
): ZoneOffer[] {
  const zones = [...new Set(spec.mirrors.zones)].filter((zone) => zone !== spec.primary.zone);
  const cheapest = Math.min(...zones.map((zone) => priceFactor(zone, prices)));
  const stockOuts = rememberedStockOuts(memory, asOf);
  return zones
    .map((zone) => {
      const { full, warm, shadow } = fleet.mirrors.find((mirror) => mirror.zone === zone) ?? NO_INSTANCES;
      const holds = { full, warm, shadow };
      const known = capacity.find((entry) => entry.zone === zone);
      const quotaLeft = Math.max(0, known?.quotaLeft ?? 0);
      const until = memory.dryUntil[zone] ?? 0;
      const dry = until > asOf;
      const coming = memory.mirrors?.some((mirror) => mirror.zone === zone) ?? false;
      const here = totalInstances(holds) > 0 || coming;
      const factor = priceFactor(zone, prices);
      const facts = {
        capacity: { ...known, quotaLeft },
        holds: here,
        dryUntil: stockOuts[zone],
        timesCheapest: factor / cheapest,
      };
      const { instances } = spec.mirrors.limits;
      const parts = scoreParts(facts, instances, spec.objectives.latencyMs, asOf);
      const why = [
        here ? `holds ${totalInstances(holds)} ${coming ? 'by plan' : 'already'}` : 'holds none',
        dry ? `ran dry, left alone until ${clockTime(until)}` : `quota for ${quotaLeft} more`,
        ...(known?.reservedLeft ? [`${known.reservedLeft} of them reserved`] : []),
        ...(!dry && stockOuts[zone] ? [`had none to give until ${clockTime(stockOuts[zone])}`] : []),
        known?.latencyMs === undefined ? 'latency unknown' : `${known.latencyMs} ms to the primary`,
        ...(factor === 1 ? [] : [`price x ${factor}`]),
      ].join(', ');
      const room = dry ? 0 : Math.floor(quotaLeft);
      return { zone, holds, room, dry, priceFactor: factor, score: scoreOf(parts), parts, why };
    })
    .sort((a, b) => b.score - a.score || (a.zone < b.zone ? -1 : 1));
}

/** What one more instance would cost, times the prices: in the best zone with room, or in the best where none has any. */
export function nextPriceFactor(offers: readonly ZoneOffer[]): number {
  return (offers.find(({ room }) => room > 0) ?? offers[0])?.priceFactor ?? 1;
}

/** Ends of the zones' last back-offs after stock-outs, as far as they still count. */
export function rememberedStockOuts(
  { stockOuts, dryUntil }: DecisionMemory,
  asOf: number,
): Record<string, number> {
  const remembered: Record<string, number> = {};
  for (const ends of [stockOuts, dryUntil])
    for (const zone in ends) if (ends[zone]! > asOf - STOCK_OUT_MEMORY_MS) remembered[zone] = ends[zone]!;
  return remembered;
}

/** A zone while instances are being handed out. */
interface Desk {
  offer: ZoneOffer;
  /** Instances there that have no place in the plan yet. */
  left: TierCounts;
  plan: ZonePlan;
}

/**
 * Places the wanted instances: forced counts where they are forced, the rest where it takes the least change: first
 * what is that ready already, then what is nearest below (a promotion), then above (a demotion), then new ones in the best
 * zone with room, spilling over to the next. Returns the zones that hold anything, and what found no place.
 */
export function place(
  wanted: TierCounts,
  offers: readonly ZoneOffer[],
  forced: Record<string, TierCounts>,
  spec: ApplicationSpec,
): { mirrors: ZonePlan[]; unplaced: TierCounts } {
  const desks = offers.map((offer) => ({
    offer,
    left: { ...offer.holds },
    plan: { zone: offer.zone, full: 0, warm: 0, shadow: 0 },
  }));
  const rooms = new Rooms(offers);
  const unplaced = { full: 0, warm: 0, shadow: 0 };
  const most =
    spec.objectives.availability >= SPREAD_FROM_AVAILABILITY && offers.length > 1
      ? Math.ceil(totalInstances(wanted) / 2)
      : Infinity;
  for (const tier of TIERS) {
    let handedOut = 0;
    for (const desk of desks) {
      const here = Math.min(forced[desk.offer.zone]?.[tier] ?? 0, wanted[tier] - handedOut);
      for (let i = 0; i < here; i++) if (!seat(tier, [desk], rooms)) unplaced[tier]++;
      handedOut += here;
    }
    for (; handedOut < wanted[tier]; handedOut++) {
      const open = desks.filter((desk) => totalInstances(desk.plan) < most);
      if (!seat(tier, open, rooms) && !seat(tier, desks, rooms)) unplaced[tier]++;
    }
  }
  const mirrors = desks.map((desk) => desk.plan).filter((plan) => totalInstances(plan) > 0);
  return { mirrors: mirrors.sort((a, b) => (a.zone < b.zone ? -1 : 1)), unplaced };
}

/** Where an instance of a tier may come from, least change first. */
const SOURCES: Record<Tier, Tier[]> = {
  full: ['full', 'warm', 'shadow'],
  warm: ['warm', 'full', 'shadow'],
  shadow: ['shadow', 'warm', 'full'],
};

/** Gives one instance of a tier a place. Desks are in order of preference. False when no zone can. */
function seat(tier: Tier, desks: readonly Desk[], rooms: Rooms): boolean {
  for (const source of SOURCES[tier]) {
    const promotion = TIERS.indexOf(source) > TIERS.indexOf(tier);
    const desk = desks.find(({ offer, left }) => left[source] > 0 && !(promotion && offer.dry));
    if (desk) {
      desk.left[source]--;
      desk.plan[tier]++;
      return true;
    }
  }
  const desk = desks.find(({ offer }) => rooms.take(offer));
  if (desk) desk.plan[tier]++;
  return desk !== undefined;
}

/** Room for new instances: each zone's own, within its region's, since zones of one region share its quota. */
class Rooms {
  readonly #left = new Map<string, number>();

  constructor(offers: readonly ZoneOffer[]) {
    for (const { zone, room } of offers) {
      const region = regionOf(zone);
      this.#left.set(zone, room);
      this.#left.set(region, Math.max(room, this.#left.get(region) ?? 0));
    }
  }

  /** Takes room for one new instance; false when there is none. */
  take({ zone }: ZoneOffer): boolean {
    const own = this.#left.get(zone) ?? 0;
    const shared = this.#left.get(regionOf(zone)) ?? 0;
    if (own < 1 || shared < 1) return false;
    this.#left.set(zone, own - 1);
    this.#left.set(regionOf(zone), shared - 1);
    return true;
  }
}
