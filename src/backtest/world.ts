import type { TierCounts } from '../domain/tier.ts';
import type { TicksToServe, WorldModel } from './model.ts';
import { TICKS_PER_STEP, ticksToServe } from './model.ts';

/** Whole instances wanted per step. The primary is a pool of its own that knows cold starts only. */
export interface Targets {
  primary: Int32Array;
  full: Int32Array;
  warm: Int32Array;
  shadow: Int32Array;
}

/** What happened, per tick: instances that serve, and instances billed at each tier's price. */
export interface Course {
  serving: Int32Array;
  full: Int32Array;
  warm: Int32Array;
  shadow: Int32Array;
}

export function emptyTargets(steps: number): Targets {
  const zeros = () => new Int32Array(steps);
  return { primary: zeros(), full: zeros(), warm: zeros(), shadow: zeros() };
}

export function emptyCourse(ticks: number): Course {
  const zeros = () => new Int32Array(ticks);
  return { serving: zeros(), full: zeros(), warm: zeros(), shadow: zeros() };
}

/** Steps from..to (exclusive) of the targets; a view, not a copy. */
export function sliceTargets(targets: Targets, from: number, to: number): Targets {
  return {
    primary: targets.primary.subarray(from, to),
    full: targets.full.subarray(from, to),
    warm: targets.warm.subarray(from, to),
    shadow: targets.shadow.subarray(from, to),
  };
}

/**
 * Replays targets. `startFull` instances serve at the start. The readiest instances are assigned to the readiest tier, so a
 * raised target is met by promoting warm first, then shadow, then cold starts. Down is immediate and free.
 */
export function simulate(targets: Targets, model: WorldModel, startFull: number): Course {
  const steps = targets.full.length;
  const ticks = ticksToServe(model);
  const course = emptyCourse(steps * TICKS_PER_STEP);
  const start = Math.max(startFull, model.floor);
  const startPrimary = Math.min(start, targets.primary[0] ?? 0);
  const full = targets.full.map((wanted, t) => Math.max(wanted, model.floor - targets.primary[t]!));
  runPool({ full, warm: targets.warm, shadow: targets.shadow }, start - startPrimary, ticks, course);
  const none = new Int32Array(steps);
  runPool({ full: targets.primary, warm: none, shadow: none }, startPrimary, ticks, course);
  return course;
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

/** Moves one pool through all steps, adding to the course. */
function runPool(
  targets: Omit<Targets, 'primary'>,
  startFull: number,
  ticks: TicksToServe,
  course: Course,
): void {
  const pool = newPool(ticks, startFull);
  for (let tick = 0; tick < course.serving.length; tick++) {
    const step = Math.floor(tick / TICKS_PER_STEP);
    const wanted = { full: targets.full[step]!, warm: targets.warm[step]!, shadow: targets.shadow[step]! };
    const { serving, full, warm, shadow } = advancePool(pool, wanted, ticks);
    course.serving[tick]! += serving;
    course.full[tick]! += full;
    course.warm[tick]! += warm;
    course.shadow[tick]! += shadow;
  }
}

/** One tick: the readiest instances are assigned to the readiest tier. Returns what serves and what is billed at each price. */
export function advancePool(
  pool: Pool,
  wanted: TierCounts,
  ticks: TicksToServe,
): TierCounts & { serving: number } {
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
