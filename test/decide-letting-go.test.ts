import { describe, expect, it } from 'vitest';
import type { DecideInput } from '../src/domain/decide.ts';
import { decide } from '../src/domain/decide.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Decision, DecisionMemory } from '../src/domain/plan.ts';
import { EMPTY_MEMORY } from '../src/domain/plan.ts';
import { QUIET, SPIKE, held, follow, totals } from './support/decide-follow.ts';
import { AS_OF, DELAY_MS, MINUTE_MS, forecast, input, interval } from './support/decide-inputs.ts';

/** Up fast, down slowly: what a decision lets go, how fast, and what it holds. */

describe('letting go', () => {
  const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };
  const spike: Partial<ForecastDigest> = { windows, observed: 700 };

  it('waits out the stabilisation window, then goes slowly, and ends at nothing', () => {
    const start = input({ settings: { ...input().settings, parkingMs: 0 } });
    const decisions = follow([spike, ...Array<Partial<ForecastDigest>>(60).fill({})], start);
    const sizes = decisions.map((decision) => totals(decision).reduce((sum, count) => sum + count, 0));
    const first = sizes[0]!;
    expect(sizes.slice(0, 10)).toEqual(Array(10).fill(first));
    expect(sizes[10]).toBe(Math.floor(first / 2));
    expect(sizes.at(-1)).toBe(0);
    for (let i = 1; i < sizes.length; i++) expect(sizes[i]).toBeLessThanOrEqual(sizes[i - 1]!);
  });

  it('what was full stays parked as warm for its time, and no longer', () => {
    const start = input({
      settings: { ...input().settings, parkingMs: 30 * MINUTE_MS, scaleDownFraction: 1 },
    });
    const decisions = follow([spike, ...Array<Partial<ForecastDigest>>(60).fill({})], start);
    expect(totals(decisions[0]!)[0]).toBe(6);
    expect(totals(decisions[30]!)).toEqual([0, 6, 0]);
    expect(totals(decisions.at(-1)!)).toEqual([0, 0, 0]);
  });

  it('readiness goes first, to warm: that is undone within seconds', () => {
    const [full, warm] = [0, 1].map((tier) =>
      follow([spike, ...Array<Partial<ForecastDigest>>(6).fill({})]).map(
        (decision) => totals(decision)[tier]!,
      ),
    );
    expect(full!.slice(0, 4)).toEqual(Array(4).fill(full![0]));
    expect(full![4]).toBe(0);
    expect(warm![4]).toBe(full![0]! + warm![0]!);
  });

  it('a full that is no longer wanted becomes warm while it is wanted there', () => {
    const likely = { full: QUIET, warm: interval(600, 720, 800), shadow: interval(600, 720, 720) };
    const { plan, reasons } = decide(input({ fleet: held(6), forecast: forecast({ windows: likely }) }));
    expect(plan.mirrors).toEqual([{ zone: 'us-central1-b', full: 0, warm: 6, shadow: 0 }]);
    expect(reasons.headline).toContain('6 full become warm in us-central1-b');
  });

  it('a drop that nobody forecast lets nothing go', () => {
    const drop = { observed: 20, expected: interval(250, 300, 350) };
    const decision = decide(input({ fleet: held(4, 2), forecast: forecast(drop) }));
    expect(totals(decision)).toEqual([4, 2, 0]);
    expect(decision.reasons.bindings).toContain('unexpected drop: nothing is let go');
    expect(
      totals(decide(input({ fleet: held(4, 2), forecast: forecast({ ...drop, observed: 240 }) }))),
    ).toEqual([0, 0, 0]);
  });

  it('a stale forecast lets nothing go and raises nothing', () => {
    const now = AS_OF + DELAY_MS + 10 * MINUTE_MS;
    const decision = decide(input({ fleet: held(4, 2), forecast: forecast({ windows }), now }));
    expect(totals(decision)).toEqual([4, 2, 0]);
    expect(decision.reasons.headline).toBe(
      '14:02 no demand seen since 14:00; keeping 4 full and 2 warm in us-central1-b',
    );
  });

  it('while demand is not seen holds for half an hour, then lets go to what was seen last', () => {
    const settings = { ...input().settings, parkingMs: 0 };
    const start = input({ fleet: held(6, 4), forecast: forecast({ observed: 600 }), settings });
    const decisions = followUnseen(start, 60);
    const sizes = decisions.map((decision) => totals(decision));
    expect(sizes.slice(0, 30)).toEqual(Array(30).fill([6, 4, 0]));
    expect(sizes.at(-1)).toEqual([2, 0, 0]);
    expect(decisions[30]!.reasons.bindings).toContain(
      'stale forecast for too long: only what was observed last holds',
    );
  });

  it("while demand is not seen gives the primary's minimum back after the same time", () => {
    const fleet = { primary: { serving: 10, minimum: 8, maximum: 30, target: 10 }, mirrors: [] };
    const minima = followUnseen(input({ fleet, primaryMinimumBefore: 4 }), 70).map(
      ({ plan }) => plan.primaryMinimum,
    );
    expect(minima.slice(0, 30)).toEqual(Array(30).fill(8));
    expect(minima.at(-1)).toBe(4);
  });

  it('a drop that nobody forecast, and that goes on, holds for half an hour', () => {
    const drop = { observed: 20, expected: interval(250, 300, 350) };
    const start = input({ fleet: held(4), settings: { ...input().settings, parkingMs: 0 } });
    const sizes = follow(Array<typeof drop>(60).fill(drop), start).map((decision) => totals(decision));
    expect(sizes.slice(0, 30)).toEqual(Array(30).fill([4, 0, 0]));
    expect(sizes.at(-1)).toEqual([0, 0, 0]);
  });

  it('what is on its way to shadow, and shows as running, is held as shadow', () => {
    const memory: DecisionMemory = {
      ...EMPTY_MEMORY,
      mirrors: [{ zone: 'us-central1-b', full: 0, warm: 0, shadow: 4 }],
    };
    const now = AS_OF + DELAY_MS + 10 * MINUTE_MS;
    expect(totals(decide(input({ fleet: held(4), memory, now })))).toEqual([0, 0, 4]);
  });
});

/** Decisions minute by minute since the forecast became stale: no newer sample comes, the clock goes on, the plan is carried out. */
function followUnseen(start: DecideInput, minutes: number): Decision[] {
  let { memory, fleet } = start;
  return Array.from({ length: minutes }, (_, minute) => {
    const now = AS_OF + DELAY_MS + (10 + minute) * MINUTE_MS;
    const decision = decide({ ...start, memory, fleet, now });
    const { plan } = decision;
    const mirrors = plan.mirrors.map((mirror) => ({ ...mirror, serving: mirror.full }));
    fleet = { primary: { ...fleet.primary, minimum: plan.primaryMinimum }, mirrors };
    ({ memory } = decision);
    return decision;
  });
}
