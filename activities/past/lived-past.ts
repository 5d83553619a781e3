import { TICK_MS } from '../../src/domain/cost-course.ts';
import { spendPerHour } from '../../src/domain/cost.ts';
import type { ForecastDigest } from '../../src/domain/forecast.ts';
import { servingOf } from '../../src/domain/levels.ts';
import type { Decision, DecisionMemory, Plan, Settings } from '../../src/domain/plan.ts';
import { EMPTY_MEMORY } from '../../src/domain/plan.ts';
import { decideOn } from '../../src/domain/replay.ts';
import type { ReplayWorld } from '../../src/domain/replay.ts';
import { SimulatedFleet } from '../../src/domain/simulated-fleet.ts';
import type { DayBalance } from '../../src/ports/history.ts';

const HOUR_MS = 3_600_000;
/** Guards comparisons against what floating point adds. */
const ROUNDING = 1e-9;

type OwnBalance = Omit<DayBalance, 'optimalCost'>;

/** Plans taking effect on a simulated fleet under the demand that came, and what that cost. */
export class LivedPast {
  readonly #world: ReplayWorld;
  readonly #fleet: SimulatedFleet;
  #memory: DecisionMemory = EMPTY_MEMORY;
  #demand: number;
  #balance: OwnBalance = nothing();
  #short = false;
  #standing: 'none' | 'idle' | 'needed' = 'none';

  /** @param demand at the start, in the demand's unit: the primary serves it then */
  constructor(world: ReplayWorld, demand: number) {
    this.#world = world;
    this.#demand = demand;
    this.#fleet = new SimulatedFleet(world.primary, world.timesToServe, this.#needed());
  }

  /** Instances that serve now. */
  get serving(): number {
    return servingOf(this.#fleet.state);
  }

  /** Decides as the product would have, and lets the plan take effect. */
  look(settings: Settings, forecast: ForecastDigest): Decision {
    const decision = decideOn(this.#fleet, this.#world, settings, this.#memory, forecast);
    this.#memory = decision.memory;
    return decision;
  }

  /** A plan that was decided at the time takes effect. */
  adopt(plan: Plan): void {
    this.#fleet.adopt(plan);
  }

  /** A step passes that ends at `end`; without a sample the one before it holds. */
  step(demand: number | undefined, end: number, stepMs: number): void {
    if (demand !== undefined && !Number.isNaN(demand)) this.#demand = demand;
    for (let at = end - stepMs; at < end; at += TICK_MS) {
      this.#tick();
      this.#fleet.autoscale(this.#demand / this.#world.spec.demand.perInstance, at + TICK_MS);
    }
  }

  /** What was spent and missed since it was last asked. */
  takeBalance(): OwnBalance {
    const balance = this.#balance;
    this.#balance = nothing();
    return balance;
  }

  #tick(): void {
    const { prices, spec } = this.#world;
    const needed = this.#demand / spec.demand.perInstance;
    const spent = this.#fleet.tick();
    const unserved = Math.max(0, needed - spent.serving);
    const hours = TICK_MS / HOUR_MS;
    const balance = this.#balance;
    balance.cost +=
      hours * (spendPerHour(spent, prices) + unserved * spec.objectives.violationCost * prices.full);
    balance.unservedHours += hours * unserved;
    const short = unserved > ROUNDING;
    if (short && !this.#short) balance.missedSpikes++;
    this.#short = short;
    this.#watchMirrors(needed);
  }

  /** A stretch of full mirrors ends: was there a moment at which the primary alone would not have done? */
  #watchMirrors(needed: number): void {
    const { primary, mirrors } = this.#fleet.state;
    const full = mirrors.some((mirror) => mirror.full > 0);
    if (full && needed > primary.serving + ROUNDING) this.#standing = 'needed';
    else if (full && this.#standing === 'none') this.#standing = 'idle';
    if (full || this.#standing === 'none') return;
    if (this.#standing === 'idle') this.#balance.falseAlarms++;
    this.#standing = 'none';
  }

  #needed(): number {
    const { primary, spec } = this.#world;
    const perInstance = spec.demand.perInstance * (primary.utilizationTarget ?? 1);
    return Math.ceil(this.#demand / perInstance - ROUNDING);
  }
}

function nothing(): OwnBalance {
  return { cost: 0, unservedHours: 0, missedSpikes: 0, falseAlarms: 0 };
}
