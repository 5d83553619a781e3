import type { CourseCost, CoursePlanner } from './cost-course.ts';
import { TICK_MS } from './cost-course.ts';
import type { CostLevelsInput } from './cost-levels.ts';
import { atPrice, inInstances, plannerOf, standingOf } from './cost-levels.ts';
import type { Outlook } from './cost-policy.ts';
import { NeedOfLevel } from './cost-policy.ts';
import { priceFactor, spendPerHour } from './cost.ts';
import { carriedBy, primaryCapacity } from './levels.ts';
import type { DecideInput } from './decide.ts';
import type { Decision, FleetState, Plan, ZonePlan } from './plan.ts';
import type { Tier, TierCounts } from './tier.ts';
import { NO_INSTANCES, TIERS, sameCounts, sumOf, totalInstances } from './tier.ts';
import { nextPriceFactor, place, zoneOffers } from './zones.ts';

/** What a plan is expected to cost until the horizon, beside what else could have been done now. */
export interface ExpectedCost {
  horizonMs: number;
  currency: string;
  /** What is planned first, then what was not done. */
  options: CostedOption[];
}

/** Money is in the prices' currency, of mirrors only, each at the price of its zone. */
export interface CostedOption {
  /** `planned`, `one warm less`, `one full more`, `nothing`. */
  what: string;
  counts: TierCounts;
  /** Spend an hour once all have reached their tier. */
  perHour: number;
  /** Expected until the horizon: what is billed, and what unserved demand costs by the objectives. */
  instances: number;
  violations: number;
}

/** Instances of one zone, and what one costs there, times the prices. */
type Place = TierCounts & { factor: number };

/** Where instances are to be, so many of each tier. */
export interface Placing {
  of(counts: TierCounts): readonly Place[];
  /** What one costs that is raised later, times the prices. */
  laterFactor: number;
}

/**
 * What the plan and its neighbours are expected to cost. Each instance makes for its tier now and takes its cheapest course
 * from there, by the same weighing as policy `cost` (`cost-course.ts`); what may come beyond one instance more than is planned
 * goes unserved in all of them alike.
 */
export function expectedCost(input: CostLevelsInput, planned: TierCounts, placing: Placing): ExpectedCost {
  const options = alternatives(planned);
  const levels = new Levels(input, totalInstances(planned) + 1, placing.laterFactor);
  return {
    horizonMs: levels.horizonTicks * TICK_MS,
    currency: input.prices.currency,
    options: options.map(({ what, counts }) => {
      const places = placing.of(counts);
      const { instances, violations } = levels.costOf(places);
      const perHour = places.reduce((sum, zone) => sum + spendPerHour(zone, input.prices) * zone.factor, 0);
      return {
        what,
        counts,
        perHour: brief(perHour),
        instances: brief(instances),
        violations: brief(violations),
      };
    }),
  };
}

/**
 * The decision with what it is expected to cost, at what an instance is trusted with: the reserve that the decision keeps is no
 * waste. As it was where nothing is known of the minutes ahead. Apart from `decide`, which is asked thousands of times in a
 * replay.
 */
export function withExpectedCost(decision: Decision, input: DecideInput): Decision {
  const { forecast, fleet, prices, timesToServe, spec } = input;
  const { nearTerm, issuedAt, quality } = forecast;
  if (!nearTerm || quality === 'cold') return decision;
  if ((input.now ?? issuedAt) >= issuedAt + nearTerm.timesMs.at(-1)!) return decision;
  const { plan, reasons } = decision;
  const { violationCost } = spec.objectives;
  const perInstance = spec.demand.perInstance * carriedBy(reasons.thresholdFactor);
  const weighed = { nearTerm, fleet, prices, timesToServe, perInstance, violationCost };
  const planned = sumOf(plan.mirrors);
  const expected = expectedCost(weighed, planned, placingOf(plan, planned, input));
  return { ...decision, reasons: { ...reasons, expected } };
}

/** What is planned stands where it is planned; what else could have been done where the decision would have placed it. */
function placingOf(plan: Plan, planned: TierCounts, input: DecideInput): Placing {
  const { spec, fleet, capacity, memory, prices, forecast, forced } = input;
  const offers = zoneOffers(spec, fleet, capacity, memory, prices, forecast.asOf);
  const atPrice = (zone: ZonePlan) => ({ ...zone, factor: priceFactor(zone.zone, prices) });
  const laterFactor = nextPriceFactor(offers);
  return {
    laterFactor,
    of(counts) {
      if (sameCounts(counts, planned)) return plan.mirrors.map(atPrice);
      const { mirrors, unplaced } = place(counts, offers, forced, spec);
      // What finds no room is told all the same: that is what the want of room costs.
      return [...mirrors.map(atPrice), { ...unplaced, factor: laterFactor }];
    },
  };
}

/** Four digits: figures for people, kept in histories. */
function brief(value: number): number {
  return Number(value.toPrecision(4));
}

function alternatives(planned: TierCounts): { what: string; counts: TierCounts }[] {
  const changed = (by: number) =>
    TIERS.filter((tier) => planned[tier] + by >= 0).map((tier) => ({
      what: `one ${tier} ${by < 0 ? 'less' : 'more'}`,
      counts: { ...planned, [tier]: planned[tier] + by },
    }));
  const nothing = { what: 'nothing', counts: NO_INSTANCES };
  const less = totalInstances(planned) > 0 ? [...changed(-1), nothing] : [];
  return [{ what: 'planned', counts: planned }, ...less, ...changed(1)];
}

/** An instance by its ticks to serve. `mirror` counts mirrors from the readiest; the primary's own have none. */
interface Held {
  position: number;
  mirror?: number;
}

/** Where a mirror is to be, and what it costs there, times the prices. */
interface Goal {
  tier: Tier | 'off';
  factor: number;
}

/** Of the primary's own. */
const SERVING: Goal = { tier: 'full', factor: 1 };

/** The levels of demand beyond what the primary serves, each with the instance that stands for it: the readiest lowest. */
class Levels {
  readonly horizonTicks: number;
  readonly #input: CostLevelsInput;
  readonly #held: Held[];
  readonly #nowhere: Goal;
  readonly #ready: number;
  readonly #outlook: Outlook;
  /** Expected cost of what comes beyond them. */
  readonly #beyond: number;
  /** By price factor. */
  readonly #planners = new Map<number, CoursePlanner>();
  /** By level, price factor and goal: options share most. */
  readonly #costs = new Map<string, CourseCost>();

  constructor(input: CostLevelsInput, mirrors: number, laterFactor: number) {
    const { fleet, nearTerm, perInstance, prices, violationCost } = input;
    this.#input = input;
    this.#nowhere = { tier: 'off', factor: laterFactor };
    const planner = this.#planner(1);
    this.horizonTicks = planner.horizonTicks;
    this.#held = heldBeyondReady(fleet, planner, mirrors);
    this.#ready = primaryCapacity(fleet).ready;
    this.#outlook = inInstances(nearTerm, perInstance);
    const hours = (this.horizonTicks * TICK_MS) / 3_600_000;
    const excess = meanExcess(this.#outlook, this.#ready + this.#held.length);
    this.#beyond = excess * hours * violationCost * prices.full;
  }

  costOf(places: readonly Place[]): CourseCost {
    const sum = { instances: 0, violations: this.#beyond };
    const goals = goalsOf(places);
    this.#held.forEach(({ mirror }, index) => {
      const goal = mirror === undefined ? SERVING : (goals[mirror] ?? this.#nowhere);
      const cost = this.#cost(index, goal);
      sum.violations += cost.violations;
      // The primary's instances are what they are, whatever is decided about mirrors.
      if (mirror !== undefined) sum.instances += cost.instances;
    });
    return sum;
  }

  #cost(index: number, { tier, factor }: Goal): CourseCost {
    const key = `${index} ${factor} ${tier}`;
    const known = this.#costs.get(key);
    if (known) return known;
    const planner = this.#planner(factor);
    const { position } = this.#held[index]!;
    const level = this.#ready + index;
    const need = new NeedOfLevel(this.#outlook, planner.horizonTicks).of(level).perTick();
    const calls = this.#input.nearTerm.callsPerHour[level] ?? 0;
    planner.tierFor(position, need, calls);
    const goal = tier === 'off' ? planner.off : planner.positionOf(tier);
    const cost = planner.costVia(goal, position, need, calls);
    this.#costs.set(key, cost);
    return cost;
  }

  #planner(factor: number): CoursePlanner {
    const known = this.#planners.get(factor);
    if (known) return known;
    const planner = plannerOf(atPrice(factor, this.#input));
    this.#planners.set(factor, planner);
    return planner;
  }
}

/** One goal a mirror, the readiest first, among them the cheapest. */
function goalsOf(places: readonly Place[]): Goal[] {
  const cheapestFirst = [...places].sort((a, b) => a.factor - b.factor);
  return TIERS.flatMap((tier) =>
    cheapestFirst.flatMap(({ factor, [tier]: count }) => Array<Goal>(count).fill({ tier, factor })),
  );
}

/** Mirrors that are there, so many in all, and what the primary has asked for, the readiest first. */
function heldBeyondReady(fleet: FleetState, planner: CoursePlanner, mirrors: number): Held[] {
  const standing = standingOf(fleet, planner);
  const at = standing.mirrors.flatMap(({ position, count }) => Array<number>(count).fill(position));
  const held: Held[] = Array.from({ length: mirrors }, (_, mirror) => ({
    position: at[mirror] ?? planner.off,
    mirror,
  }));
  const { position, count } = standing.coming;
  const onTheirWay = Array<Held>(count).fill({ position });
  return [...held, ...onTheirWay].sort((a, b) => a.position - b.position);
}

/** Demand beyond so many instances to be expected, mean over the outlook's time. */
function meanExcess({ timesMs, values, weights }: Outlook, instances: number): number {
  const at = values.map((own) => {
    let excess = 0;
    for (let i = own.length - 1; i >= 0 && own[i]! > instances; i--)
      excess += weights[i]! * (own[i]! - instances);
    return excess;
  });
  const span = timesMs.at(-1)! - timesMs[0]!;
  if (!(span > 0)) return at[0] ?? 0;
  let area = 0;
  for (let i = 1; i < at.length; i++) area += ((timesMs[i]! - timesMs[i - 1]!) * (at[i]! + at[i - 1]!)) / 2;
  return area / span;
}
