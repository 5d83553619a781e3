import type { Rival } from './rival.ts';
import { ceiling, groupOf, newest, remembered } from './rival.ts';

const TARGETS = [0.7, 0.8, 0.9, 1] as const;
/** Minutes: the half-life of a sample's weight, or the window of the maximum. */
const MEMORIES_STEPS = [30, 360, 1440] as const;
/** Exponential bins of load, in instances, as the recommenders in use have them. */
const BINS = 400;
const BIN_RATIO = 1.05;
const LEAST_LOAD = 1e-3;
const PERCENTILE = 0.95;
/** Weights grow with time instead of fading; beyond this all are made small again. */
const WEIGHT_AT_MOST = 1e100;

export const autopilot: Rival = {
  name: 'autopilot',
  about:
    "emulation of Google Autopilot's moving-window recommenders, as published: 95th percentile with fading weights, or maximum",
  candidates: () =>
    MEMORIES_STEPS.flatMap((memory) => {
      const percentile = remembered(streamed(fadingPercentile(memory)));
      const maximum = remembered(streamed(windowMaximum(memory)));
      return TARGETS.flatMap((target) =>
        (
          [
            ['p95', percentile],
            ['max', maximum],
          ] as const
        ).map(([statistic, load]) => ({
          settings: `target ${target}, ${statistic} of ${memory} min`,
          utilizationTarget: target,
          policy: (observed: Float64Array, t: number) =>
            groupOf(Math.max(1, ceiling(load(observed, t) / target))),
        })),
      );
    }),
};

function streamed(next: (load: number) => number): (observed: Float64Array) => number {
  return (observed) => next(newest(observed));
}

/** Load's percentile, a sample's weight halved each `halfLife` steps; each answer is the upper edge of a bin. */
export function fadingPercentile(halfLife: number): (load: number) => number {
  const weights = new Float64Array(BINS);
  const growth = 2 ** (1 / halfLife);
  let [weight, total] = [1, 0];
  return (load) => {
    weights[binOf(load)]! += weight;
    total += weight;
    let [above, bin] = [0, BINS - 1];
    while (bin > 0 && above + weights[bin]! < (1 - PERCENTILE) * total) above += weights[bin--]!;
    weight *= growth;
    if (weight > WEIGHT_AT_MOST) {
      weights.forEach((value, i) => (weights[i] = value / weight));
      total /= weight;
      weight = 1;
    }
    return LEAST_LOAD * BIN_RATIO ** bin;
  };
}

function binOf(load: number): number {
  if (load <= LEAST_LOAD) return 0;
  return Math.min(BINS - 1, Math.ceil(Math.log(load / LEAST_LOAD) / Math.log(BIN_RATIO)));
}

/** The largest of the last so many loads. */
export function windowMaximum(steps: number): (load: number) => number {
  /** Falling: what a later, larger load hides is dropped. */
  const falling: { step: number; load: number }[] = [];
  let step = 0;
  return (load) => {
    while (falling.length > 0 && falling.at(-1)!.load <= load) falling.pop();
    falling.push({ step, load });
    if (falling[0]!.step <= step - steps) falling.shift();
    step++;
    return falling[0]!.load;
  };
}
