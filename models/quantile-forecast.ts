/** Quantiles that every probabilistic forecaster here gives. */
export const LEVELS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995,
] as const;
export const MEDIAN = LEVELS.indexOf(0.5);
/** Where the ends of the 95% interval stand. */
export const LOW = LEVELS.indexOf(0.025);
export const HIGH = LEVELS.indexOf(0.975);

/** What a forecaster with quantiles of its own says of a history. */
export interface QuantileForecast {
  model: string;
  /** End of the newest step seen, ms since the epoch. */
  asOf: number;
  stepMs: number;
  levels: readonly number[];
  /** Quantiles of the step that ends at `asOf + (step + 1) * stepMs`; undefined beyond its horizon. */
  at(step: number): number[] | undefined;
  /**
   * Quantiles of the highest value within `windowMs` from `asOf`, of 5-minute means where steps are finer; undefined
   * beyond its horizon.
   */
  maximum(windowMs: number): number[] | undefined;
}

/** Mean pinball loss of quantiles at LEVELS, which `quantiles` holds from `at` on. */
export function pinball(quantiles: ArrayLike<number>, actual: number, at = 0): number {
  let total = 0;
  for (let i = 0; i < LEVELS.length; i++) {
    const error = actual - quantiles[at + i]!;
    total += error >= 0 ? LEVELS[i]! * error : (LEVELS[i]! - 1) * error;
  }
  return total / LEVELS.length;
}

/** Makes a row of quantiles ascend, in place. */
export function ascend(quantiles: Float64Array, at = 0): void {
  for (let i = at + 1; i < at + LEVELS.length; i++) {
    quantiles[i] = Math.max(quantiles[i]!, quantiles[i - 1]!);
  }
}
