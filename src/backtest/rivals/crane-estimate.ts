import { fft, inverseReal } from '../fft.ts';

/** How one period is estimated: the last one without its fast and weak components, or the maximum over all. */
export type Estimator = 'fft' | 'max';

const STEPS_PER_HOUR = 60;
/** Components of less than an hour are removed when weak: below the hundredth strongest, and below 0.05. */
const FASTEST_KEPT_PER_STEP = 1 / STEPS_PER_HOUR;
const STRONGEST_KEPT = 100;
const WEAK_AMPLITUDE = 0.05;
const LEAST_DEMAND = 0.01;
const MARGINS = [0.01, 0.1, 0.15, 0.2] as const;

/** A day or a week in steps, whichever correlates more with itself at a peak of its own; undefined if neither does. */
export function findPeriod(history: Float64Array): number | undefined {
  const hourly = hourlyMeans(history);
  let best: { period: number; correlation: number } | undefined;
  for (const hours of [24, 168]) {
    if (hourly.length < 2 * hours) continue;
    const correlation = autocorrelation(hourly, hours);
    const beside = Math.max(autocorrelation(hourly, hours - 3), autocorrelation(hourly, hours + 3));
    if (correlation > Math.max(0.2, beside) && correlation > (best?.correlation ?? 0))
      best = { period: hours * STEPS_PER_HOUR, correlation };
  }
  return best?.period;
}

/** One period ahead. `history` is a whole number of periods. */
export function estimatePeriod(history: Float64Array, period: number, estimator: Estimator): Float64Array {
  if (estimator === 'fft')
    return withoutWeakFast(history)
      .slice(-period)
      .map((value) => Math.max(LEAST_DEMAND, value));
  const largest = new Float64Array(period);
  history.forEach((value, i) => (largest[i % period] = Math.max(largest[i % period]!, value)));
  return largest;
}

/** The margin that would have done best on the last period; too little weighs more than too much. */
export function marginThatFitted(history: Float64Array, period: number, estimator: Estimator): number {
  const actual = history.subarray(history.length - period);
  const point = estimatePeriod(history.subarray(0, history.length - period), period, estimator);
  const nearZero = actual.some((value) => value < 1e-3);
  let best = { margin: 0, error: Infinity };
  for (const margin of MARGINS) {
    let error = 0;
    for (let i = 0; i < period; i++) {
      const predicted = point[i]! * (1 + margin);
      error += nearZero ? Math.abs(predicted - actual[i]!) : relativeError(predicted, actual[i]!);
    }
    if (error < best.error) best = { margin, error };
  }
  return best.margin;
}

/** Crane's own: -ln(1 - u) / ln 1.25 for a share u too low, the share itself when too high. */
function relativeError(predicted: number, actual: number): number {
  if (predicted >= actual) return (predicted - actual) / actual;
  return -Math.log(1 - Math.min(0.999, (actual - predicted) / actual)) / Math.log(1.25);
}

function withoutWeakFast(history: Float64Array): Float64Array {
  const n = history.length;
  const spectrum = fft({ re: history, im: new Float64Array(n) });
  const half = Math.floor(n / 2);
  const amplitude = new Float64Array(half + 1);
  for (let k = 0; k <= half; k++) amplitude[k] = Math.hypot(spectrum.re[k]!, spectrum.im[k]!) / n;
  const ranked = amplitude.slice(1).sort().reverse();
  const weakest = ranked[Math.min(STRONGEST_KEPT, ranked.length) - 1]!;
  const floor = Math.min(Math.max(weakest, WEAK_AMPLITUDE), ranked[2]!);
  for (let k = 0; k <= half; k++) {
    if (amplitude[k]! >= floor || k / n <= FASTEST_KEPT_PER_STEP) continue;
    const mirrored = (n - k) % n;
    spectrum.re[k] = spectrum.im[k] = spectrum.re[mirrored] = spectrum.im[mirrored] = 0;
  }
  return inverseReal(spectrum);
}

function hourlyMeans(history: Float64Array): Float64Array {
  const means = new Float64Array(Math.floor(history.length / STEPS_PER_HOUR));
  for (let i = 0; i < means.length * STEPS_PER_HOUR; i++)
    means[Math.floor(i / STEPS_PER_HOUR)]! += history[i]! / STEPS_PER_HOUR;
  return means;
}

/** Pearson's correlation of a series with itself `lag` places earlier; NaN where it does not vary. */
function autocorrelation(x: Float64Array, lag: number): number {
  const now = x.subarray(lag);
  const before = x.subarray(0, x.length - lag);
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanNow, meanBefore] = [mean(now), mean(before)];
  let [cross, squareNow, squareBefore] = [0, 0, 0];
  for (let i = 0; i < now.length; i++) {
    const [a, b] = [now[i]! - meanNow, before[i]! - meanBefore];
    cross += a * b;
    squareNow += a * a;
    squareBefore += b * b;
  }
  return cross / Math.sqrt(squareNow * squareBefore);
}
