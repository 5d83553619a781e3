import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TICK_MS } from '../src/domain/cost-course.ts';
import type { WorldModel } from '../src/backtest/model.ts';
import {
  DEFAULT_MODEL,
  TICKS_PER_HOUR,
  TICKS_PER_STEP,
  lagSteps,
  ticksToServe,
} from '../src/backtest/model.ts';
import { optimum } from '../src/backtest/optimum.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { RIVALS } from '../src/backtest/rivals/index.ts';
import { score } from '../src/backtest/score.ts';
import { emptyTargets, simulate } from '../src/backtest/world.ts';

/** The yardstick itself: exact, and out of reach for everybody. */
const optimalCost = (demand: Float64Array, model: WorldModel, start: number) =>
  score(demand, optimum(demand, model, start), model).cost;

/**
 * The cheapest course of `instances` interchangeable instances, by trying every joint move at every tick: no levels, no
 * argument about exchanging courses.
 */
function bruteForce(demand: Float64Array, model: WorldModel, instances: number, start: number): number {
  const { cold, shadow, warm } = ticksToServe(model);
  const { prices } = model;
  const rest = new Map([
    [0, prices.full],
    [warm, prices.warm],
    [shadow, prices.shadow],
    [cold, 0],
  ]);
  const movesFrom = (p: number) => {
    const moves = p > 0 ? [{ to: p - 1, price: prices.full, serves: 0 }] : [];
    for (const [place, price] of rest) {
      if (place >= p) moves.push({ to: place, price, serves: place === 0 ? 1 : 0 });
      if (place > p) moves.push({ to: place - 1, price: prices.full, serves: 0 });
    }
    return moves;
  };
  let states = new Map([[Array.from({ length: instances }, (_, i) => (i < start ? 0 : cold)).join(), 0]]);
  for (let tick = 0; tick < demand.length * TICKS_PER_STEP; tick++) {
    const wanted = demand[Math.floor(tick / TICKS_PER_STEP)]!;
    const next = new Map<string, number>();
    for (const [state, cost] of states) {
      let courses = [{ to: [] as number[], cost, serving: 0 }];
      for (const p of state.split(',').map(Number))
        courses = courses.flatMap((course) =>
          movesFrom(p).map((move) => ({
            to: [...course.to, move.to],
            cost: course.cost + move.price,
            serving: course.serving + move.serves,
          })),
        );
      for (const course of courses) {
        const key = course.to.sort((a, b) => a - b).join();
        const total = course.cost + model.violationCost * prices.full * Math.max(0, wanted - course.serving);
        if (total < (next.get(key) ?? Infinity)) next.set(key, total);
      }
    }
    states = next;
  }
  return Math.min(...states.values()) / TICKS_PER_HOUR;
}

const times = fc.constantFrom([4, 2, 1], [5, 3, 1], [6, 3, 2]).map(([cold, shadow, warm]) => ({
  coldMs: cold! * TICK_MS,
  shadowMs: shadow! * TICK_MS,
  warmMs: warm! * TICK_MS,
}));
const smallModel = fc.record<WorldModel>({
  prices: fc.record({
    full: fc.constantFrom(1, 0.5),
    warm: fc.constantFrom(0.1, 0.35, 0.6),
    shadow: fc.constantFrom(0.01, 0.05, 0.2),
  }),
  timesToServe: times,
  violationCost: fc.constantFrom(2, 5, 20, 100),
  observationDelayMs: fc.constant(60_000),
  floor: fc.constant(0),
});
/** Bursts between quiet spells, in hundredths of an instance. */
const bursts = (peak: number, minutes: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: peak * 100 }), fc.integer({ min: 1, max: 5 })), {
      minLength: minutes,
      maxLength: minutes,
    })
    .map((spells) =>
      Float64Array.from(
        spells.flatMap(([level, length]) => Array<number>(length).fill(level % 3 ? level / 100 : 0)),
      ).slice(0, minutes),
    );

describe('the clairvoyant optimum', () => {
  test('costs what trying every joint course costs', () => {
    fc.assert(
      fc.property(smallModel, bursts(2, 10), fc.integer({ min: 0, max: 2 }), (model, demand, start) => {
        expect(optimalCost(demand, model, start)).toBeCloseTo(bruteForce(demand, model, 2, start), 9);
      }),
      { seed: 6, numRuns: 60 },
    );
  });

  test('waits as a shadow between two bursts when that is cheapest, and starts ahead of the first', () => {
    const demand = new Float64Array(60);
    demand[10] = demand[40] = 1;
    const course = optimum(demand, { ...DEFAULT_MODEL, floor: 0 }, 0);
    expect([...course.serving.subarray(19, 23)]).toEqual([0, 1, 1, 0]);
    // Ten ticks of start, billed in full, just before the burst; then a shadow until three ticks before the next.
    expect([...course.full.subarray(9, 23)]).toEqual([0, ...Array<number>(12).fill(1), 0]);
    expect(course.shadow.reduce((sum, n) => sum + n)).toBe(80 - 22 - 3);
    expect(course.full.subarray(77, 82)).toEqual(Int32Array.from([1, 1, 1, 1, 1]));
  });

  test('is beaten by no plan whatever', () => {
    const plan = (top: number) =>
      fc.array(fc.integer({ min: 0, max: top }), { minLength: 90, maxLength: 90 });
    const model = fc.record({
      violationCost: fc.constantFrom(1, 5, 20, 100),
      floor: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(
        model,
        bursts(6, 90),
        plan(6),
        plan(3),
        plan(6),
        plan(2),
        (chosen, demand, full, warm, shadow, primary) => {
          const world = { ...DEFAULT_MODEL, ...chosen };
          const targets = {
            full: Int32Array.from(full),
            warm: Int32Array.from(warm),
            shadow: Int32Array.from(shadow),
            primary: Int32Array.from(primary),
          };
          const best = optimalCost(demand, world, 2);
          const seesAll = { ...emptyTargets(90), full: Int32Array.from(demand, (value) => Math.ceil(value)) };
          for (const wanted of [targets, seesAll])
            expect(score(demand, simulate(wanted, world, 2), world).cost).toBeGreaterThanOrEqual(best - 1e-9);
        },
      ),
      { seed: 6, numRuns: 200 },
    );
  });

  test('is beaten by no rival', () => {
    const demand = Float64Array.from(
      { length: 4 * 1440 },
      (_, t) => 5 + 4 * Math.sin((t / 1440) * 2 * Math.PI) + 2 * Math.sin(t * t),
    ).map((value) => Math.max(0, value));
    const best = optimalCost(demand, DEFAULT_MODEL, 5);
    for (const rival of RIVALS)
      for (const { policy } of rival.candidates(2 * 1440)) {
        const targets = decideAlong(policy, demand, lagSteps(DEFAULT_MODEL));
        const { cost } = score(demand, simulate(targets, DEFAULT_MODEL, 5), DEFAULT_MODEL);
        expect(cost, rival.name).toBeGreaterThan(best);
      }
  });
});
