import type { TicksToServe } from '../domain/pool.ts';
import { advancePool, newPool } from '../domain/pool.ts';
import type { WorldModel } from './model.ts';
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
