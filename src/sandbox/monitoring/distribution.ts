import { invalid } from './errors.ts';

export type BucketOptions =
  | { exponentialBuckets: { numFiniteBuckets: number; growthFactor: number; scale: number } }
  | { linearBuckets: { numFiniteBuckets: number; width: number; offset?: number } }
  | { explicitBuckets: { bounds?: number[] } };

/** Many values, as moments and counts per bucket (google.api.Distribution). */
export interface Distribution {
  count: number;
  mean: number;
  sumOfSquaredDeviation: number;
  bucketOptions: BucketOptions;
  /** Below the first bound, between the bounds, above the last; zeros at the end may be left out. */
  bucketCounts: number[];
}

/** Bounds between the buckets, ascending. */
function boundsOf(options: BucketOptions): number[] {
  if ('explicitBuckets' in options) return options.explicitBuckets.bounds ?? [];
  if ('linearBuckets' in options) {
    const { numFiniteBuckets, width, offset = 0 } = options.linearBuckets;
    return Array.from({ length: numFiniteBuckets + 1 }, (_, index) => offset + width * index);
  }
  const { numFiniteBuckets, growthFactor, scale } = options.exponentialBuckets;
  return Array.from({ length: numFiniteBuckets + 1 }, (_, index) => scale * growthFactor ** index);
}

/** All values together; the moments by Chan's formula. Throws 400 when the buckets differ. */
export function merged(all: Distribution[]): Distribution {
  const [first, ...others] = all;
  const options = JSON.stringify(first!.bucketOptions);
  const sum = { ...first!, bucketCounts: [...first!.bucketCounts] };
  for (const other of others) {
    if (JSON.stringify(other.bucketOptions) !== options)
      throw invalid('Distributions with different bucketOptions cannot be aggregated together');
    const count = sum.count + other.count;
    if (other.count > 0) {
      const apart = other.mean - sum.mean;
      sum.sumOfSquaredDeviation +=
        other.sumOfSquaredDeviation + (apart * apart * sum.count * other.count) / count;
      sum.mean += (apart * other.count) / count;
    }
    sum.count = count;
    for (const [bucket, inBucket] of other.bucketCounts.entries())
      sum.bucketCounts[bucket] = (sum.bucketCounts[bucket] ?? 0) + inBucket;
  }
  return sum;
}

/**
 * The p-quantile (p in 0..1), linear within its bucket. What lies outside of the bounds counts as the nearest bound.
 * Undefined for no values.
 */
export function percentile(
  { count, bucketCounts, bucketOptions }: Distribution,
  p: number,
): number | undefined {
  if (count === 0) return undefined;
  const bounds = boundsOf(bucketOptions);
  const wanted = p * count;
  let below = 0;
  for (const [bucket, inBucket] of bucketCounts.entries()) {
    if (inBucket > 0 && below + inBucket >= wanted) {
      const low = bounds[bucket - 1] ?? bounds[0] ?? 0;
      const high = bounds[bucket] ?? bounds.at(-1) ?? 0;
      return low + ((wanted - below) / inBucket) * (high - low);
    }
    below += inBucket;
  }
  return bounds.at(-1);
}
