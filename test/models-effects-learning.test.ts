import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Seen } from '../models/effects/places.ts';
import { PLACES } from '../models/effects/places.ts';
import { beliefOf, factorOf, responseOf } from '../models/effects/responses.ts';

/** What events of a kind teach of the next one: capacity is raised, or not, by this belief. */

const BINS = 36;
const event = (size: number) => ({ kind: 'sale', start: 0, end: BINS, size });

/** An event announced at `size` that did `did` times as much in every place. */
function seenOf(did: number, { size = 1, noise = 0.05 } = {}): Seen {
  const log = Math.log(Math.max(0.01, 1 + did * size));
  return {
    event: event(size),
    totals: new Float64Array(PLACES).fill((log * BINS) / PLACES),
    counts: new Float64Array(PLACES).fill(BINS / PLACES),
    noise,
    placeNoise: noise,
  };
}
const levelOf = (shape: Float64Array) => shape.reduce((sum, one) => sum + one, 0) / PLACES;
const first = responseOf([]);

describe('what events of a kind teach', () => {
  it('a kind that did nothing twice is hardly believed, one that did something twice is', () => {
    expect(responseOf([seenOf(0), seenOf(0)]).happens).toBeLessThan(0.1);
    expect(responseOf([seenOf(1), seenOf(1)]).happens).toBeGreaterThan(0.85);
  });

  it('a kind of which one was called off is still believed, more than if half were', () => {
    const mostly = responseOf([seenOf(1), seenOf(1), seenOf(0), seenOf(1), seenOf(1)]).happens;
    expect(mostly).toBeGreaterThan(0.75);
    expect(mostly).toBeLessThan(0.95);
    expect(responseOf([seenOf(1), seenOf(0), seenOf(1), seenOf(0)]).happens).toBeLessThan(mostly);
  });

  it('events hidden by noise leave what was believed at first', () => {
    const noisy = responseOf([0, 1, 0.5, 2].map((did) => seenOf(did, { noise: 5 })));
    expect(noisy.happens).toBeCloseTo(first.happens, 1);
    expect(levelOf(noisy.shape)).toBeCloseTo(levelOf(first.shape), 0);
  });

  it('demand that fell by itself within an event that nothing else spoke for says nothing for its kind', () => {
    const { happens, shape } = responseOf([seenOf(0), seenOf(-0.95), seenOf(0)]);
    expect(happens).toBeLessThan(0.1);
    expect(levelOf(shape)).toBeGreaterThan(0.5);
  });

  it('one jump beyond all that was announced moves the size that is expected of the next less than twofold', () => {
    expect(levelOf(responseOf([seenOf(5)]).shape)).toBeLessThan(2 * levelOf(first.shape));
  });

  it('is a probability and finite factors, whatever was seen', () => {
    const value = fc.double({ min: -50, max: 50, noNaN: true });
    const one = fc.record({
      size: fc.oneof(
        fc.double({ min: 0.05, max: 1e3, noNaN: true }),
        fc.double({ min: -1, max: -0.05, noNaN: true }),
      ),
      means: fc.array(value, { minLength: PLACES, maxLength: PLACES }),
      counts: fc.array(fc.nat(3), { minLength: PLACES, maxLength: PLACES }),
      noise: fc.double({ min: 1e-3, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), (given) => {
        const seen = given.map(({ size, means, counts, noise }): Seen => {
          const totals = Float64Array.from(means, (mean, place) => mean * counts[place]!);
          return { event: event(size), totals, counts: Float64Array.from(counts), noise, placeNoise: noise };
        });
        const response = responseOf(seen);
        for (const { happened, amplitude } of seen.map((own) => beliefOf(own, response))) {
          expect(happened).toBeGreaterThanOrEqual(0);
          expect(happened).toBeLessThanOrEqual(1);
          for (let bin = 0; bin < BINS; bin++) {
            const factor = factorOf(event(2), response, amplitude, bin, 300_000);
            expect(factor >= 0 && factor <= 20).toBe(true);
          }
        }
        expect(response.happens > 0 && response.happens < 1).toBe(true);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});
