import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tellDrifts } from '../activities/past/drift.ts';
import type { Outcome } from '../src/domain/drift.ts';
import { driftsIn } from '../src/domain/drift.ts';
import type { Happening } from '../src/ports/ledger.ts';
import { forecast } from './support/decide-inputs.ts';
import { normal, seeded } from './support/models-series.ts';

const QUARTER_MS = 15 * 60_000;
const COVERAGE = 0.95;

/** Outcomes every 15 minutes; `at` of the i-th is i quarters. */
function outcomes(count: number, error: (i: number) => number): Outcome[] {
  return Array.from({ length: count }, (_, i) => {
    const size = error(i);
    return { at: i * QUARTER_MS, error: size, missed: Math.abs(size) > 1.96 };
  });
}

describe('drift', () => {
  test('is seldom seen in errors as forecast: less than once in 100 days', () => {
    const random = seeded(1);
    const told = Array.from({ length: 20 }, () =>
      driftsIn(
        outcomes(2_880, () => normal(random)),
        COVERAGE,
      ),
    );
    expect(told.flat().length).toBeLessThanOrEqual(5);
  });

  test.each([
    ['higher', 2],
    ['lower', -2],
  ] as const)('%s is seen within 3 hours of a shift by two deviations, and when it began', (kind, shift) => {
    const random = seeded(2);
    const [drift] = driftsIn(
      outcomes(200, (i) => normal(random) + (i < 100 ? 0 : shift)),
      COVERAGE,
    );
    expect(drift!.kind).toBe(kind);
    expect(drift!.at / QUARTER_MS).toBeGreaterThanOrEqual(100);
    expect(drift!.at / QUARTER_MS).toBeLessThanOrEqual(112);
    expect(Math.abs(drift!.since / QUARTER_MS - 100)).toBeLessThanOrEqual(4);
    expect(Math.abs(drift!.before!)).toBeLessThan(0.5);
    expect(drift!.after * Math.sign(shift)).toBeGreaterThan(1);
  });

  test('of the spread is seen as less certain', () => {
    const random = seeded(3);
    const drifts = driftsIn(
      outcomes(200, (i) => normal(random) * (i < 100 ? 1 : 3)),
      COVERAGE,
    );
    expect(drifts[0]!.at / QUARTER_MS).toBeGreaterThanOrEqual(100);
    expect(drifts.map(({ kind }) => kind)).toContain('less certain');
  });

  test('is no single error, however large, and not what has not been scored', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.nat(99), (size, where) => {
        expect(
          driftsIn(
            outcomes(100, (i) => (i === where ? size : 0)),
            COVERAGE,
          ),
        ).toEqual([]);
      }),
    );
    expect(driftsIn([], COVERAGE)).toEqual([]);
  });
});

test('people are told of a drift by the errors 15 minutes ahead; a silent source is none', async () => {
  const issued = Array.from({ length: 48 }, (_, i) => {
    const asOf = i * QUARTER_MS;
    const point = { at: asOf + QUARTER_MS, lower: 90, median: 100, upper: 110 };
    return { forecast: forecast({ asOf }), fan: [point] };
  });
  const demandOf = (value: (i: number) => number) => ({
    startAt: 0,
    stepMs: QUARTER_MS,
    values: Float64Array.from({ length: 60 }, (_, i) => value(i)),
  });
  const told: Omit<Happening, 'id'>[] = [];
  const ledger = { tell: async (happening: Omit<Happening, 'id'>) => void told.push(happening) };
  const silent = demandOf((i) => (i < 20 ? 100 : Number.NaN));
  expect(await tellDrifts(ledger, 'shop', issued, silent)).toEqual([]);
  expect(told).toEqual([]);
  const drifts = await tellDrifts(
    ledger,
    'shop',
    issued,
    demandOf((i) => (i < 20 ? 100 : 200)),
  );
  expect(drifts[0]).toMatchObject({ kind: 'higher', since: 20 * QUARTER_MS, before: 0 });
  expect(told[0]!.text).toMatch(/^drift: demand runs higher than forecast: by 19\.6 standard deviations/);
  const again = told.splice(0);
  await tellDrifts(
    ledger,
    'shop',
    issued,
    demandOf((i) => (i < 20 ? 100 : 200)),
  );
  expect(told).toEqual(again);
});
