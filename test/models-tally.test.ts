import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Course } from '../models/course.ts';
import { beat, combine, newLearnt } from '../models/combined/combination.ts';
import type { Expert } from '../models/combined/expert.ts';
import { placesOf } from '../models/combined/places.ts';
import type { Tally } from '../models/combined/tally.ts';
import { fade, newTally, score, weightsOf } from '../models/combined/tally.ts';
import { GAUSS } from '../models/mixture/spread.ts';
import { LEVELS, MEDIAN } from '../models/quantile-forecast.ts';
import { normal, seeded } from './support/models-series.ts';

const HOUR_MS = 3_600_000;
const places = placesOf(HOUR_MS, 24 * HOUR_MS);
const BUCKET = 1;

/** Known by its prior; what it says is handed over in the tests. */
const expertOf = (prior: number): Expert => ({
  name: 'known',
  prior,
  knowsEvents: false,
  sketch: () => Promise.resolve(undefined),
});
const fan = (centre: number, width: number) => Float64Array.from(GAUSS, (z) => centre + width * z);

/** Experts' fans scored by outcomes, one row each; the combination is their plain average. */
function scored(outcomes: readonly number[], fans: readonly Float64Array[]): Tally {
  const tally = newTally(places, fans.length);
  const average = fans[0]!.map((_, i) => fans.reduce((sum, of) => sum + of[i]! / fans.length, 0));
  for (const outcome of outcomes) {
    fade(tally, 0.99);
    score(tally, BUCKET, 1, fans, average, 0, outcome);
  }
  return tally;
}

const outcomes = fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { maxLength: 30 });
const fans = fc.array(
  fc
    .tuple(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.double({ min: 0, max: 1e12, noNaN: true }))
    .map(([centre, width]) => fan(centre, width)),
  { minLength: 3, maxLength: 3 },
);
const experts = [1, 1.15, 1.7].map(expertOf);

describe('weights of experts', () => {
  // What is averaged with other weights than these lies outside of what anybody said.
  it('are shares of one at every level, of those that are heard alone', () => {
    fc.assert(
      fc.property(
        outcomes,
        fans,
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        (seen, said, heard) => {
          for (const weights of weightsOf(scored(seen, said), BUCKET, experts, heard)) {
            expect(weights.every((weight, i) => weight >= 0 && (heard[i] || weight === 0))).toBe(true);
            const total = weights.reduce((sum, weight) => sum + weight, 0);
            expect(total).toBeCloseTo(heard.includes(true) ? 1 : 0, 9);
          }
        },
      ),
    );
  });

  // Requests, percents and bytes alike: the unit of demand says nothing of who is right.
  it('do not depend on the unit of demand', () => {
    const small = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(small, fc.constantFrom(2 ** -20, 1024, 2 ** 40), (seen, unit) => {
        const said = [fan(100, 10), fan(300, 50), fan(500, 200)];
        const all = [true, true, true];
        const here = weightsOf(scored(seen, said), BUCKET, experts, all);
        const there = weightsOf(
          scored(
            seen.map((value) => value * unit),
            said.map((of) => of.map((value) => value * unit)),
          ),
          BUCKET,
          experts,
          all,
        );
        here.flat().forEach((weight, i) => expect(there.flat()[i]).toBeCloseTo(weight, 9));
      }),
    );
  });

  it('leave an expert that is much worse with next to nothing, at every level', () => {
    const random = seeded(5);
    const seen = Array.from({ length: 100 }, () => 100 + normal(random));
    const tally = scored(seen, [fan(100, 1), fan(100, 1.2), fan(130, 8)]);
    for (const weights of weightsOf(tally, BUCKET, experts, [true, true, true])) {
      expect(weights[2]).toBeLessThan(0.01);
    }
  });

  // One may know the middle and another the tails: that is why there are weights for each level.
  it('differ between levels where experts are good at different ones', () => {
    const random = seeded(6);
    const seen = Array.from({ length: 200 }, () => 100 + normal(random));
    const narrow = fan(100, 0.2);
    const wide = fan(100, 1).map((value, level) => (level === MEDIAN ? 101.5 : value));
    const weights = weightsOf(scored(seen, [narrow, wide]), BUCKET, [1, 1].map(expertOf), [true, true]);
    expect(weights[MEDIAN]![0]).toBeGreaterThan(0.7);
    expect(weights[0]![0]).toBeLessThan(0.1);
  });
});

describe('quantiles combined with weights for each level', () => {
  // Levels weigh experts differently: a cautious low tail and a bold high one could otherwise cross.
  it('never cross', () => {
    const said = fc.tuple(
      fc.double({ min: 0, max: 1000, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
    );
    const beats = fc.array(fc.tuple(fc.integer({ min: 0, max: 1000 }), said, said), {
      minLength: 4,
      maxLength: 12,
    });
    fc.assert(
      fc.property(beats, (drawn) => {
        const learnt = newLearnt(places, 2);
        const two = [1, 1.7].map(expertOf);
        const values = Float64Array.from(drawn, ([value]) => value);
        const rows = places.buckets.length;
        for (const [i, [, ...fansOf]] of drawn.entries()) {
          const course: Course = {
            values: values.subarray(0, i + 1),
            stepMs: HOUR_MS,
            endMs: (i + 1) * HOUR_MS,
          };
          const sketches = fansOf.map(([centre, width]) => {
            const row = fan(centre, width);
            return Float64Array.from({ length: rows * LEVELS.length }, (_, at) => row[at % LEVELS.length]!);
          });
          beat(learnt, two, course, [], sketches);
          const combined = combine(learnt, two, sketches, places.buckets, []);
          const crossing = combined.findIndex(
            (value, at) => at % LEVELS.length > 0 && value < combined[at - 1]!,
          );
          expect(crossing).toBe(-1);
        }
      }),
      { numRuns: 40 },
    );
  });
});
