import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { merged, percentile } from '../src/sandbox/monitoring/distribution.ts';
import { addLatency, emptyHistogram, LATENCY_BUCKETS } from '../src/sandbox/plane/latency-histogram.ts';

/** Distributions of latencies: what is read of them is what was counted. */

describe('distributions', () => {
  const latencies = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), {
    minLength: 1,
    maxLength: 40,
  });
  const of = (values: number[]) => {
    const histogram = emptyHistogram();
    for (const value of values) addLatency(histogram, value, 1);
    return { ...histogram, bucketOptions: { exponentialBuckets: LATENCY_BUCKETS } };
  };

  test('merge to that of all values together', () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const [together, apart] = [of([...a, ...b]), merged([of(a), of(b)])];
        expect(apart.bucketCounts).toEqual(together.bucketCounts);
        expect(apart.mean / together.mean).toBeCloseTo(1, 8);
        const scale = 1 + together.sumOfSquaredDeviation;
        expect(apart.sumOfSquaredDeviation / scale).toBeCloseTo(together.sumOfSquaredDeviation / scale, 6);
      }),
    );
  });

  test('have percentiles that rise with p and lie within one bucket of the exact value', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, p) => {
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(p * values.length) - 1]!;
        const estimate = percentile(of(values), p)!;
        if (exact >= LATENCY_BUCKETS.scale) expect(estimate / exact).toBeGreaterThan(1 / 1.4001);
        expect(estimate).toBeLessThanOrEqual(Math.max(exact * 1.4001, LATENCY_BUCKETS.scale));
        expect(percentile(of(values), Math.max(0.01, p / 2))!).toBeLessThanOrEqual(estimate);
      }),
    );
  });
});
