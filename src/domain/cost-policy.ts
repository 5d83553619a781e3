import type { CoursePlanner } from './cost-course.ts';
import { TICK_MS } from './cost-course.ts';
import type { TierCounts } from './tier.ts';
import { NO_INSTANCES } from './tier.ts';

/** Demand to come, in instances, as distributions at a few times; lines are drawn between them. */
export interface Outlook {
  /** Times after the decision, ascending, ms. */
  timesMs: readonly number[];
  /** Per time, the distribution as equally indexed values, ascending. */
  values: readonly ArrayLike<number>[];
  /** Probability of each value; they sum to 1. */
  weights: ArrayLike<number>;
}

/** How often each level is called: needed while its instance does not serve. */
export interface Calls {
  /** Levels that were ever needed. */
  readonly levels: number;
  perHour(level: number): number;
}

/** A low value of each distribution: levels below it are needed almost surely. */
const ALMOST_SURE = 4;
/** Beyond this many times what was ever needed, a distribution's tail is extrapolation and buys nothing. */
const BELIEVABLE = 4;

/**
 * The `cost` policy: instances wanted in each tier, each level of demand by the cheapest course of its own instance. The
 * readiest instances belong to the lowest levels.
 * @param at instances by ticks to serve: `at[0]` serve
 * @param lasting demand in instances that held through the two newest samples: never less is kept full
 */
export function costCounts(
  planner: CoursePlanner,
  calls: Calls,
  outlook: Outlook,
  at: Int32Array,
  lasting: number,
): TierCounts {
  const counts = { ...NO_INSTANCES };
  const { tops, sure } = extentOf(outlook);
  const highest = Math.ceil(Math.max(Math.min(tops, BELIEVABLE * calls.levels), calls.levels));
  const reactive = Math.ceil(lasting - 1e-9);
  const need = new NeedOfLevel(outlook, planner.horizonTicks);
  const rank = readiness(at, planner.off);
  let tier: 'full' | 'warm' | 'shadow' | 'off' = 'full';
  for (let level = 0; level < Math.max(highest, reactive); level++) {
    const position = rank();
    if (level < reactive || level + 1 <= sure) {
      counts.full++;
      continue;
    }
    const own = tierOf(planner, need.of(level), position, calls.perHour(level));
    // A level above is never readier than one below: instances are exchanged without loss.
    if (ORDER[own] > ORDER[tier]) tier = own;
    if (tier !== 'off') counts[tier]++;
  }
  return counts;
}

const ORDER = { full: 0, warm: 1, shadow: 2, off: 3 };

function tierOf(planner: CoursePlanner, need: Need, position: number, callsPerHour: number) {
  if (need.least > planner.sureNeed) return 'full';
  if (need.most < planner.negligibleNeed) {
    const resting = planner.restingTier(position, callsPerHour, need.most);
    // Only where a readier rest would be cheaper there is something to plan: whether raising it pays within the horizon.
    if (resting === planner.restingTier(0, callsPerHour, need.most)) return resting;
  }
  return planner.tierFor(position, need.perTick(), callsPerHour);
}

function extentOf({ values }: Outlook): { tops: number; sure: number } {
  let [tops, sure] = [0, Infinity];
  for (const own of values) {
    tops = Math.max(tops, own[own.length - 1]!);
    sure = Math.min(sure, own[ALMOST_SURE]!);
  }
  return { tops, sure };
}

/** Hands out the instances' ticks to serve, the readiest first; then those of none that is there. */
function readiness(at: Int32Array, off: number): () => number {
  let [position, left] = [0, at[0] ?? 0];
  return () => {
    while (left === 0 && position < off) {
      position++;
      left = position < off ? (at[position] ?? 0) : Infinity;
    }
    left--;
    return position;
  };
}

/** Expected share, 0..1, of the instance of one level that a distribution of demand needs: the mean of min(1, demand - level). */
export function expectedNeed(values: ArrayLike<number>, weights: ArrayLike<number>, level: number): number {
  let expected = 0;
  for (let i = values.length - 1; i >= 0 && values[i]! > level; i--)
    expected += weights[i]! * Math.min(1, values[i]! - level);
  return expected;
}

interface Need {
  least: number;
  most: number;
  perTick(): Float64Array;
}

/** Expected share of an instance that one level needs, at each tick ahead. */
export class NeedOfLevel implements Need {
  least = 0;
  most = 0;
  readonly #outlook: Outlook;
  readonly #atTimes: Float64Array;
  readonly #ticks: Float64Array;

  constructor(outlook: Outlook, horizonTicks: number) {
    this.#outlook = outlook;
    this.#atTimes = new Float64Array(outlook.timesMs.length);
    this.#ticks = new Float64Array(horizonTicks);
  }

  of(level: number): this {
    const { values, weights } = this.#outlook;
    this.least = 1;
    this.most = 0;
    for (let time = 0; time < values.length; time++) {
      const expected = expectedNeed(values[time]!, weights, level);
      this.#atTimes[time] = expected;
      this.least = Math.min(this.least, expected);
      this.most = Math.max(this.most, expected);
    }
    return this;
  }

  /** Valid until the next level is asked for. */
  perTick(): Float64Array {
    const { timesMs } = this.#outlook;
    let after = 0;
    for (let tick = 0; tick < this.#ticks.length; tick++) {
      const ms = tick * TICK_MS;
      while (after < timesMs.length - 1 && timesMs[after]! < ms) after++;
      const before = Math.max(0, after - 1);
      const span = timesMs[after]! - timesMs[before]!;
      const share = span > 0 ? Math.min(1, (ms - timesMs[before]!) / span) : 1;
      this.#ticks[tick] = this.#atTimes[before]! + share * (this.#atTimes[after]! - this.#atTimes[before]!);
    }
    return this.#ticks;
  }
}
