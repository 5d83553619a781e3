import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallRates } from '../src/domain/calls.ts';
import { CoursePlanner } from '../src/domain/cost-course.ts';
import type { Outlook } from '../src/domain/cost-policy.ts';
import { costCounts } from '../src/domain/cost-policy.ts';

/** The `cost` policy buys readiness while it is worth its price, and never less than what was seen to last. */
const PRICES = { full: 1, warm: 0.35, shadow: 0.05 };
const TIMES = { coldMs: 300_000, shadowMs: 90_000, warmMs: 30_000 };
const HORIZON = 24;
const plannerAt = (violationCost: number) =>
  new CoursePlanner({ prices: PRICES, timesToServe: TIMES, violationCost }, HORIZON);
const steady = (needed: number) => new Float64Array(HORIZON).fill(needed);

/** The same distribution at all times: `spread` evenly round `centre`. */
function outlookOf(centre: number, spread: number): Outlook {
  const own = Float64Array.from({ length: 40 }, (_, i) => centre + spread * ((i + 0.5) / 20 - 1));
  return {
    timesMs: [0, 300_000, 660_000],
    values: [own, own, own],
    weights: new Float64Array(40).fill(1 / 40),
  };
}

/** Instances by ticks to serve. */
const serving = (count: number) => Int32Array.of(count, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const knownUpTo = (levels: number) => {
  const calls = new CallRates();
  calls.learn(levels, levels);
  return calls;
};

describe('the course of one instance', () => {
  test('is full exactly when its expected need is worth its price', () => {
    const planner = plannerAt(20);
    expect(planner.tierFor(0, steady(0.06), 0)).toBe('full');
    expect(planner.tierFor(0, steady(0.04), 0)).toBe('shadow');
    expect(planner.tierFor(0, steady(0.001), 0)).toBe('off');
    expect(plannerAt(100).tierFor(0, steady(0.02), 0)).toBe('full');
  });

  test('awaits calls in the readier tier the more often they come', () => {
    const order = ['off', 'shadow', 'warm', 'full'];
    const tiers = [0, 0.2, 6, 100].map((calls) => plannerAt(20).restingTier(0, calls));
    expect(tiers).toEqual(order);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (a, b) => {
          const rank = (calls: number) => order.indexOf(plannerAt(20).restingTier(0, calls));
          expect(Math.sign(rank(Math.max(a, b)) - rank(Math.min(a, b)))).not.toBe(-1);
        },
      ),
    );
  });

  test('starts in time for foreseen need, and not before', () => {
    const from = (tick: number) => Float64Array.from({ length: HORIZON }, (_, i) => (i >= tick ? 1 : 0));
    expect(plannerAt(20).tierFor(10, from(10), 0)).toBe('full');
    expect(plannerAt(20).tierFor(10, from(14), 0)).toBe('off');
    expect(plannerAt(20).tierFor(3, from(3), 0)).toBe('full');
    expect(plannerAt(20).tierFor(3, from(7), 0)).toBe('shadow');
  });

  test('costs no more than any plan of rest that it could have followed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: HORIZON, maxLength: HORIZON }),
        fc.constantFrom(0, 1, 3, 10),
        (need, position) => {
          const planner = plannerAt(20);
          planner.tierFor(position, Float64Array.from(need), 0);
          const lost = need.reduce((sum, share) => sum + 20 * share, 0);
          const price = { 0: 1, 1: 0.35, 3: 0.05, 10: 0 }[position]!;
          const resting = (price * HORIZON + (position > 0 ? lost : 0)) / 120;
          expect(planner.costFrom(position)).toBeLessThanOrEqual(resting + 1e-9);
        },
      ),
    );
  });

  test('is refused a horizon in which nothing could be raised', () => {
    const model = { prices: PRICES, timesToServe: TIMES, violationCost: 20 };
    expect(() => new CoursePlanner(model, 10)).toThrow(/horizonTicks is 10: plan more than the 10 ticks/);
  });
});

describe('instances wanted by cost', () => {
  const demand = fc.double({ min: 0, max: 30, noNaN: true });
  const spread = fc.double({ min: 0.01, max: 10, noNaN: true });

  test('are never fewer full than lasting demand needs', () => {
    fc.assert(
      fc.property(demand, spread, demand, (centre, width, lasting) => {
        const counts = costCounts(
          plannerAt(20),
          knownUpTo(30),
          outlookOf(centre, width),
          serving(3),
          lasting,
        );
        expect(counts.full).toBeGreaterThanOrEqual(Math.ceil(lasting - 1e-9));
      }),
    );
  });

  test('are no fewer full when more demand is expected, or a violation costs more', () => {
    fc.assert(
      fc.property(demand, demand, spread, (a, b, width) => {
        const full = (centre: number, violationCost: number) =>
          costCounts(plannerAt(violationCost), knownUpTo(30), outlookOf(centre, width), serving(30), 0).full;
        expect(full(Math.max(a, b), 20)).toBeGreaterThanOrEqual(full(Math.min(a, b), 20));
        expect(full(a, 100)).toBeGreaterThanOrEqual(full(a, 20));
      }),
    );
  });

  test('stay what they are while nothing changes', () => {
    fc.assert(
      fc.property(demand, spread, (centre, width) => {
        const [planner, calls, outlook] = [plannerAt(20), knownUpTo(30), outlookOf(centre, width)];
        const first = costCounts(planner, calls, outlook, serving(30), 0);
        const held = serving(first.full);
        held[1] = first.warm;
        held[3] = first.shadow;
        expect(costCounts(planner, calls, outlook, held, 0)).toEqual(first);
      }),
    );
  });
});

describe('the rate of calls', () => {
  test('is learnt from levels that were needed while nothing served them', () => {
    const calls = new CallRates();
    for (let minute = 0; minute < 3000; minute++) calls.learn(minute % 50 === 0 ? 5 : 1, 1);
    const busy = calls.perHour(4);
    for (let minute = 0; minute < 3000; minute++) calls.learn(minute % 50 === 0 ? 5 : 1, 5);
    expect(busy).toBeGreaterThan(0.5);
    expect(calls.perHour(5)).toBe(0);
  });
});
