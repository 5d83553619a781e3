import type { Fitted, Forecaster, History } from './forecaster.ts';
import { endOf } from './forecaster.ts';

const DAY_MS = 86_400_000;
/** Days that the profile looks back on; each counts half of the one after it. */
const PROFILE_DAYS = 4;
/** Newest steps whose median is the level. */
const LEVEL_STEPS = 5;

/**
 * The same time on the last days, newest counting most. The fallback, and what a day-old application gets; with less
 * than a day of history it is the present level, drawn flat.
 */
export const seasonalNaive: Forecaster = {
  name: 'seasonal-naive',
  fit(history: History, steps: number): Fitted {
    const perDay = Math.round(DAY_MS / history.stepMs);
    const level = levelOf(history);
    if (level === undefined) throw new Error('seasonal-naive: no sample in the history; wait for the first');
    const daily = history.values.length > perDay;
    const path = Array.from({ length: steps }, (_, i) =>
      daily ? (profile(history, history.values.length + i, perDay) ?? level) : level,
    );
    return {
      model: daily ? 'seasonal-naive' : 'level',
      asOf: endOf(history),
      stepMs: history.stepMs,
      path,
    };
  },
};

/** Weighted mean of the same step on the last days (weights 1/2, 1/4, ...), over the days that have it. */
function profile(history: History, index: number, perDay: number): number | undefined {
  let sum = 0;
  let weights = 0;
  const firstBack = Math.floor((index - history.values.length) / perDay) + 1;
  for (let day = 0; day < PROFILE_DAYS; day++) {
    const value = history.values[index - (firstBack + day) * perDay];
    if (value === undefined || Number.isNaN(value)) continue;
    const weight = 0.5 ** day;
    sum += weight * value;
    weights += weight;
  }
  return weights > 0 ? sum / weights : undefined;
}

/** Median of the newest samples, looking back past gaps. */
function levelOf(history: History): number | undefined {
  const newest: number[] = [];
  for (let i = history.values.length - 1; i >= 0 && newest.length < LEVEL_STEPS; i--) {
    const value = history.values[i]!;
    if (!Number.isNaN(value)) newest.push(value);
  }
  return newest.sort((a, b) => a - b)[Math.floor(newest.length / 2)];
}
