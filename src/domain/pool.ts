import { TICK_MS } from './cost-course.ts';
import type { TierCounts, TimesToServe } from './tier.ts';

/** Ticks that an instance of each readiness is away from serving. */
export interface TicksToServe {
  cold: number;
  shadow: number;
  warm: number;
}

/** Measured times in whole ticks, rounded up; a readier tier is the faster one by a tick at least. */
export function inTicks({ warmMs, shadowMs, coldMs }: TimesToServe): TicksToServe {
  const ticks = (ms: number) => Math.max(1, Math.ceil(ms / TICK_MS));
  const warm = ticks(warmMs);
  const shadow = Math.max(warm + 1, ticks(shadowMs));
  return { warm, shadow, cold: Math.max(shadow + 1, ticks(coldMs)) };
}

/** One pool of instances: `at[0]` serve, the others are so many ticks away; at[cold] would be off and stays unused. */
export interface Pool {
  at: Int32Array;
  next: Int32Array;
}

export function newPool(ticks: TicksToServe, serving = 0): Pool {
  const at = new Int32Array(ticks.cold + 1);
  at[0] = serving;
  return { at, next: new Int32Array(ticks.cold + 1) };
}

/** Instances in one tick: those that serve, and those billed at each tier's price (starts and promotions as full). */
export interface Spent extends TierCounts {
  serving: number;
}

/** One tick: the readiest instances are assigned to the readiest tier. Returns what serves and what is billed at each price. */
export function advancePool(pool: Pool, wanted: TierCounts, ticks: TicksToServe): Spent {
  const { at, next } = pool;
  const spent = { serving: 0, full: 0, warm: 0, shadow: 0 };
  next.fill(0);
  let { full: wantFull, warm: wantWarm, shadow: wantShadow } = wanted;
  for (let p = 0; p < ticks.cold; p++) {
    let here = at[p]!;
    if (here === 0) continue;
    const full = Math.min(here, wantFull);
    wantFull -= full;
    here -= full;
    if (p === 0) spent.serving += full;
    next[Math.max(0, p - 1)]! += full;
    spent.full += full;

    const warm = Math.min(here, wantWarm);
    wantWarm -= warm;
    here -= warm;
    spent[rest(warm, p, ticks.warm, next) ? 'warm' : 'full'] += warm;

    const shadow = Math.min(here, wantShadow);
    wantShadow -= shadow;
    spent[rest(shadow, p, ticks.shadow, next) ? 'shadow' : 'full'] += shadow;
    // Whoever is left is not wanted: stopped by not being taken over.
  }
  const started = wantFull + wantWarm + wantShadow;
  next[ticks.cold - 1]! += started;
  spent.full += started;
  pool.at = next;
  pool.next = at;
  return spent;
}

/** Holds instances at a tier's resting place if they are that near or nearer; else they come one tick closer: not at rest. */
function rest(count: number, position: number, place: number, next: Int32Array): boolean {
  const rests = position <= place;
  next[rests ? place : position - 1]! += count;
  return rests;
}
