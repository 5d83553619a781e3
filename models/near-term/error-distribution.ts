/** Where a distribution is read: finer in the upper tail, where violations are decided. [points, up to this probability] */
const STRETCHES = [
  [16, 0.8],
  [14, 0.94],
  [14, 0.985],
  [16, 1],
] as const;
const BINS = 240;
/** Bins are even in asinh(z); this reaches z = +-122. */
const REACH = 5.5;
/** Forgetting is applied once in so many samples. */
const FORGET_EVERY = 16;

const POINTS = STRETCHES.flatMap(([count, to], i) => {
  const from = i === 0 ? 0 : STRETCHES[i - 1]![1];
  const weight = (to - from) / count;
  return Array.from({ length: count }, (_, j) => ({ level: from + (j + 0.5) * weight, weight }));
});
export const WEIGHTS = Float64Array.from(POINTS, (point) => point.weight);

/** What scaled errors looked like lately; normal before any was seen. */
export class ErrorDistribution {
  readonly #bins = Float64Array.from({ length: BINS }, (_, bin) => {
    const z = middleOf(bin + 0.5);
    return 2 * Math.exp((-z * z) / 2) * Math.sqrt(1 + z * z);
  });
  readonly #keep: number;
  #seen = 0;
  /** Values at the points of `WEIGHTS`, ascending, as of the last `read`. */
  readonly values = new Float64Array(POINTS.length);

  /** @param memorySteps steps after which an error counts 1/e */
  constructor(memorySteps: number) {
    this.#keep = Math.exp(-FORGET_EVERY / memorySteps);
    this.read();
  }

  learn(z: number): void {
    if (++this.#seen % FORGET_EVERY === 0)
      for (let bin = 0; bin < BINS; bin++) this.#bins[bin]! *= this.#keep;
    const bin = Math.floor(((Math.asinh(z) + REACH) / (2 * REACH)) * BINS);
    this.#bins[Math.min(BINS - 1, Math.max(0, bin))]! += 1;
  }

  /** Renews `values`. */
  read(): void {
    const total = this.#bins.reduce((sum, count) => sum + count, 0);
    let [below, bin] = [0, 0];
    POINTS.forEach(({ level }, i) => {
      while (bin < BINS - 1 && below + this.#bins[bin]! < level * total) below += this.#bins[bin++]!;
      const share = (level * total - below) / Math.max(1e-12, this.#bins[bin]!);
      this.values[i] = middleOf(bin + Math.min(1, Math.max(0, share)));
    });
  }
}

function middleOf(bin: number): number {
  return Math.sinh((bin / BINS) * 2 * REACH - REACH);
}
