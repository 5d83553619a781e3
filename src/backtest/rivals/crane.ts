import { STEPS_PER_DAY } from '../model.ts';
import type { Estimator } from './crane-estimate.ts';
import { estimatePeriod, findPeriod, marginThatFitted } from './crane-estimate.ts';
import { hpaSizer } from './hpa.ts';
import type { Rival } from './rival.ts';
import { UTILIZATION_TARGETS, ceiling, groupOf, newest } from './rival.ts';

const HISTORY_STEPS = 15 * STEPS_PER_DAY;
const ESTIMATORS = ['fft', 'max'] as const;
/** Minutes ahead over which the largest prediction counts; an hour is Crane's own. */
const WINDOWS_STEPS = [6, 60] as const;

export const crane: Rival = {
  name: 'crane dsp',
  about:
    "Crane's effective HPA: a period found in up to 15 days, carried on with a margin, and at least the HPA rule",
  candidates: () => {
    const predictions = { fft: new DailyPrediction('fft'), max: new DailyPrediction('max') };
    return UTILIZATION_TARGETS.flatMap((target) =>
      ESTIMATORS.flatMap((estimator) =>
        WINDOWS_STEPS.map((window) => {
          const size = hpaSizer(target);
          return {
            settings: `target ${target}, ${estimator}, window ${window} min`,
            utilizationTarget: target,
            policy: (observed: Float64Array, t: number) => {
              const predicted = predictions[estimator].largest(observed, t, window);
              return groupOf(Math.max(size(newest(observed)), ceiling(predicted / target)));
            },
          };
        }),
      ),
    );
  },
};

/** One period of demand, found anew every day; `start` is the step that its first value stands for. */
interface Prediction {
  start: number;
  values: Float64Array;
}

/** Predictions of one series by day, shared by all candidates. */
class DailyPrediction {
  readonly #estimator: Estimator;
  readonly #byDay = new Map<number, Prediction | undefined>();

  constructor(estimator: Estimator) {
    this.#estimator = estimator;
  }

  /** Largest prediction for steps t .. t + window - 1; 0 where there is none. */
  largest(observed: Float64Array, t: number, window: number): number {
    const day = Math.floor(t / STEPS_PER_DAY);
    if (!this.#byDay.has(day)) this.#byDay.set(day, predict(observed, this.#estimator));
    const prediction = this.#byDay.get(day);
    if (!prediction) return 0;
    const { start, values } = prediction;
    let largest = 0;
    for (let step = t; step < t + window; step++)
      largest = Math.max(largest, values[(step - start) % values.length]!);
    return largest;
  }
}

function predict(observed: Float64Array, estimator: Estimator): Prediction | undefined {
  const start = observed.length;
  const history = observed.subarray(Math.max(0, start - HISTORY_STEPS));
  const period = findPeriod(history);
  if (period === undefined || history.length < 2 * period) return undefined;
  const periods = history.subarray(history.length % period);
  const margin = marginThatFitted(periods, period, estimator);
  return { start, values: estimatePeriod(periods, period, estimator).map((value) => value * (1 + margin)) };
}
