import type { CourseCost, CoursePlanner } from './cost-course.ts';
import { TICK_MS } from './cost-course.ts';
import type { CostLevelsInput } from './cost-levels.ts';
import { inInstances, plannerOf, standingOf } from './cost-levels.ts';
import type { Outlook } from './cost-policy.ts';
import { NeedOfLevel } from './cost-policy.ts';
import { spendPerHour } from './cost.ts';
import { carriedBy, primaryCapacity } from './levels.ts';
import type { DecideInput } from './decide.ts';
import type { Decision, FleetState } from './plan.ts';
import type { TierCounts } from './tier.ts';
import { NO_INSTANCES, TIERS, sumOf, totalInstances } from './tier.ts';

/** What a plan is expected to cost until the horizon, beside what else could have been done now. */
export interface ExpectedCost {
  horizonMs: number;
  currency: string;
  /** What is planned first, then what was not done. */
  options: CostedOption[];
}

/** Money is in the prices' currency, of mirrors only, at the prices without a zone's factor. */
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

/**
 * What the plan and its neighbours are expected to cost. Each instance makes for its tier now and takes its cheapest course
 * from there, by the same weighing as policy `cost` (`cost-course.ts`); what may come beyond one instance more than is planned
 * goes unserved in all of them alike.
 */
export function expectedCost(input: CostLevelsInput, planned: TierCounts): ExpectedCost {
  const planner = plannerOf(input);
  const options = alternatives(planned);
  const levels = new Levels(input, planner, totalInstances(planned) + 1);
  return {
    horizonMs: planner.horizonTicks * TICK_MS,
    currency: input.prices.currency,
    options: options.map(({ what, counts }) => {
      const { instances, violations } = levels.costOf(counts);
      const perHour = spendPerHour(counts, input.prices);
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
  return { ...decision, reasons: { ...reasons, expected: expectedCost(weighed, sumOf(plan.mirrors)) } };
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

/** The levels of demand beyond what the primary serves, each with the instance that stands for it: the readiest lowest. */
class Levels {
  readonly #planner: CoursePlanner;
  readonly #held: Held[];
  readonly #ready: number;
  readonly #calls: readonly number[];
  readonly #outlook: Outlook;
  /** Expected cost of what comes beyond them. */
  readonly #beyond: number;
  /** By level, then by goal: options share most. */
  readonly #costs: Map<number, CourseCost>[] = [];

  constructor(input: CostLevelsInput, planner: CoursePlanner, mirrors: number) {
    const { fleet, nearTerm, perInstance, prices, violationCost } = input;
    this.#planner = planner;
    this.#held = heldBeyondReady(fleet, planner, mirrors);
    this.#ready = primaryCapacity(fleet).ready;
    this.#calls = nearTerm.callsPerHour;
    this.#outlook = inInstances(nearTerm, perInstance);
    const hours = (planner.horizonTicks * TICK_MS) / 3_600_000;
    const excess = meanExcess(this.#outlook, this.#ready + this.#held.length);
    this.#beyond = excess * hours * violationCost * prices.full;
  }

  costOf({ full, warm, shadow }: TierCounts): CourseCost {
    const sum = { instances: 0, violations: this.#beyond };
    const goalOf = (mirror: number) => {
      if (mirror < full) return this.#planner.positionOf('full');
      if (mirror < full + warm) return this.#planner.positionOf('warm');
      return mirror < full + warm + shadow ? this.#planner.positionOf('shadow') : this.#planner.off;
    };
    this.#held.forEach(({ mirror }, index) => {
      const cost = this.#cost(index, mirror === undefined ? 0 : goalOf(mirror));
      sum.violations += cost.violations;
      // The primary's instances are what they are, whatever is decided about mirrors.
      if (mirror !== undefined) sum.instances += cost.instances;
    });
    return sum;
  }

  #cost(index: number, goal: number): CourseCost {
    const known = (this.#costs[index] ??= this.#costsAt(index));
    return known.get(goal)!;
  }

  /** What the level's instance would cost by each place that it may make for. */
  #costsAt(index: number): Map<number, CourseCost> {
    const { position } = this.#held[index]!;
    const level = this.#ready + index;
    const need = new NeedOfLevel(this.#outlook, this.#planner.horizonTicks).of(level).perTick();
    const calls = this.#calls[level] ?? 0;
    this.#planner.tierFor(position, need, calls);
    const goals = [...TIERS.map((tier) => this.#planner.positionOf(tier)), this.#planner.off];
    return new Map(goals.map((goal) => [goal, this.#planner.costVia(goal, position, need, calls)]));
  }
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
