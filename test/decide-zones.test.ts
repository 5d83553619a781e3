import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ConfigSchema } from '../src/config/config.ts';
import { mirrorSpendPerHour } from '../src/domain/cost.ts';
import type { DecideInput } from '../src/domain/decide.ts';
import { decide } from '../src/domain/decide.ts';
import type { Latencies } from '../src/domain/latency.ts';
import { latencyBetween } from '../src/domain/latency.ts';
import type { DecisionMemory } from '../src/domain/plan.ts';
import { EMPTY_MEMORY } from '../src/domain/plan.ts';
import { sumOf, totalInstances } from '../src/domain/tier.ts';
import { STOCK_OUT_MEMORY_MS, WORTH } from '../src/domain/zone-score.ts';
import { withLatencies } from '../src/worker/zone-latency.ts';
import {
  AS_OF,
  MINUTE_MS,
  PRICES,
  SPEC,
  forecast,
  input,
  interval,
  specWith,
} from './support/decide-inputs.ts';

/** Where mirrors go, and that each zone's score says why. */

const HIGH = interval(700, 760, 800);
const SPIKE = forecast({ windows: { full: HIGH, warm: HIGH, shadow: HIGH } });
const TWO_REGIONS = ['us-central1-b', 'us-east1-c'];

function decideIn(zones: string[], changes: Partial<DecideInput> = {}) {
  const spec = specWith({ zones });
  const capacity = zones.map((zone) => ({ zone, quotaLeft: 50, latencyMs: 1 }));
  return decide(input({ forecast: SPIKE, spec, capacity, ...changes }));
}

function zonesOf({ plan }: ReturnType<typeof decide>): string[] {
  return plan.mirrors.map(({ zone }) => zone);
}

describe('between zones that both have room', () => {
  it('the one nearer to the primary is taken', () => {
    const capacity = [
      { zone: 'us-central1-b', quotaLeft: 50, latencyMs: 33 },
      { zone: 'us-east1-c', quotaLeft: 50, latencyMs: 1 },
    ];
    const decision = decideIn(TWO_REGIONS, { capacity });
    expect(zonesOf(decision)).toEqual(['us-east1-c']);
    const [best, next] = decision.reasons.zones;
    expect(best).toMatchObject({
      zone: 'us-east1-c',
      why: 'holds none, quota for 50 more, 1 ms to the primary',
    });
    expect(best!.parts!.latency - next!.parts!.latency).toBeCloseTo(32 / SPEC.objectives.latencyMs, 2);
  });

  it('one whose latency nobody knows counts as far away', () => {
    const capacity = [
      { zone: 'us-central1-b', quotaLeft: 50 },
      { zone: 'us-east1-c', quotaLeft: 50, latencyMs: 100 },
    ];
    const decision = decideIn(TWO_REGIONS, { capacity });
    expect(zonesOf(decision)).toEqual(['us-east1-c']);
    expect(decision.reasons.zones[1]!.why).toContain('latency unknown');
  });

  it('the cheaper one is taken, a zone by its own price before its region’s', () => {
    const factors = { 'us-central1': 1.3, 'us-east1': 1.5, 'us-east1-c': 1.1 };
    const decision = decideIn(TWO_REGIONS, { prices: { ...PRICES, factors } });
    expect(zonesOf(decision)).toEqual(['us-east1-c']);
    expect(decision.reasons.zones[0]!.why).toContain('price x 1.1');
    const { full, warm, shadow } = decision.plan.mirrors[0]!;
    const paid = 1.1 * (full * PRICES.full + warm * PRICES.warm + shadow * PRICES.shadow);
    expect(decision.reasons.spendPerHour).toBeCloseTo(paid, 9);
  });

  it('one with places reserved is taken', () => {
    const capacity = TWO_REGIONS.map((zone) => ({
      zone,
      quotaLeft: 50,
      reservedLeft: zone.includes('east') ? 4 : 0,
    }));
    const decision = decideIn(TWO_REGIONS, { capacity });
    expect(zonesOf(decision)).toEqual(['us-east1-c']);
    const { parts, why } = decision.reasons.zones[0]!;
    expect(parts!.reserved).toBe((WORTH.reserved * 4) / SPEC.mirrors.limits.instances);
    expect(why).toBe('holds none, quota for 50 more, 4 of them reserved, latency unknown');
  });

  it('one that lately had none to give is trusted again bit by bit', () => {
    const zones = ['us-central1-b', 'us-central1-c'];
    const memory: DecisionMemory = { ...EMPTY_MEMORY, dryUntil: { 'us-central1-b': AS_OF - 1 } };
    const after = decideIn(zones, { memory });
    expect(zonesOf(after)).toEqual(['us-central1-c']);
    expect(after.reasons.zones[1]!.why).toContain('had none to give until 13:59');
    expect(after.memory.dryUntil).toEqual({});
    const trust = (minutes: number) => {
      const asOf = AS_OF + minutes * MINUTE_MS;
      const later = { ...SPIKE, asOf, issuedAt: asOf };
      const { reasons } = decideIn(zones, { forecast: later, memory: after.memory });
      return reasons.zones.find(({ zone }) => zone === 'us-central1-b')!.parts!.obtainability;
    };
    expect(trust(30)).toBeGreaterThan(trust(1));
    expect(trust(STOCK_OUT_MEMORY_MS / MINUTE_MS)).toBe(WORTH.obtainability);
  });

  it('the dearer one is taken as long as its merit is worth more than the difference', () => {
    const mirrors = [{ zone: 'us-central1-b', full: 1, warm: 0, shadow: 0, serving: 1 }];
    const fleet = { primary: { serving: 10, minimum: 4, maximum: 30, target: 10 }, mirrors };
    const grown = (factor: number) =>
      zonesOf(decideIn(TWO_REGIONS, { fleet, prices: { ...PRICES, factors: { 'us-central1': factor } } }));
    expect(grown(1 + WORTH.holds - 0.01)).toEqual(['us-central1-b']);
    expect(grown(1 + WORTH.holds + 0.01)).toEqual(TWO_REGIONS);
    // Nothing makes up for any price.
    const all = { fleet, prices: { ...PRICES, factors: { 'us-central1': 6 } } };
    const capacity = [
      { zone: 'us-central1-b', quotaLeft: 50, reservedLeft: 50, latencyMs: 1 },
      { zone: 'us-east1-c', quotaLeft: 5, latencyMs: 290 },
    ];
    expect(zonesOf(decideIn(TWO_REGIONS, { ...all, capacity }))).toContain('us-east1-c');
  });
});

test('each score is the sum of its parts, best first', () => {
  const { reasons } = decideIn(['us-central1-b', 'us-east1-c', 'us-central1-c']);
  for (const { score, parts } of reasons.zones) {
    expect(Object.keys(parts!)).toEqual(['holds', 'room', 'reserved', 'obtainability', 'latency', 'price']);
    expect(Object.values(parts!).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 6);
  }
  const scores = reasons.zones.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

describe('round trips', () => {
  const table: Latencies = {
    sameRegionMs: 1,
    betweenRegionsMs: { 'us-central1/us-east1': 33 },
    source: 'a test',
  };

  it.each([
    ['us-central1-a', 'us-central1-f', 1],
    ['us-central1-a', 'us-east1-b', 33],
    ['us-east1-b', 'us-central1-a', 33],
    ['us-east1-b', 'europe-west3-a', undefined],
  ])('from %s to %s', (from, to, expected) => {
    expect(latencyBetween(from, to, table)).toBe(expected);
  });

  it('are given with the capacity, and by default for the same region only', async () => {
    const { latencies } = ConfigSchema.parse({ temporal: {}, ledger: {}, api: {} });
    const source = { read: async () => TWO_REGIONS.map((zone) => ({ zone, quotaLeft: 3 })) };
    expect(await withLatencies(source, latencies).read(SPEC)).toEqual([
      { zone: 'us-central1-b', quotaLeft: 3, latencyMs: 1 },
      { zone: 'us-east1-c', quotaLeft: 3, latencyMs: undefined },
    ]);
  });

  it('between regions are given by pairs', () => {
    const latencies = { ...table, betweenRegionsMs: { 'us-east1': 33 } };
    expect(ConfigSchema.safeParse({ temporal: {}, ledger: {}, api: {}, latencies }).success).toBe(false);
  });
});

// ---- laws --------------------------------------------------------------------------------------------------------

const ZONES = ['us-central1-a', 'us-central1-b', 'us-central1-c', 'us-east1-b', 'europe-west3-a'];
const OTHERS = ZONES.slice(1);
const anyInput = fc
  .record({
    high: fc.double({ min: 0, max: 2_500, noNaN: true }),
    availability: fc.constantFrom(0.999, 0.9999),
    quota: fc.array(fc.nat({ max: 40 }), { minLength: 5, maxLength: 5 }),
    latency: fc.array(fc.option(fc.double({ min: 0.1, max: 400, noNaN: true }), { nil: undefined }), {
      minLength: 5,
      maxLength: 5,
    }),
    dry: fc.subarray(OTHERS),
    factors: fc.dictionary(
      fc.constantFrom(...ZONES, 'us-central1', 'us-east1'),
      fc.double({ min: 0.5, max: 3, noNaN: true }),
      { noNullPrototype: true },
    ),
    amount: fc.double({ min: 0, max: 4, noNaN: true }),
  })
  .map(({ high, availability, quota, latency, dry, factors, amount }) => {
    const up = interval(high, high, high);
    const spec = specWith({
      zones: ZONES,
      limits: { instances: 60, spendPerHour: { amount, currency: 'USD' } },
    });
    return input({
      forecast: forecast({ windows: { full: up, warm: up, shadow: up } }),
      spec: { ...spec, objectives: { ...spec.objectives, availability } },
      capacity: ZONES.map((zone, i) => ({ zone, quotaLeft: quota[i]!, latencyMs: latency[i] })),
      memory: { ...EMPTY_MEMORY, dryUntil: Object.fromEntries(dry.map((zone) => [zone, AS_OF + MINUTE_MS])) },
      prices: { ...PRICES, factors },
    });
  });

describe('whatever zones are like', () => {
  it("a dry zone's share goes to the others in the same decision, and nothing to the primary's own", () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { plan, reasons } = decide(given);
        const isDry = (zone: string) => given.memory.dryUntil[zone] !== undefined;
        for (const { zone } of plan.mirrors) {
          expect(zone).not.toBe(given.spec.primary.zone);
          expect(isDry(zone)).toBe(false);
        }
        // A region's quota is shared: what is left of it is what one of its zones says at most.
        const regions = [['us-central1-b', 'us-central1-c'], ['us-east1-b'], ['europe-west3-a']];
        const left = (zone: string) =>
          isDry(zone) ? 0 : given.capacity.find((entry) => entry.zone === zone)!.quotaLeft;
        const free = regions.reduce((sum, zones) => {
          const own = zones.map(left);
          return (
            sum +
            Math.min(
              Math.max(...own),
              own.reduce((a, b) => a + b, 0),
            )
          );
        }, 0);
        const planned = totalInstances(sumOf(plan.mirrors));
        const cut = reasons.bindings.some((text) => text.startsWith('limit:'));
        expect(planned).toBeLessThanOrEqual(free);
        if (!cut) expect(planned).toBe(Math.min(free, reasons.wanted.fullWarmAndShadow));
      }),
      { numRuns: 500 },
    );
  });

  it('what is spent at the zones’ own prices keeps the limit', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { plan, reasons } = decide(given);
        const spent = mirrorSpendPerHour(plan.mirrors, given.prices);
        expect(spent).toBeLessThanOrEqual(given.spec.mirrors.limits.spendPerHour.amount + 1e-9);
        expect(reasons.spendPerHour).toBeCloseTo(spent, 9);
      }),
      { numRuns: 500 },
    );
  });

  it('no zone holds more than half where the objective asks for spread and the others have room', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const capacity = ZONES.map((zone) => ({ zone, quotaLeft: 1_000 }));
        const objectives = { ...given.spec.objectives, availability: 0.9999 };
        const dryUntil = Object.fromEntries(Object.entries(given.memory.dryUntil).slice(0, 2));
        const spec = { ...given.spec, objectives };
        const { mirrors } = decide({ ...given, capacity, spec, memory: { ...EMPTY_MEMORY, dryUntil } }).plan;
        const all = totalInstances(sumOf(mirrors));
        for (const mirror of mirrors) expect(totalInstances(mirror)).toBeLessThanOrEqual(Math.ceil(all / 2));
      }),
      { numRuns: 300 },
    );
  });
});
