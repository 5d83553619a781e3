import type { Rival } from './rival.ts';
import { POOLS, UTILIZATION_TARGETS, ceiling, groupOf, groupWithPool, newest, remembered } from './rival.ts';

const STEPS_PER_HOUR = 60;
/** The documents: 24 hours of history needed, 14 days used, a forecast by the hour, renewed every six hours. */
const FIRST_FORECAST_HOUR = 25;
const RENEWED_HOURS = 6;
const HISTORY_HOURS = 14 * 24;
const DAYS = 7;
const WEEKS = 2;
/** Instances are asked for so long before the hour that needs them. */
const BUFFER_STEPS = 5;
/** What stands for an hour: its mean, or its highest minute. */
const STATISTICS = ['mean', 'max'] as const;
type Statistic = (typeof STATISTICS)[number];

export const awsPredictive: Rival = {
  name: 'aws predictive',
  about:
    "emulation, by its documents, of AWS' predictive scaling by hours of day and week, beside target tracking; the larger",
  candidates: () =>
    everySizer().map(({ settings, target, size }) => ({
      settings,
      utilizationTarget: target,
      policy: (observed, t) => groupOf(size(observed, t)),
    })),
};

export const awsPredictivePool: Rival = {
  name: 'aws predictive +pool',
  about: 'the same emulation, beside a warm pool, kept as shadow, sized by hand',
  candidates: () =>
    everySizer().flatMap(({ settings, target, size }) =>
      POOLS.map((pool) => ({
        settings: `${settings}, pool ${pool}`,
        utilizationTarget: target,
        policy: (observed, t) => groupWithPool(size(observed, t), pool),
      })),
    ),
};

/** The larger of forecast and target tracking, by target and statistic. */
function everySizer() {
  return STATISTICS.flatMap((statistic) => {
    const forecast = new HourlyForecast(statistic);
    return UTILIZATION_TARGETS.map((target) => {
      const track = targetTracking(target);
      const size = remembered((observed, t) =>
        Math.max(track(newest(observed)), ceiling(forecast.largest(observed, t) / target)),
      );
      return { settings: `target ${target}, ${statistic}`, target, size };
    });
  });
}

/**
 * Target tracking by its two alarms: up after three minutes above the target, down after a quarter of an hour below 90% of it.
 * To be called once per step with the newest load, in instances.
 */
export function targetTracking(target: number): (load: number) => number {
  let current = 0;
  let [above, below] = [0, 0];
  return (load) => {
    if (current === 0) current = Math.max(1, Math.ceil(load / target));
    const use = load / current;
    above = use > target ? above + 1 : 0;
    below = use < 0.9 * target ? below + 1 : 0;
    if (above >= 3) [current, above] = [ceiling(load / target), 0];
    else if (below >= 15) [current, below] = [Math.max(1, ceiling(load / target)), 0];
    return current;
  };
}

/** Demand by hours of the day and, once known, of the week, half each. */
class HourlyForecast {
  readonly #statistic: Statistic;
  readonly #hours: number[] = [];
  readonly #planned: (number | undefined)[] = [];

  constructor(statistic: Statistic) {
    this.#statistic = statistic;
  }

  /** For this step and the one that the buffer reaches; 0 before there is a forecast. */
  largest(observed: Float64Array, t: number): number {
    const at = (step: number) => this.#at(observed, Math.floor(step / STEPS_PER_HOUR));
    return Math.max(at(t), at(t + BUFFER_STEPS));
  }

  #at(observed: Float64Array, hour: number): number {
    if (hour < FIRST_FORECAST_HOUR) return 0;
    return (this.#planned[hour] ??= this.#forecast(observed, hour));
  }

  #forecast(observed: Float64Array, hour: number): number {
    const renewed = hour - ((hour - FIRST_FORECAST_HOUR) % RENEWED_HOURS);
    // The hour before is not whole yet when the forecast is made.
    const end = renewed - 1;
    const first = Math.max(0, end - HISTORY_HOURS);
    const mean = (period: number, count: number) => {
      let [sum, known] = [0, 0];
      for (let past = hour - period; past >= first && known < count; past -= period) {
        if (past >= end) continue;
        sum += this.#past(observed, past);
        known++;
      }
      return known === 0 ? undefined : sum / known;
    };
    const daily = mean(24, DAYS) ?? 0;
    const weekly = mean(7 * 24, WEEKS);
    return weekly === undefined ? daily : 0.5 * daily + 0.5 * weekly;
  }

  /** What stands for a past hour, wholly observed. */
  #past(observed: Float64Array, hour: number): number {
    return (this.#hours[hour] ??= statisticOf(
      observed.subarray(hour * STEPS_PER_HOUR, (hour + 1) * STEPS_PER_HOUR),
      this.#statistic,
    ));
  }
}

function statisticOf(values: Float64Array, statistic: Statistic): number {
  return statistic === 'max'
    ? Math.max(...values)
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}
