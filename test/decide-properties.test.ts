import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spendPerHour } from '../src/domain/cost.ts';
import type { DecideInput } from '../src/domain/decide.ts';
import { decide } from '../src/domain/decide.ts';
import { sumOf, totalInstances } from '../src/domain/tier.ts';
import { AS_OF, MINUTE_MS, forecast, input, nearTerm, specWith } from './support/decide-inputs.ts';

const ZONES = ['us-central1-a', 'us-central1-b', 'us-central1-c', 'us-east1-b'];
const RUNS = { numRuns: 500 };

const demand = fc.double({ min: 0, max: 5_000, noNaN: true });
const window = fc.tuple(demand, demand, demand).map((values) => {
  const [lower, median, upper] = values.sort((a, b) => a - b) as [number, number, number];
  return { lower, median, upper };
});
const count = fc.nat({ max: 12 });
const counts = fc.record({ full: count, warm: count, shadow: count });
const zonePlan = (zone: string) => counts.map((held) => ({ zone, ...held, serving: held.full }));

const anyNearTerm = fc
  .tuple(demand, demand, fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { maxLength: 60 }))
  .map(([centre, spread, callsPerHour]) => nearTerm(centre, spread, callsPerHour));
const anyPolicy = fc.constantFrom('interval' as const, 'cost' as const);

const anyForecast = fc
  .record({
    quality: fc.constantFrom('calibrated' as const, 'cold' as const, 'fallback' as const),
    observed: demand,
    windows: fc.record({ full: window, warm: window, shadow: window }),
    expected: fc.option(window, { nil: undefined }),
    sustained: demand,
    nearTerm: fc.option(anyNearTerm, { nil: undefined }),
  })
  .map((changes) => forecast(changes));

const anyMemory = fc.record({
  wants: fc.array(
    fc
      .record({
        minutes: fc.integer({ min: 1, max: 15 }),
        a: count,
        b: count,
        c: count,
        primaryMinimum: count,
      })
      .map(({ minutes, a, b, c, primaryMinimum }) => {
        const levels = { full: a, fullAndWarm: a + b, fullWarmAndShadow: a + b + c };
        return { at: AS_OF - minutes * MINUTE_MS, ...levels, primaryMinimum, planned: levels };
      }),
    { maxLength: 4 },
  ),
  dryUntil: fc.dictionary(fc.constantFrom(...ZONES), fc.integer({ min: AS_OF - 1e6, max: AS_OF + 1e6 })),
});

const anyInput: fc.Arbitrary<DecideInput> = fc
  .record({
    forecast: anyForecast,
    fleet: fc.record({
      primary: fc.record({
        serving: fc.nat({ max: 30 }),
        minimum: fc.integer({ min: 1, max: 5 }),
        maximum: fc.integer({ min: 6, max: 40 }),
        target: fc.nat({ max: 30 }),
      }),
      mirrors: fc.subarray(ZONES.slice(1)).chain((zones) => fc.tuple(...zones.map(zonePlan))),
    }),
    capacity: fc.tuple(...ZONES.map((zone) => fc.nat({ max: 30 }).map((quotaLeft) => ({ zone, quotaLeft })))),
    spec: fc
      .record({
        instances: fc.nat({ max: 40 }),
        amount: fc.double({ min: 0, max: 3, noNaN: true }),
        policy: anyPolicy,
      })
      .map(({ instances, amount, policy }) =>
        specWith({ zones: ZONES, policy, limits: { instances, spendPerHour: { amount, currency: 'USD' } } }),
      ),
    memory: anyMemory,
    forced: fc.dictionary(fc.constantFrom(...ZONES), counts, { noNullPrototype: true }),
    now: fc.integer({ min: AS_OF, max: AS_OF + 20 * MINUTE_MS }),
  })
  .map((changes) => input(changes));

describe('any decision', () => {
  it('keeps the caps of instances and of spend', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const planned = sumOf(decide(given).plan.mirrors);
        const { instances, spendPerHour: spend } = given.spec.mirrors.limits;
        expect(totalInstances(planned)).toBeLessThanOrEqual(instances);
        expect(spendPerHour(planned, given.prices)).toBeLessThanOrEqual(spend.amount + 1e-9);
      }),
      RUNS,
    );
  });

  it('asks of no zone and of no region for more new instances than its quota allows', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { mirrors } = decide(given).plan;
        const newIn = (zone: string) => {
          const before = given.fleet.mirrors.find((mirror) => mirror.zone === zone);
          const after = mirrors.find((mirror) => mirror.zone === zone);
          return Math.max(0, (after ? totalInstances(after) : 0) - (before ? totalInstances(before) : 0));
        };
        const left = (zone: string) => given.capacity.find((entry) => entry.zone === zone)!.quotaLeft;
        for (const zone of ZONES) {
          const dry = (given.memory.dryUntil[zone] ?? 0) > AS_OF;
          expect(newIn(zone)).toBeLessThanOrEqual(dry ? 0 : left(zone));
        }
        const central = ['us-central1-b', 'us-central1-c'];
        const inRegion = central.reduce((sum, zone) => sum + newIn(zone), 0);
        expect(inRegion).toBeLessThanOrEqual(Math.max(...central.map(left)));
      }),
      RUNS,
    );
  });

  it("uses allowed zones only, never the primary's own, each once, whole instances", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { mirrors } = decide(given).plan;
        const zones = mirrors.map((mirror) => mirror.zone);
        expect(new Set(zones).size).toBe(zones.length);
        for (const mirror of mirrors) {
          expect(ZONES.slice(1)).toContain(mirror.zone);
          for (const tier of [mirror.full, mirror.warm, mirror.shadow]) {
            expect(Number.isInteger(tier) && tier >= 0).toBe(true);
          }
          expect(totalInstances(mirror)).toBeGreaterThan(0);
        }
      }),
      RUNS,
    );
  });

  it("keeps the primary's minimum between what it was before and its maximum", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { minimum, maximum } = given.fleet.primary;
        const { primaryMinimum } = decide({ ...given, primaryMinimumBefore: minimum }).plan;
        expect(primaryMinimum).toBeGreaterThanOrEqual(minimum);
        expect(primaryMinimum).toBeLessThanOrEqual(maximum);
      }),
      RUNS,
    );
  });

  it('asks for no less in all when the upper bound is higher', () => {
    fc.assert(
      fc.property(anyInput, fc.double({ min: 0, max: 3_000, noNaN: true }), (given, more) => {
        const { windows } = given.forecast;
        const shadow = { ...windows.shadow, upper: windows.shadow.upper + more };
        const higher = { ...given, forecast: { ...given.forecast, windows: { ...windows, shadow } } };
        const size = (decision: ReturnType<typeof decide>) => totalInstances(sumOf(decision.plan.mirrors));
        expect(size(decide(higher))).toBeGreaterThanOrEqual(size(decide(given)));
      }),
      RUNS,
    );
  });

  it('is the same for the same input, changes nothing of it, and survives JSON', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const before = JSON.stringify(given);
        const decision = decide(given);
        expect(decide(structuredClone(given))).toEqual(decision);
        expect(JSON.stringify(given)).toBe(before);
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
      }),
      RUNS,
    );
  });

  it('while paused plans what is, to the instance', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { plan } = decide({ ...given, paused: true });
        const what = given.fleet.mirrors
          .map(({ zone, full, warm, shadow }) => ({ zone, full, warm, shadow }))
          .filter((mirror) => totalInstances(mirror) > 0);
        expect(plan.mirrors).toEqual(what);
        expect(plan.primaryMinimum).toBe(given.fleet.primary.minimum);
      }),
      RUNS,
    );
  });

  it('never asks for less than reaction alone would, where limits and zones allow', () => {
    fc.assert(
      fc.property(anyForecast, fc.nat({ max: 30 }), anyPolicy, (said, serving, policy) => {
        const fleet = { primary: { serving, minimum: 1, maximum: 200, target: serving }, mirrors: [] };
        const spec = specWith({
          policy,
          limits: { instances: 1_000, spendPerHour: { amount: 1e6, currency: 'USD' } },
        });
        const capacity = [{ zone: 'us-central1-b', quotaLeft: 1_000 }];
        const { full } = sumOf(decide(input({ forecast: said, fleet, spec, capacity })).plan.mirrors);
        expect(full).toBeGreaterThanOrEqual(Math.ceil(said.observed / 50 - 1e-9) - serving);
      }),
      RUNS,
    );
  });

  it('an unexpected drop lowers no level, whatever is up', () => {
    fc.assert(
      fc.property(counts, demand, (up, observed) => {
        const fleet = {
          primary: { serving: 10, minimum: 4, maximum: 30, target: 10 },
          mirrors: [{ zone: 'us-central1-b', ...up, serving: up.full }],
        };
        const expected = { lower: observed / 0.8 + 1, median: observed * 2 + 2, upper: observed * 3 + 3 };
        const after = sumOf(
          decide(input({ fleet, forecast: forecast({ observed, expected }) })).plan.mirrors,
        );
        expect(after.full).toBeGreaterThanOrEqual(up.full);
        expect(after.full + after.warm).toBeGreaterThanOrEqual(up.full + up.warm);
        expect(totalInstances(after)).toBeGreaterThanOrEqual(totalInstances(up));
      }),
      RUNS,
    );
  });

  it('raises nothing on a quiet day, however the primary is filled up to its reserve', () => {
    const level = fc.double({ min: 10, max: 400, noNaN: true });
    fc.assert(
      fc.property(level, (base) => {
        const serving = Math.ceil(base / 40);
        const quiet = { lower: base * 0.9, median: base, upper: Math.min(base * 1.1, serving * 45) };
        const fleet = { primary: { serving, minimum: 1, maximum: 30, target: serving }, mirrors: [] };
        const windows = { full: quiet, warm: quiet, shadow: quiet };
        const said = forecast({ observed: base, sustained: base, windows });
        const { plan } = decide(input({ fleet, forecast: said }));
        expect(plan.mirrors).toEqual([]);
        expect(plan.primaryMinimum).toBe(1);
      }),
      RUNS,
    );
  });
});
