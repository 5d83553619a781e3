/**
 * Buckets of Google's load-balancer latencies: (-inf, 1), [1, 1.4), [1.4, 1.96) ... 66 finite ones, each 1.4 times as
 * wide as the one before, and one above; ms.
 */
export const LATENCY_BUCKETS = { numFiniteBuckets: 66, growthFactor: 1.4, scale: 1 };

/** Latencies of many requests, in Google's buckets and as exact moments. Plain data. */
export interface LatencyHistogram {
  count: number;
  /** ms. */
  mean: number;
  /** Sum of the squared deviations from the mean, ms². */
  sumOfSquaredDeviation: number;
  /** Requests per bucket; buckets after the last that has any are left out. */
  bucketCounts: number[];
}

export function emptyHistogram(): LatencyHistogram {
  return { count: 0, mean: 0, sumOfSquaredDeviation: 0, bucketCounts: [] };
}

/** Adds `weight` requests of one latency (ms), by Welford's formula for weighted values. */
export function addLatency(histogram: LatencyHistogram, latencyMs: number, weight: number): void {
  histogram.count += weight;
  const deviation = latencyMs - histogram.mean;
  histogram.mean += (deviation * weight) / histogram.count;
  histogram.sumOfSquaredDeviation += weight * deviation * (latencyMs - histogram.mean);
  const bucket = bucketOf(latencyMs);
  while (histogram.bucketCounts.length <= bucket) histogram.bucketCounts.push(0);
  histogram.bucketCounts[bucket]! += weight;
}

function bucketOf(latencyMs: number): number {
  const { numFiniteBuckets, growthFactor, scale } = LATENCY_BUCKETS;
  if (latencyMs < scale) return 0;
  return Math.min(numFiniteBuckets + 1, 1 + Math.floor(Math.log(latencyMs / scale) / Math.log(growthFactor)));
}
