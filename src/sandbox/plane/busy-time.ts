const BUCKET_MS = 10_000;
/** Three hours: more than any autoscaler or chart looks back at once. */
const BUCKETS_KEPT = 1_080;

/** Busy worker time of one instance in buckets of 10 s of sandbox time, bounded in memory. */
export class BusyTime {
  readonly #buckets = new Map<number, number>();
  #knownFrom = -Infinity;

  /** Sandbox ms; work before this has been forgotten. */
  get knownFrom(): number {
    return this.#knownFrom;
  }

  /** One worker is busy over [from, to), sandbox ms. */
  add(from: number, to: number): void {
    for (let bucket = Math.floor(from / BUCKET_MS); bucket * BUCKET_MS < to; bucket++)
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + overlap(bucket, from, to));
    this.#forgetOldest();
  }

  /** Worker-milliseconds of work over (from, to]; buckets that are cut count in proportion. */
  between(from: number, to: number): number {
    let busyMs = 0;
    for (let bucket = Math.floor(from / BUCKET_MS); bucket * BUCKET_MS < to; bucket++)
      busyMs += ((this.#buckets.get(bucket) ?? 0) * overlap(bucket, from, to)) / BUCKET_MS;
    return busyMs;
  }

  #forgetOldest(): void {
    for (const bucket of this.#buckets.keys()) {
      if (this.#buckets.size <= BUCKETS_KEPT) return;
      this.#buckets.delete(bucket);
      this.#knownFrom = (bucket + 1) * BUCKET_MS;
    }
  }
}

function overlap(bucket: number, from: number, to: number): number {
  return Math.min(to, (bucket + 1) * BUCKET_MS) - Math.max(from, bucket * BUCKET_MS);
}
