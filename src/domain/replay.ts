import type { ApplicationSpec } from './application.ts';
import { TICK_MS } from './cost-course.ts';
import type { Prices } from './cost.ts';
import { spendPerHour } from './cost.ts';
import { decide } from './decide.ts';
import type { ForecastDigest } from './forecast.ts';
import type { Decision, DecisionMemory, Settings } from './plan.ts';
import { EMPTY_MEMORY } from './plan.ts';
import type { Replay } from './propose-settings.ts';
import type { SimulatedPrimary } from './simulated-fleet.ts';
import { SimulatedFleet } from './simulated-fleet.ts';
import type { TimesToServe } from './tier.ts';

/** What a replay supposes of the world: what the decision is told, and the primary's autoscaler. */
export interface ReplayWorld {
  spec: ApplicationSpec;
  prices: Prices;
  timesToServe: TimesToServe;
  primary: SimulatedPrimary;
}

/** The last days as they were lived through. */
export interface Recent {
  /** What was forecast at each look, oldest first: decided on again, never forecast again. */
  looks: readonly ForecastDigest[];
  /**
   * Demand that came, in the demand's unit: `values[i]` over the step that ENDS at `startAt + i * stepMs`, from the first look
   * on at least. NaN where no sample is: the one before it holds. Replayed is what has both, from the first look on.
   */
  demand: { startAt: number; stepMs: number; values: ArrayLike<number> };
  world: ReplayWorld;
}

const TICKS_PER_HOUR = 3_600_000 / TICK_MS;

/** A past lived through again under other settings: the product's own decision drives a simulated fleet, look by look. */
export class ReplayedPast {
  /** Cost of instances and violations per hour since the start, in the prices' currency; the last hour may be under way. */
  readonly hourly: number[] = [];
  /** Of that, since the start, what unserved demand costs. */
  violations = 0;
  readonly #world: ReplayWorld;
  readonly #settings: Settings;
  readonly #fleet: SimulatedFleet;
  #memory: DecisionMemory = EMPTY_MEMORY;
  #ticks = 0;

  /** @param demand at the start, in the demand's unit: the primary serves it then */
  constructor(world: ReplayWorld, settings: Settings, demand: number) {
    const { primary, timesToServe, spec } = world;
    const needed = demand / (spec.demand.perInstance * (primary.utilizationTarget ?? 1));
    this.#world = world;
    this.#settings = settings;
    this.#fleet = new SimulatedFleet(primary, timesToServe, Math.ceil(needed - 1e-9));
  }

  /** @param settings of this look, where they are not those of the start */
  look(forecast: ForecastDigest, settings = this.#settings): Decision {
    const decision = decideOn(this.#fleet, this.#world, settings, this.#memory, forecast);
    this.#memory = decision.memory;
    return decision;
  }

  /** One look of the primary's autoscaler, which sees this demand (in its unit). */
  autoscale(demand: number, now: number): void {
    this.#fleet.autoscale(demand / this.#world.spec.demand.perInstance, now);
  }

  /** `TICK_MS` pass in which demand was this, in its unit. */
  pass(demand: number): void {
    const { prices, spec } = this.#world;
    const spent = this.#fleet.tick();
    const unserved = Math.max(0, demand / spec.demand.perInstance - spent.serving);
    const violations = unserved * spec.objectives.violationCost * prices.full;
    const cost = spendPerHour(spent, prices) + violations;
    this.violations += violations / TICKS_PER_HOUR;
    const hour = Math.floor(this.#ticks++ / TICKS_PER_HOUR);
    this.hourly[hour] = (this.hourly[hour] ?? 0) + cost / TICKS_PER_HOUR;
  }
}

/** Decides by the product's own `decide` about a simulated fleet, and lets the plan take effect. */
export function decideOn(
  fleet: SimulatedFleet,
  { spec, prices, timesToServe, primary }: ReplayWorld,
  settings: Settings,
  memory: DecisionMemory,
  forecast: ForecastDigest,
): Decision {
  const decision = decide({
    forecast,
    fleet: fleet.state,
    capacity: spec.mirrors.zones.map((zone) => ({ zone, quotaLeft: spec.mirrors.limits.instances })),
    prices,
    spec,
    settings,
    memory,
    forced: {},
    paused: false,
    timesToServe,
    primaryMinimumBefore: primary.minimum,
  });
  fleet.adopt(decision.plan);
  return decision;
}

/** The last days as a function of settings, for `proposeSettings`: each call decides every look again. Pure. */
export function replayOf({ looks, demand, world }: Recent): Replay {
  const { startAt, stepMs, values } = demand;
  const endMs = startAt + (values.length - 1) * stepMs;
  const startMs = looks[0]?.issuedAt ?? endMs;
  return (settings) => {
    const past = new ReplayedPast(world, settings, looks[0]?.observed ?? 0);
    let [next, now] = [0, looks[0]?.observed ?? 0];
    for (let at = startMs; at + TICK_MS <= endMs; at += TICK_MS) {
      while (looks[next] && looks[next]!.issuedAt <= at) past.look(looks[next++]!);
      const value = values[Math.ceil((at + TICK_MS - startAt) / stepMs)];
      if (value !== undefined && !Number.isNaN(value)) now = value;
      past.pass(now);
      past.autoscale(now, at + TICK_MS);
    }
    return past.hourly;
  };
}
