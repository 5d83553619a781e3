/** Which steps and windows of a forecast are scored, and which of them are judged together. */

const HOUR_MS = 3_600_000;
/** Ends of the buckets of leads, hours; what lies beyond the last belongs to a bucket of its own. */
const BUCKET_ENDS_H = [0.25, 1, 4, 12, 24];
/** Of those buckets: the nets know the first hour best, and what lies far ahead rests most on the series' own trend. */
const BELIEFS = [200, 100, 30, 30, 20, 20];
const WINDOW_BELIEF = 30;
/** Windows whose maximum is forecast; lines in between. */
const WINDOW_HOURS = [1 / 12, 1 / 4, 0.5, 1, 2, 4, 8, 12, 16, 20, 24];

export interface Places {
  stepMs: number;
  /** Steps ahead (0: the first) that are scored, ascending. */
  leads: readonly number[];
  /** Windows, in steps, ascending. */
  windows: readonly number[];
  /** Bucket of each lead, then of each window: windows have one each. */
  buckets: readonly number[];
  bucketCount: number;
  /** What one forecast's outcomes in a bucket count for, against those of the forecasts a beat before and after. */
  newsOf(bucket: number): number;
  /** Outcomes' worth of belief, beforehand, in what the experts claim of a bucket. */
  beliefOf(bucket: number): number;
}

/** Every step of the first hour, then ever fewer; windows of whole steps only. `beatMs`: how far apart forecasts are. */
export function placesOf(stepMs: number, horizonMs: number, beatMs = HOUR_MS): Places {
  const hour = HOUR_MS / stepMs;
  const leads: number[] = [];
  for (let lead = 0; lead < Math.round(horizonMs / stepMs);) {
    leads.push(lead);
    const every = lead < hour ? 1 : lead < 4 * hour ? hour / 4 : lead < 12 * hour ? hour / 2 : hour;
    lead += Math.max(1, Math.round(every));
  }
  const windows = [...new Set(WINDOW_HOURS.map((hours) => Math.max(1, Math.round(hours * hour))))].filter(
    (window) => window * stepMs <= horizonMs,
  );
  const buckets = [
    ...leads.map((lead) => bucketOf(lead, stepMs)),
    ...windows.map((_, i) => BUCKET_ENDS_H.length + 1 + i),
  ];
  return {
    stepMs,
    leads,
    windows,
    buckets,
    bucketCount: BUCKET_ENDS_H.length + 1 + windows.length,
    newsOf: (bucket) => newsOf(bucket, beatMs / HOUR_MS),
    beliefOf: (bucket) => BELIEFS[bucket] ?? WINDOW_BELIEF,
  };
}

/**
 * Forecasts a beat apart share most of their outcomes where a bucket is many hours long: only what is new counts. Windows
 * are few outcomes as it is, and little is known of them beforehand: they count in full.
 */
function newsOf(bucket: number, beatHours: number): number {
  if (bucket > BUCKET_ENDS_H.length) return 1;
  const begin = BUCKET_ENDS_H[bucket - 1] ?? 0;
  return Math.min(1, beatHours / ((BUCKET_ENDS_H[bucket] ?? 2 * begin) - begin));
}

/** Bucket of a step ahead (0: the first). */
export function bucketOf(lead: number, stepMs: number): number {
  const hours = ((lead + 1) * stepMs) / HOUR_MS;
  const bucket = BUCKET_ENDS_H.findIndex((end) => hours <= end + 1e-9);
  return bucket < 0 ? BUCKET_ENDS_H.length : bucket;
}
