import type { Prices } from './cost.ts';
import type { Tier, TimesToServe } from './tier.ts';

/** Grain in which courses are planned. */
export const TICK_MS = 30_000;
/** Ticks planned ahead: 12 minutes, or more where a cold start takes longer. */
export const HORIZON_TICKS = 24;
const TICKS_PER_HOUR = 3_600_000 / TICK_MS;

/** What a decision by cost weighs against each other. */
export interface CostModel {
  prices: Pick<Prices, 'full' | 'warm' | 'shadow'>;
  timesToServe: TimesToServe;
  /** One unserved instance-hour, in hours of a full instance. */
  violationCost: number;
}

/** Expected cost of one instance's course: what is billed, and what it fails to serve. */
export interface CourseCost {
  instances: number;
  violations: number;
}

/** Of the time after a call nobody foresaw, the share of an instance that is needed: demand rarely fills the level at once. */
const NEED_AFTER_CALL = 0.5;
/**
 * Of the need that a forecast expects, the share that an instance misses which goes on resting there: once it is seen that demand
 * comes, the next look raises it, sooner where it rests readier. Chosen on recorded demand (docs/benchmarks.md).
 */
export const MISSED_AT_REST = { full: 0, warm: 0.75, shadow: 0.9, off: 1 } as const;

/**
 * Plans the cheapest course of ONE instance over the next minutes by dynamic programming over its ticks to serve: at rest as
 * full, warm, shadow or off, at that tier's price, or one tick nearer at the full price. What it fails to serve costs
 * `violationCost`. The optimum of hindsight is the same program on known need; here the need of each tick is expected
 * (newsvendor: P(need) x violation cost against the tier's price), and what the forecast cannot foresee is priced as calls:
 * so many an hour, each costing the ticks that the tier needs to serve.
 */
export class CoursePlanner {
  readonly off: number;
  readonly #places: { position: number; price: number; tier: Tier | 'off'; missed: number }[];
  readonly #priceFull: number;
  readonly #lossPrice: number;
  readonly #values: Float64Array[];
  readonly #next: Int16Array[];

  /** @param horizonTicks ticks that are planned ahead; longer than a cold start, or nothing new would ever be raised */
  constructor(model: CostModel, horizonTicks: number) {
    const { prices, timesToServe } = model;
    const ticks = (ms: number) => Math.max(1, Math.ceil(ms / TICK_MS));
    const warm = ticks(timesToServe.warmMs);
    const shadow = Math.max(warm + 1, ticks(timesToServe.shadowMs));
    this.off = Math.max(shadow + 1, ticks(timesToServe.coldMs));
    if (horizonTicks <= this.off)
      throw new Error(
        `horizonTicks is ${horizonTicks}: plan more than the ${this.off} ticks that a cold start takes`,
      );
    const place = (tier: Tier | 'off', position: number, price: number) => ({
      tier,
      position,
      price,
      missed: MISSED_AT_REST[tier],
    });
    this.#places = [
      place('full', 0, prices.full),
      place('warm', warm, prices.warm),
      place('shadow', shadow, prices.shadow),
      place('off', this.off, 0),
    ];
    this.#priceFull = prices.full;
    this.#lossPrice = model.violationCost * prices.full;
    this.#values = Array.from({ length: horizonTicks + 1 }, () => new Float64Array(this.off + 1));
    this.#next = Array.from({ length: horizonTicks }, () => new Int16Array(this.off + 1));
  }

  get horizonTicks(): number {
    return this.#next.length;
  }

  /** Ticks to serve of a tier at rest. */
  positionOf(tier: Tier): number {
    return this.#places.find((place) => place.tier === tier)!.position;
  }

  /** Expected need of one whole tick, 0..1, from which on an instance pays as full whatever comes. */
  get sureNeed(): number {
    return (1.5 * this.#priceFull) / this.#lossPrice;
  }

  /** Expected need below which a tick is not worth its violation: only calls count then. */
  get negligibleNeed(): number {
    return (0.02 * this.#priceFull) / this.#lossPrice;
  }

  /** Expected cost per tick of resting there: its price, and the ticks that each call has to wait. */
  #restCost(place: { position: number; price: number }, callsPerHour: number): number {
    const perTickOfDelay = this.#lossPrice * NEED_AFTER_CALL + this.#priceFull;
    return place.price + (callsPerHour / TICKS_PER_HOUR) * place.position * perTickOfDelay;
  }

  /**
   * The tier in which an instance that is `position` ticks from serving awaits calls cheapest, without being raised.
   * @param need expected share of it in any tick, 0..1
   */
  restingTier(position: number, callsPerHour: number, need = 0): Tier | 'off' {
    let best: { cost: number; tier: Tier | 'off' } = { cost: Infinity, tier: 'off' };
    for (const place of this.#places) {
      const cost = this.#restCost(place, callsPerHour) + place.missed * this.#lossPrice * need;
      if (place.position >= position && cost < best.cost) best = { cost, tier: place.tier };
    }
    return best.tier;
  }

  /**
   * The tier that the cheapest course of an instance makes for.
   * @param need expected need per tick, 0..1
   * @param position ticks that the instance is away from serving
   */
  tierFor(position: number, need: Float64Array, callsPerHour: number): Tier | 'off' {
    this.#solve(need, callsPerHour);
    let held = position;
    for (const next of this.#next) {
      const to = next[held]!;
      if (to >= held || to === 0) return this.#tierAt(to);
      held = to;
    }
    return 'full';
  }

  /** Expected cost, in prices x hours, of the cheapest course from a position; asked after `tierFor` of the same need. */
  costFrom(position: number): number {
    return this.#values[0]![position]! / TICKS_PER_HOUR;
  }

  /**
   * Expected cost, in prices x hours, of an instance that makes for a place first and takes its cheapest course from there;
   * asked after `tierFor` of the same need and calls.
   */
  costVia(goal: number, position: number, need: Float64Array, callsPerHour: number): CourseCost {
    const cost = { instances: 0, violations: 0 };
    let [held, arrived] = [position, false];
    for (let tick = 0; tick < this.horizonTicks; tick++) {
      const to = arrived ? this.#next[tick]![held]! : Math.max(goal, held - 1);
      const rests = to >= held;
      const waits = rests ? (callsPerHour / TICKS_PER_HOUR) * to : 0;
      const raised = { price: this.#priceFull, missed: 1 };
      const { price, missed } = rests ? this.#places.find((place) => place.position === to)! : raised;
      const unserved = missed * need[tick]! + waits * NEED_AFTER_CALL;
      cost.instances += (price + waits * this.#priceFull) / TICKS_PER_HOUR;
      cost.violations += (unserved * this.#lossPrice) / TICKS_PER_HOUR;
      held = to;
      arrived ||= to === goal;
    }
    return cost;
  }

  #tierAt(position: number): Tier | 'off' {
    return this.#places.find((place) => place.position === position)?.tier ?? 'full';
  }

  #solve(need: Float64Array, callsPerHour: number): void {
    const rests = this.#places.map((place) => this.#restCost(place, callsPerHour));
    for (let tick = this.horizonTicks - 1; tick >= 0; tick--) {
      const [value, after, next] = [this.#values[tick]!, this.#values[tick + 1]!, this.#next[tick]!];
      const lost = this.#lossPrice * need[tick]!;
      for (let position = 0; position <= this.off; position++) {
        let [best, to] = [Infinity, 0];
        for (let i = 0; i < rests.length; i++) {
          const { position: place, missed } = this.#places[i]!;
          if (place < position) continue;
          const cost = rests[i]! + missed * lost + after[place]!;
          if (cost < best - 1e-12) [best, to] = [cost, place];
        }
        const nearer = position > 0 ? this.#priceFull + lost + after[position - 1]! : Infinity;
        if (nearer < best - 1e-12) [best, to] = [nearer, position - 1];
        value[position] = best;
        next[position] = to;
      }
    }
  }
}
