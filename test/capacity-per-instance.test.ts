import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proposeCapacity, type CarriedLoad } from '../src/domain/capacity-per-instance.ts';
import { asLearnt } from '../src/domain/learnt-spec.ts';
import { CAPACITY_BOUND, DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { SPEC } from './support/decide-inputs.ts';
import { seeded } from './support/models-series.ts';

/** What an instance carries is learnt from what it was seen to do, step by step, and not from what says nothing. */

const SPAN_MS = 5 * 60_000;
const DECLARED = 10;
const OBJECTIVES = { availability: 0.999, latencyMs: 2_000, violationCost: 40 };

interface World {
  /** Demand at which the CPU of one instance is at 80%. */
  atTarget: number;
  /** Demand from which on the 99th percentile is beyond the objective. */
  inTime?: number;
  /** Highest demand per instance that comes. */
  highest?: number;
  spans?: number;
  noise?: number;
  /** Share of spans that say something else altogether. */
  wild?: number;
  seed?: number;
}

function carried(world: World): CarriedLoad[] {
  const {
    atTarget,
    inTime = Infinity,
    highest = 1.1 * atTarget,
    spans = 576,
    noise = 0.03,
    wild = 0,
  } = world;
  const random = seeded(world.seed ?? 1);
  return Array.from({ length: spans }, () => {
    const perInstance = highest * (0.2 + 0.8 * random());
    const straight = 0.02 + (0.78 * perInstance) / atTarget;
    const cpu = random() < wild ? random() : straight + noise * (random() + random() - 1);
    const latencyP99Ms = (0.9 + 0.2 * random()) * (500 + 1_500 * (perInstance / inTime) ** 6);
    return { perInstance, cpu: Math.min(1, Math.max(0, cpu)), latencyP99Ms };
  });
}

/** Factors along so many looks back on such a world. */
function learnt(world: World, runs = 15, from = 1): number[] {
  const factors = [from];
  for (let run = 0; run < runs; run++) {
    const spans = carried({ ...world, seed: run + 1 });
    factors.push(proposeCapacity(spans, SPAN_MS, DECLARED, factors.at(-1)!, OBJECTIVES).capacityFactor);
  }
  return factors;
}

describe('the capacity of an instance', () => {
  test('that carries what is declared stays as declared', () => {
    expect(new Set(learnt({ atTarget: 10 }))).toEqual(new Set([1]));
    expect(new Set(learnt({ atTarget: 12, inTime: 10 }))).toEqual(new Set([1]));
  });

  test.each([
    ['CPU', { atTarget: 7 }],
    ['latency', { atTarget: 12, inTime: 7 }],
  ])('that is 30% less by its %s is reached in steps of 10%, and kept', (by, world) => {
    const factors = learnt(world);
    expect(factors.at(-1)).toBeGreaterThan(0.66);
    expect(factors.at(-1)).toBeLessThan(0.78);
    expect(new Set(factors.slice(-8)).size).toBe(1);
    for (const [i, factor] of factors.slice(1).entries()) {
      expect(factor).toBeLessThanOrEqual(factors[i]!);
      expect(factors[i]! / factor).toBeLessThan(CAPACITY_BOUND.factor + 0.005);
    }
    const { why } = proposeCapacity(carried(world), SPAN_MS, DECLARED, 1, OBJECTIVES);
    expect(why).toMatch(
      new RegExp(`^capacityFactor from 1 to 0.909: by its ${by} an instance carries [67].* declared 10$`),
    );
  });

  test('rises only as far as was seen carried in time', () => {
    expect(new Set(learnt({ atTarget: 15, highest: 9 }))).toEqual(new Set([1]));
    const seen = learnt({ atTarget: 15, highest: 13 }).at(-1)!;
    expect(seen).toBeGreaterThan(1.15);
    expect(seen).toBeLessThanOrEqual(1.3);
    expect(learnt({ atTarget: 15, highest: 16 }).at(-1)).toBeGreaterThan(1.35);
  });

  test('is not lowered by latency that does not depend on demand', () => {
    const random = seeded(3);
    for (const share of [0.3, 0.6, 1]) {
      const spans = carried({ atTarget: 10 }).map((span) => ({
        ...span,
        latencyP99Ms: random() < share ? 3_000 : 900,
      }));
      const { moves, evidence } = proposeCapacity(spans, SPAN_MS, DECLARED, 1, OBJECTIVES);
      expect(moves, JSON.stringify(evidence)).toBe(false);
    }
  });

  test('stays as learnt through quiet days, which say little', () => {
    expect(new Set(learnt({ atTarget: 7, highest: 2 }, 10, 0.72))).toEqual(new Set([0.72]));
    expect(new Set(learnt({ atTarget: 12, highest: 2 }, 10, 1.15))).toEqual(new Set([1.15]));
  });

  test('comes back when the truth does', () => {
    expect(learnt({ atTarget: 10 }, 15, 0.7).at(-1)).toBeGreaterThan(0.93);
  });
});

test('little evidence moves little: two hours weigh as much as the declaration', () => {
  const shrunk = (spans: number) =>
    proposeCapacity(carried({ atTarget: 7, spans, noise: 0 }), SPAN_MS, DECLARED, 1, OBJECTIVES).evidence
      .factor;
  expect(shrunk(6)).toBeUndefined();
  const [few, more, many] = [24, 96, 864].map((spans) => shrunk(spans)!);
  expect(few!.shrunk).toBeGreaterThan(more!.shrunk);
  expect(more!.shrunk).toBeGreaterThan(many!.shrunk);
  expect(many!.measured).toBeCloseTo(0.7, 1);
  expect(many!.shrunk).toBeCloseTo(many!.measured, 1);
});

test('spans in which demand may have been more than seen teach nothing', () => {
  const sound = carried({ atTarget: 10 });
  // Thrashing: served demand falls while the CPU is full, or answers wait.
  const thrashing = sound.map(({ perInstance }) => ({ perInstance: perInstance / 3, cpu: 0.99 }));
  const waiting = sound.map((span) => ({ ...span, perInstance: span.perInstance / 3, latencyP99Ms: 9_000 }));
  const { moves, evidence } = proposeCapacity(
    [...sound, ...thrashing, ...waiting],
    SPAN_MS,
    DECLARED,
    1,
    OBJECTIVES,
  );
  expect(moves).toBe(false);
  expect(evidence.spans + evidence.saturated).toBe(3 * sound.length);
  expect(evidence.saturated).toBeGreaterThanOrEqual(2 * sound.length);
});

test('whatever was measured, a step is bounded in itself and in all, and the next on the same comes to rest', () => {
  const measured = fc.record({
    perInstance: fc.double({ min: 0, max: 1e6, noNaN: true }),
    cpu: fc.double({ min: 0, max: 1, noNaN: true }),
    latencyP99Ms: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
  });
  const spansOf = fc
    .array(measured, { maxLength: 60 })
    .map((spans) =>
      spans.map(({ latencyP99Ms, ...span }) =>
        latencyP99Ms === undefined ? span : { ...span, latencyP99Ms },
      ),
    );
  const { least, most, factor } = CAPACITY_BOUND;
  fc.assert(
    fc.property(spansOf, fc.double({ min: least, max: most, noNaN: true }), (spans, start) => {
      let present = Number(start.toPrecision(3));
      for (let run = 0; run < 20; run++) {
        const { capacityFactor: next, moves } = proposeCapacity(
          spans,
          SPAN_MS,
          DECLARED,
          present,
          OBJECTIVES,
        );
        expect(next).toBeGreaterThanOrEqual(least);
        expect(next).toBeLessThanOrEqual(most);
        expect(Math.abs(Math.log(next / present))).toBeLessThan(Math.log(factor) + 0.01);
        if (!moves) expect(next).toBe(present);
        present = next;
      }
      expect(proposeCapacity(spans, SPAN_MS, DECLARED, present, OBJECTIVES).moves).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('wild points change little: one span in six says something else', () => {
  const factors = learnt({ atTarget: 7, wild: 1 / 6 });
  expect(factors.at(-1)).toBeGreaterThan(0.6);
  expect(factors.at(-1)).toBeLessThan(0.8);
  expect(new Set(learnt({ atTarget: 10, wild: 1 / 6 }))).toEqual(new Set([1]));
});

test('the specification as learnt keeps what was declared, however often it is asked for', () => {
  const settings = { ...DEFAULT_SETTINGS, capacityFactor: 0.8 };
  const once = asLearnt(SPEC, settings);
  expect(once.demand.perInstance).toBeCloseTo(0.8 * SPEC.demand.perInstance);
  expect(asLearnt(once, settings)).toEqual(once);
  expect(asLearnt(once, DEFAULT_SETTINGS).demand.perInstance).toBe(SPEC.demand.perInstance);
  expect(asLearnt(SPEC, DEFAULT_SETTINGS)).toBe(SPEC);
});
