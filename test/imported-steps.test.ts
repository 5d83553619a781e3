import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joined, onSteps, type StepValue } from '../src/domain/imported-demand.ts';

/** Imported demand comes on other steps than the metric's, and beside what was observed. */

const MINUTE_MS = 60_000;

describe('steps of another length', () => {
  const MINUTES = [1, 2, 5, 10, 15, 30, 60];
  const known = fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 60 });

  test('keep the sum of demand over time where all of a step is known, and lie within what was given', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MINUTES), fc.constantFrom(...MINUTES), known, (from, to, places) => {
        const samples = places
          .sort((a, b) => a - b)
          .map((place) => ({ at: place * from * MINUTE_MS, value: (place * 37) % 101 }));
        const out = onSteps(samples, from * MINUTE_MS, to * MINUTE_MS);
        expect(out.every(({ at }) => at % (to * MINUTE_MS) === 0)).toBe(true);
        const values = samples.map(({ value }) => value);
        for (const { value } of out) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
          expect(value).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        }
        // A finer step takes the value of the one that it lies in.
        if (from % to === 0)
          for (const { at, value } of out)
            expect(value).toBe(
              samples.find((sample) => at <= sample.at && at > sample.at - from * MINUTE_MS)!.value,
            );
      }),
    );
  });

  test('joined, each step counts once: what replaces, else what was observed, else what fills', () => {
    const series = fc.uniqueArray(fc.record({ at: fc.nat(20), value: fc.nat(9) }), {
      selector: ({ at }) => at,
    });
    fc.assert(
      fc.property(series, series, series, (fills, observed, replaces) => {
        const at = (list: StepValue[], place: number) => list.find((one) => one.at === place)?.value;
        const expected = Array.from({ length: 21 }, (_, place) => ({
          at: place,
          value: at(replaces, place) ?? at(observed, place) ?? at(fills, place),
        })).filter(({ value }) => value !== undefined);
        expect(joined(fills, observed, replaces)).toEqual(expected);
      }),
    );
  });
});
