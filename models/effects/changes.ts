import type { Course } from '../course.ts';
import { binsPerDay } from '../course.ts';
import { meanOf } from '../features/rolling.ts';
import type { Placed } from './usual.ts';
import { busyBins, usualWithin } from './usual.ts';

/** What a past or running event did. */
export interface Seen {
  event: Placed;
  /** Change against usual demand, as a share of it, by place; NaN where unknown. */
  changes: Float64Array;
  /** How many bins each place rests on. */
  counts: Float64Array;
}

/** Events of a course, and how large changes are where there is none. */
export interface Observed {
  seen: Seen[];
  /** Root mean square of the mean change over a window as long as an event, on days without one. */
  noise: number;
  /** The same of single places. */
  placeNoise: number;
}

const OPENING_PLACES = 6;
const LATER_PLACES = 12;
export const PLACES = OPENING_PLACES + LATER_PLACES;
/** Events open alike by the clock (half an hour), and go on alike by their share of the rest. */
const OPENING_MS = 1_800_000;
/** A change is measured against a tenth of mean demand at least, and is no larger than this. */
const SMALLEST_SHARE = 0.1;
const LARGEST_CHANGE = 5;
/** Days from an event at which the noise is looked at. */
const CALM_DAYS = [-2, -1, 1, 2];
/** Noise where no calm window is known. */
const UNKNOWN_NOISE = 0.3;

/** Where within an event a bin lies: twelfths of its first half hour, halved, then twelfths of the rest. */
export function placeOf(bin: number, { start, end }: Placed, stepMs: number): number {
  const elapsedMs = (bin - start + 0.5) * stepMs;
  const durationMs = (end - start) * stepMs;
  const openingMs = Math.min(OPENING_MS, durationMs / 2);
  if (elapsedMs < openingMs) return Math.floor((elapsedMs / openingMs) * OPENING_PLACES);
  const share = (elapsedMs - openingMs) / (durationMs - openingMs);
  return OPENING_PLACES + Math.min(LATER_PLACES - 1, Math.floor(share * LATER_PLACES));
}

/** What each event did so far as the course shows it, and the noise that it is to be told from. */
export function observe(course: Course, events: readonly Placed[]): Observed {
  const busy = busyBins(course.values.length, events);
  const least = Math.max(SMALLEST_SHARE * (meanOf(course.values, 0, Math.abs) ?? 0), 1e-12);
  const begun = events.filter(({ start, end }) => start < course.values.length && end > 0);
  const seen = begun.map((event) => changesOf(course, event, busy, least));
  const calm = begun
    .flatMap((event) => calmBeside(course, event, busy))
    .map((event) => changesOf(course, event, busy, least));
  const rootMeanSquare = (values: number[]) =>
    values.length > 0
      ? Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
      : UNKNOWN_NOISE;
  return {
    seen,
    noise: rootMeanSquare(calm.map(overall).filter((value) => !Number.isNaN(value))),
    placeNoise: rootMeanSquare(
      calm.flatMap(({ changes }) => [...changes]).filter((value) => !Number.isNaN(value)),
    ),
  };
}

/** Mean change over all that was seen of an event. */
function overall({ changes, counts }: Seen): number {
  let total = 0;
  let count = 0;
  for (let place = 0; place < PLACES; place++) {
    if (!(counts[place]! > 0)) continue;
    total += counts[place]! * changes[place]!;
    count += counts[place]!;
  }
  return total / count;
}

function changesOf(course: Course, event: Placed, busy: Uint8Array, least: number): Seen {
  const { values, stepMs } = course;
  const usual = usualWithin(course, event, busy);
  const totals = new Float64Array(PLACES);
  const counts = new Float64Array(PLACES);
  const first = Math.max(0, event.start);
  for (const [i, expected] of usual.entries()) {
    const change = (values[first + i]! - expected) / Math.max(Math.abs(expected), least);
    if (Number.isNaN(change)) continue;
    const place = placeOf(first + i, event, stepMs);
    totals[place]! += Math.min(LARGEST_CHANGE, Math.max(-LARGEST_CHANGE, change));
    counts[place]! += 1;
  }
  return { event, counts, changes: totals.map((total, place) => total / counts[place]!) };
}

/** The same time on days close by, where no event is on. */
function calmBeside(course: Course, event: Placed, busy: Uint8Array): Placed[] {
  return CALM_DAYS.map((days) => {
    const shift = days * binsPerDay(course);
    return { ...event, start: event.start + shift, end: event.end + shift };
  }).filter(({ start, end }) => {
    return start >= 0 && end <= course.values.length && !busy.subarray(start, end).includes(1);
  });
}
