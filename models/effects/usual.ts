import type { Course } from '../course.ts';
import { binsPerDay } from '../course.ts';
import type { Placed } from './places.ts';

/** Days to either side whose same time of day tells what is usual; the nearer counts more. */
const DAYS = [1, 2, 3, 4, 7];
/** Hours before and after an event whose level moves the usual course. */
const LEVEL_HOURS = 2;

/** Which bins of the course lie within an event. */
export function busyBins(length: number, events: readonly Placed[]): Uint8Array {
  const busy = new Uint8Array(length);
  for (const { start, end } of events) busy.fill(1, Math.max(0, start), Math.max(0, Math.min(end, length)));
  return busy;
}

/**
 * What demand would have been within a past event, bin by bin: the same time on days before and after without an event,
 * moved to the level just before and just after. NaN where no such day is known.
 */
export function usualWithin(course: Course, event: Placed, busy: Uint8Array): Float64Array {
  const { values } = course;
  const perDay = binsPerDay(course);
  const start = Math.max(0, event.start);
  const end = Math.min(event.end, values.length);
  const profile = (bin: number) => profileAt(values, busy, perDay, bin);
  const reach = Math.max(1, Math.round((LEVEL_HOURS * perDay) / 24));
  const moved = (from: number, to: number) => {
    let total = 0;
    let count = 0;
    for (let bin = Math.max(0, from); bin < Math.min(to, values.length); bin++) {
      const difference = busy[bin] ? Number.NaN : values[bin]! - profile(bin);
      if (Number.isNaN(difference)) continue;
      total += difference;
      count += 1;
    }
    return count > 0 ? total / count : undefined;
  };
  const before = moved(start - reach, start);
  const after = moved(end, end + reach);
  const first = before ?? after ?? 0;
  const last = after ?? first;
  return Float64Array.from({ length: Math.max(0, end - start) }, (_, i) => {
    const share = (i + 0.5) / (event.end - start);
    return profile(start + i) + first + share * (last - first);
  });
}

/** Median of those days, the nearer weighing more: a burst on one of them is not usual. */
function profileAt(values: Float64Array, busy: Uint8Array, perDay: number, bin: number): number {
  const known: { value: number; weight: number }[] = [];
  for (const days of DAYS) {
    for (const at of [bin - days * perDay, bin + days * perDay]) {
      const value = values[at];
      if (value === undefined || Number.isNaN(value) || busy[at]) continue;
      known.push({ value, weight: 1 / days });
    }
  }
  return weightedMedian(known);
}

/** Between the middles of two values' weights, a line. NaN of nothing. */
function weightedMedian(known: { value: number; weight: number }[]): number {
  known.sort((a, b) => a.value - b.value);
  const half = known.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let [below, middle, value] = [0, 0, Number.NaN];
  for (const next of known) {
    const nextMiddle = below + next.weight / 2;
    if (nextMiddle >= half) {
      if (Number.isNaN(value)) return next.value;
      return value + ((half - middle) / (nextMiddle - middle)) * (next.value - value);
    }
    below += next.weight;
    [middle, value] = [nextMiddle, next.value];
  }
  return value;
}
