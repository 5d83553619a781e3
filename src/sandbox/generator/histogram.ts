/** Buckets grow by 1%: so exact is a quantile. */
const GROWTH = Math.log(1.01);

/** Counts of values 0 and up in buckets that grow by 1%: quantiles of any number of values in little memory. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(value: number): void {
    const bucket = value > 0 ? Math.floor(Math.log(value) / GROWTH) : -Infinity;
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total++;
  }

  /** The smallest value that at least the given share (0..1) does not exceed, to 1%. 0 without values. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#total);
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.exp((bucket + 0.5) * GROWTH);
    }
    return 0;
  }
}
