/** Above this trace the inverse is scaled down: forgetting would blow it up where nothing varies. */
const MOST_TRACE = 1e5;

/** Recursive least squares that forgets: one linear model, renewed with every sample. */
export class LeastSquares {
  readonly #coefficients: Float64Array;
  readonly #inverse: Float64Array;
  readonly #gain: Float64Array;
  readonly #keep: number;

  /** @param memorySteps steps after which a sample counts 1/e */
  constructor(features: number, memorySteps: number) {
    this.#coefficients = new Float64Array(features);
    this.#gain = new Float64Array(features);
    this.#inverse = new Float64Array(features * features);
    for (let i = 0; i < features; i++) this.#inverse[i * features + i] = 1;
    this.#keep = Math.exp(-1 / memorySteps);
  }

  predict(x: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += this.#coefficients[i]! * x[i]!;
    return sum;
  }

  /** @param weight of this sample, 1 for all alike */
  learn(x: Float64Array, y: number, weight = 1): void {
    const [n, inverse, gain] = [x.length, this.#inverse, this.#gain];
    let denominator = this.#keep / weight;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += inverse[i * n + j]! * x[j]!;
      gain[i] = sum;
      denominator += x[i]! * sum;
    }
    const error = y - this.predict(x);
    for (let i = 0; i < n; i++) this.#coefficients[i]! += (gain[i]! / denominator) * error;
    let trace = 0;
    for (let i = 0; i < n; i++) {
      const own = gain[i]! / denominator;
      for (let j = 0; j <= i; j++) {
        const value = (inverse[i * n + j]! - own * gain[j]!) / this.#keep;
        inverse[i * n + j] = value;
        inverse[j * n + i] = value;
      }
      trace += inverse[i * n + i]!;
    }
    if (trace > MOST_TRACE) for (let i = 0; i < inverse.length; i++) inverse[i]! *= MOST_TRACE / trace;
  }
}
