import { STEPS_PER_DAY } from '../model.ts';
import { migSizer } from './mig.ts';
import type { Rival } from './rival.ts';
import { POOLS, UTILIZATION_TARGETS, ceiling, groupOf, groupWithPool, newest, remembered } from './rival.ts';

/** The documents: three days of history needed, three weeks used, daily and weekly cycles, initialisation period ahead. */
const HISTORY_NEEDED_STEPS = 3 * STEPS_PER_DAY;
const DAYS = 7;
const WEEKS = 3;
/** Centred mean over 15 minutes. */
const SMOOTHING_HALF_STEPS = 7;
const LEVEL_STEPS = 60;
const INITIALISATION_STEPS = [5, 10] as const;

export const gcpPredictive: Rival = {
  name: 'gcp predictive',
  about:
    "emulation, by its documents, of Google's predictive autoscaling; the larger of forecast and reaction",
  candidates: () => {
    const profile = new SeasonalProfile();
    return UTILIZATION_TARGETS.flatMap((target) =>
      INITIALISATION_STEPS.map((ahead) => {
        const size = sizer(profile, target, ahead);
        return {
          settings: `target ${target}, ahead ${ahead} min`,
          utilizationTarget: target,
          policy: (observed, t) => groupOf(size(observed, t)),
        };
      }),
    );
  },
};

export const gcpPredictivePool: Rival = {
  name: 'gcp predictive +pool',
  about: 'the same emulation, beside a standby pool, kept as shadow, sized by hand',
  candidates: () => {
    const profile = new SeasonalProfile();
    return UTILIZATION_TARGETS.flatMap((target) => {
      const size = remembered(sizer(profile, target, INITIALISATION_STEPS[0]));
      return POOLS.map((pool) => ({
        settings: `target ${target}, pool ${pool}`,
        utilizationTarget: target,
        policy: (observed, t) => groupWithPool(size(observed, t), pool),
      }));
    });
  },
};

/** The larger of forecast and reaction. */
function sizer(profile: SeasonalProfile, target: number, ahead: number) {
  const reactive = migSizer(target);
  return (observed: Float64Array, t: number) =>
    Math.max(reactive(newest(observed), t), ceiling(forecast(profile, observed, t, ahead) / target));
}

/** Largest seasonal demand over the initialisation period, corrected to the level of the last hour. */
function forecast(profile: SeasonalProfile, observed: Float64Array, t: number, ahead: number): number {
  if (t < HISTORY_NEEDED_STEPS) return 0;
  let largest = 0;
  for (let step = t; step <= t + ahead; step++) largest = Math.max(largest, profile.at(observed, step) ?? 0);
  return largest * levelRatio(profile, observed);
}

/** How the last hour compares with what the profile held for it, at most a factor of two either way. */
function levelRatio(profile: SeasonalProfile, observed: Float64Array): number {
  let [actual, expected, known] = [0, 0, 0];
  const from = Math.max(0, observed.length - LEVEL_STEPS);
  for (let step = from; step < observed.length; step++) {
    actual += observed[step]!;
    const usual = profile.at(observed, step);
    if (usual === undefined) continue;
    expected += usual;
    known++;
  }
  if (known < LEVEL_STEPS / 2) return 1;
  const ratio = actual / (observed.length - from) / Math.max(1e-9, expected / known);
  return Math.min(2, Math.max(0.5, ratio));
}

/** Demand usual at a step: mean of the same minute of the last days and, once known, of the same weekday, half each. */
class SeasonalProfile {
  readonly #known: (number | undefined)[] = [];
  readonly #asked: boolean[] = [];

  /** The step may lie less than a day ahead of what is observed. */
  at(observed: Float64Array, step: number): number | undefined {
    if (!this.#asked[step]) {
      this.#known[step] = usualAt(observed, step);
      this.#asked[step] = true;
    }
    return this.#known[step];
  }
}

function usualAt(observed: Float64Array, step: number): number | undefined {
  const daily = meanOverPeriods(observed, step, STEPS_PER_DAY, DAYS);
  const weekly = meanOverPeriods(observed, step, 7 * STEPS_PER_DAY, WEEKS);
  if (daily === undefined || weekly === undefined) return daily;
  return 0.5 * daily + 0.5 * weekly;
}

function meanOverPeriods(
  observed: Float64Array,
  step: number,
  period: number,
  count: number,
): number | undefined {
  let sum = 0;
  let periods = 0;
  for (let middle = step - period; middle >= 0 && periods < count; middle -= period, periods++) {
    const from = Math.max(0, middle - SMOOTHING_HALF_STEPS);
    const to = middle + SMOOTHING_HALF_STEPS;
    let smooth = 0;
    for (let i = from; i <= to; i++) smooth += observed[i]!;
    sum += smooth / (to - from + 1);
  }
  return periods === 0 ? undefined : sum / periods;
}
