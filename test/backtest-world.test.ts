import { describe, expect, test } from 'vitest';
import { falseAlarms, mirrorRuns } from '../src/backtest/alarms.ts';
import type { WorldModel } from '../src/backtest/model.ts';
import { DEFAULT_MODEL, TICKS_PER_HOUR, lagSteps, ticksToServe } from '../src/backtest/model.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { score } from '../src/backtest/score.ts';
import type { Targets } from '../src/backtest/world.ts';
import { emptyTargets, simulate } from '../src/backtest/world.ts';

/** The accounting that every figure of a backtest rests on, by cases that can be counted by hand. */
const MODEL: WorldModel = { ...DEFAULT_MODEL, floor: 0 };
const MINUTES = 20;

function targets(wanted: Partial<Record<keyof Targets, (minute: number) => number>>): Targets {
  const all = emptyTargets(MINUTES);
  for (const tier of ['primary', 'full', 'warm', 'shadow'] as const)
    all[tier].forEach((_, t) => (all[tier][t] = wanted[tier]?.(t) ?? 0));
  return all;
}

function play(wanted: Parameters<typeof targets>[0], startFull: number, model = MODEL, level = 1) {
  const demand = new Float64Array(MINUTES).fill(level);
  const course = simulate(targets(wanted), model, startFull);
  return { ...score(demand, course, model), course };
}

const later = (minute: number) => (minute < 10 ? 0 : 1);
const before = (minute: number) => (minute < 10 ? 1 : 0);

describe('times to serve', () => {
  test('a cold start serves after 300 s and is billed in full meanwhile', () => {
    const result = play({ full: () => 1 }, 0);
    expect(result.unservedHours).toBeCloseTo(5 / 60, 12);
    expect(result.hours).toEqual({ full: 20 / 60, warm: 0, shadow: 0 });
    expect(result.cost).toBeCloseTo(20 / 60 + (20 * 5) / 60, 12);
  });

  test('a warm instance serves after 30 s and rests at the warm price', () => {
    const result = play({ full: later, warm: before }, 1);
    expect(result.unservedHours).toBeCloseTo(10.5 / 60, 12);
    expect(result.hours.warm).toBeCloseTo(10 / 60, 12);
    expect(result.hours.full).toBeCloseTo(10 / 60, 12);
  });

  test('a shadow serves after 90 s and rests at the shadow price', () => {
    const result = play({ full: later, shadow: before }, 1);
    expect(result.unservedHours).toBeCloseTo(11.5 / 60, 12);
    expect(result.hours.shadow).toBeCloseTo(10 / 60, 12);
  });

  test('an instance raised from nothing to warm pays the full price until it is there', () => {
    const { course } = play({ warm: () => 1 }, 0);
    expect([...course.full.subarray(0, 10)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect([...course.warm.subarray(8, 11)]).toEqual([0, 1, 1]);
  });

  test('the readiest instances are promoted first, and only the rest starts cold', () => {
    const result = play(
      { full: (t) => (t < 10 ? 0 : 3), warm: (t) => (t < 10 ? 1 : 0), shadow: (t) => (t < 10 ? 1 : 0) },
      2,
      MODEL,
      3,
    );
    expect([...result.course.serving.subarray(20, 32)]).toEqual([0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3]);
  });

  test('the primary knows cold starts only, and its instances never become shadows of the mirror', () => {
    const result = play({ primary: (t) => (t < 5 ? 1 : 0), full: later, shadow: before }, 1);
    expect(result.course.serving[0]).toBe(1);
    expect(result.course.serving[10]).toBe(0);
    expect(result.course.full[0]).toBe(2);
  });

  test('going down is immediate and free', () => {
    const { course } = play({ full: before }, 1);
    expect(course.full[19]).toBe(1);
    expect(course.full[20]).toBe(0);
    expect(course.serving[20]).toBe(0);
  });

  test('the floor serves whatever is wanted, and the primary counts towards it', () => {
    const floored = { ...MODEL, floor: 1 };
    expect(play({}, 0, floored).hours.full).toBeCloseTo(20 / 60, 12);
    expect(play({ primary: () => 1 }, 1, floored).hours.full).toBeCloseTo(20 / 60, 12);
  });
});

test('shortfall is counted per minute, and the VMs in overload per day', () => {
  const result = play({ full: () => 10 }, 10, MODEL, 10.4);
  expect(result.minutesShort).toBe(MINUTES);
  expect(result.minutesOver5Short).toBe(0);
  expect(result.unservedShare).toBeCloseTo(0.4 / 10.4, 12);
  expect(result.vmsUsedPerDay).toBeCloseTo(10, 12);
  expect(result.vmsOverloadedPerDay).toBeCloseTo(10, 12);
  expect(play({ full: () => 10 }, 10, MODEL, 10.6).minutesOver5Short).toBe(MINUTES);
});

test('violations are priced in hours of a full instance, whatever the currency', () => {
  const dollars = { ...MODEL, prices: { full: 0.2, warm: 0.07, shadow: 0.01 } };
  const wanted = { full: later, warm: before };
  expect(play(wanted, 1, dollars).cost).toBeCloseTo(0.2 * play(wanted, 1).cost, 12);
  expect(TICKS_PER_HOUR).toBe(120);
});

test('a mirror run lasts from the first instance outside the primary to the last', () => {
  const wanted = targets({
    primary: () => 3,
    shadow: (t) => (t < 4 ? 1 : 0),
    full: (t) => ((t >= 4 && t < 6) || t > 15 ? 2 : 0),
  });
  expect(mirrorRuns(wanted)).toBe(2);
});

test('a false alarm is an instance raised and let go again that demand never needed in between', () => {
  const demand = Float64Array.from({ length: MINUTES }, (_, t) => (t === 8 ? 1.5 : 0.5));
  const raised = (from: number, to: number, count: number) => (t: number) =>
    t >= from && t < to ? count : 0;
  // One serves all along; of two more, demand needs one of them, and later one that nobody needs.
  const wanted = targets({ primary: () => 1, full: raised(6, 10, 2), warm: raised(14, 16, 1) });
  expect(falseAlarms(demand, wanted)).toBe(2);
  // What is there from the start or still at the end has not proved anything yet.
  expect(falseAlarms(demand, targets({ full: raised(0, 4, 9), shadow: raised(12, MINUTES, 5) }))).toBe(0);
});

test('a missed spike is a stretch of minutes over 5% short, however long', () => {
  const demand = Float64Array.from({ length: MINUTES }, (_, t) => ((t > 3 && t < 7) || t === 12 ? 2 : 1));
  const course = simulate(targets({ full: () => 1 }), MODEL, 1);
  expect(score(demand, course, MODEL)).toMatchObject({ missedSpikes: 2, minutesOver5Short: 4 });
});

test('a decision knows a step only once it is over and the delay has passed', () => {
  expect(lagSteps({ ...MODEL, observationDelayMs: 0 })).toBe(1);
  expect(lagSteps({ ...MODEL, observationDelayMs: 60_000 })).toBe(2);
  expect(lagSteps({ ...MODEL, observationDelayMs: 90_000 })).toBe(3);
  const seen: number[] = [];
  decideAlong(
    (observed, t) => {
      seen.push(t - observed.length);
      return { primary: 0, full: 0.2, warm: 0, shadow: 0 };
    },
    new Float64Array(6),
    2,
  );
  expect(seen).toEqual([1, 1, 1, 1]);
});

test('times that the world cannot keep, and wants that nobody can meet, are refused by name', () => {
  const times = { coldMs: 300_000, shadowMs: 90_000, warmMs: 45_000 };
  expect(() => ticksToServe({ ...MODEL, timesToServe: times })).toThrow(/warmMs is 45000.*multiple of 30000/);
  expect(() => ticksToServe({ ...MODEL, timesToServe: { ...times, warmMs: 120_000 } })).toThrow(/readier/);
  const wantsNothingSensible = () => ({ primary: 0, full: Number.NaN, warm: 0, shadow: 0 });
  expect(() => decideAlong(wantsNothingSensible, new Float64Array(3), 1)).toThrow(
    /full wanted at step 1 is NaN/,
  );
});
