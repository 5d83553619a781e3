import type { Course } from '../course.ts';
import { binsPerDay, withoutGaps } from '../course.ts';
import { LEVELS } from '../quantile-forecast.ts';
import { GAUSS } from '../mixture/spread.ts';
import type { Expert, Sketch } from './expert.ts';

/** Days that the interval rests on. */
const DAYS = 14;
/** Changes of a window's maximum from day to day that its quantiles need. */
const FEWEST_CHANGES = 20;

/**
 * Yesterday again, with a Gaussian interval as wide as the root mean square change from day to day; a window's maximum
 * is yesterday's plus its past changes. What every other forecaster has to beat.
 */
export const seasonalNaiveExpert: Expert = {
  name: 'seasonal-naive',
  prior: 1.7,
  knowsEvents: false,
  sketch: (course, leads, windows) => Promise.resolve(sketch(course, leads, windows)),
};

function sketch(course: Course, leads: readonly number[], windows: readonly number[]): Sketch | undefined {
  const all = withoutGaps(course);
  const perDay = binsPerDay(course);
  const values = all.subarray(Math.max(0, all.length - DAYS * perDay));
  if (values.length <= perDay) return undefined;
  let squares = 0;
  for (let i = perDay; i < values.length; i++) squares += (values[i]! - values[i - perDay]!) ** 2;
  const deviation = Math.sqrt(squares / (values.length - perDay));
  const rows: number[][] = leads.map((lead) => {
    const centre = values[values.length - perDay + (lead % perDay)]!;
    const width = deviation * Math.sqrt(Math.floor(lead / perDay) + 1);
    return GAUSS.map((z) => centre + width * z);
  });
  for (const window of windows) rows.push(maximumRow(values, perDay, window));
  return Float64Array.from(rows.flat());
}

/** Quantiles of the maximum over the next `window` bins. */
function maximumRow(values: Float64Array, perDay: number, window: number): number[] {
  const highest = (from: number) => {
    let top = -Infinity;
    for (let i = from; i < from + window; i++) top = Math.max(top, values[i]!);
    return top;
  };
  const changes: number[] = [];
  const every = Math.max(1, Math.round(perDay / 24));
  for (let at = values.length - window; at - perDay >= 0; at -= every) {
    changes.push(highest(at) - highest(at - perDay));
  }
  const yesterday = highest(values.length - perDay);
  if (changes.length < FEWEST_CHANGES) return GAUSS.map(() => highest(Math.max(0, values.length - window)));
  changes.sort((a, b) => a - b);
  return LEVELS.map((level) => {
    const place = level * (changes.length - 1);
    const low = Math.floor(place);
    const high = Math.min(changes.length - 1, low + 1);
    return yesterday + changes[low]! + (place - low) * (changes[high]! - changes[low]!);
  });
}
