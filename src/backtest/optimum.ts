import type { TicksToServe } from '../domain/pool.ts';
import type { WorldModel } from './model.ts';
import { TICKS_PER_STEP, ticksToServe } from './model.ts';
import type { Course } from './world.ts';
import { emptyCourse } from './world.ts';

/**
 * The course that costs least with full knowledge of demand, exactly, level by level. Level i is the share of demand between
 * i and i + 1 instances; one instance is bound to it, and its cheapest course is found by dynamic programming over its ticks
 * to serve. The sum over levels is the optimum of the whole: instances are ordered by readiness and a clairvoyant never
 * breaks off a promotion, so two courses that cross can be exchanged where they cross without loss.
 * It decides at every tick, so it bounds from below every policy, which decides once a step.
 * @param demand per step, in instances
 * @param startFull instances that serve at the start
 */
export function optimum(demand: Float64Array, model: WorldModel, startFull: number): Course {
  const ticks = demand.length * TICKS_PER_STEP;
  // The floor always serves and pays; levels are counted above it.
  const above = new Float64Array(ticks);
  for (let t = 0; t < ticks; t++)
    above[t] = Math.max(0, demand[Math.floor(t / TICKS_PER_STEP)]! - model.floor);
  const course = emptyCourse(ticks);
  course.serving.fill(model.floor);
  course.full.fill(model.floor);

  const program = levelProgram(above, model);
  const levels = Math.ceil(above.reduce((top, value) => Math.max(top, value), 0));
  for (let level = 0; level < levels; level++) solveLevel(program, level, startFull - model.floor, course);
  return course;
}

/** Everything that the levels share. Positions are ticks to serve: 0 serves, `cold` is off. */
interface LevelProgram {
  demand: Float64Array;
  ticks: TicksToServe;
  priceFull: number;
  /** Cost of one unserved instance-tick. */
  lossPrice: number;
  /** Price of resting at each position; Infinity where nothing can rest. */
  restPrice: Float64Array;
  /** A gap in demand of more ticks than this is never worth waiting through. */
  idleAtMost: number;
  /** Per tick and position at its end: the position held during it, plus 1; negative when it was left by moving nearer. */
  came: Int16Array;
  /** Per tick and position held: the position before the fall at the tick's start. */
  fell: Int16Array;
  value: Float64Array;
  after: Float64Array;
}

function levelProgram(demand: Float64Array, model: WorldModel): LevelProgram {
  const ticks = ticksToServe(model);
  const positions = ticks.cold + 1;
  const { full, warm, shadow } = model.prices;
  const restPrice = new Float64Array(positions).fill(Infinity);
  restPrice[0] = full;
  restPrice[ticks.warm] = warm;
  restPrice[ticks.shadow] = shadow;
  restPrice[ticks.cold] = 0;
  const lowest = Math.max(Math.min(full, warm, shadow), 1e-9);
  return {
    demand,
    ticks,
    priceFull: full,
    lossPrice: model.violationCost * full,
    restPrice,
    idleAtMost: Math.floor((ticks.cold * full) / lowest) + 2 * ticks.cold,
    came: new Int16Array(demand.length * positions),
    fell: new Int16Array(demand.length * positions),
    value: new Float64Array(positions),
    after: new Float64Array(positions),
  };
}

/** Adds the level's cheapest course. Stretches that no waiting can join are solved one by one; between them it is off. */
function solveLevel(program: LevelProgram, level: number, startFull: number, course: Course): void {
  const { demand, ticks, idleAtMost } = program;
  const starts = level < startFull;
  let end = 0;
  while (end < demand.length) {
    const atStart = end === 0;
    let need = end;
    while (need < demand.length && demand[need]! <= level) need++;
    if (need === demand.length && !(atStart && starts)) return;
    let last = need;
    for (let t = need; t < demand.length && t - last <= idleAtMost; t++) if (demand[t]! > level) last = t;
    const begin = atStart && starts ? 0 : Math.max(end, need - ticks.cold);
    end = Math.min(demand.length, last + 1);
    program.value.fill(Infinity);
    program.value[atStart && starts ? 0 : ticks.cold] = 0;
    for (let t = begin; t < end; t++) advance(program, t, Math.min(1, Math.max(0, demand[t]! - level)));
    traceBack(program, begin, end, course);
  }
}

/** One tick of the dynamic program: fall or not, then rest or come one tick nearer. */
function advance(program: LevelProgram, t: number, need: number): void {
  const { value, after, came, fell, restPrice, priceFull, lossPrice } = program;
  const positions = value.length;
  const row = t * positions;
  after.fill(Infinity);
  let best = Infinity;
  let from = 0;
  for (let p = 0; p < positions; p++) {
    if (value[p]! < best) {
      best = value[p]!;
      from = p;
    }
    const falls = best < value[p]! && restPrice[p]! < Infinity;
    fell[row + p] = falls ? from : p;
    const held = falls ? best : value[p]!;
    if (held === Infinity) continue;
    const lost = p === 0 ? 0 : lossPrice * need;
    const resting = held + restPrice[p]! + lost;
    if (resting < after[p]!) {
      after[p] = resting;
      came[row + p] = p + 1;
    }
    const nearer = held + priceFull + lost;
    if (p > 0 && nearer < after[p - 1]!) {
      after[p - 1] = nearer;
      came[row + p - 1] = -(p + 1);
    }
  }
  program.value = after;
  program.after = value;
}

function traceBack(program: LevelProgram, begin: number, end: number, course: Course): void {
  const { value, came, fell, ticks } = program;
  let p = 0;
  for (let q = 1; q < value.length; q++) if (value[q]! < value[p]!) p = q;
  for (let t = end - 1; t >= begin; t--) {
    const step = came[t * value.length + p]!;
    p = Math.abs(step) - 1;
    if (step < 0) course.full[t]! += 1;
    else if (p === 0) {
      course.full[t]! += 1;
      course.serving[t]! += 1;
    } else if (p === ticks.warm) course.warm[t]! += 1;
    else if (p === ticks.shadow) course.shadow[t]! += 1;
    p = fell[t * value.length + p]!;
  }
}
