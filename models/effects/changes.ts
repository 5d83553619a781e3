import type { Course } from '../course.ts';
import { binsPerDay } from '../course.ts';
import { meanOf } from '../features/rolling.ts';
import type { Placed } from './usual.ts';
import { busyBins, usualWithin } from './usual.ts';

/** What a past or running event did. */
export interface Seen {
  event: Placed;
  /** Mean of ln(demand / usual demand) by place; NaN where unknown. Logarithms, so that a burst beside it counts little. */
  changes: Float64Array;
  /** How many bins each place rests on. */
  counts: Float64Array;
  /** Usual size of its mean change, should it do nothing: that of the same time on days close by, drawn to all events'. */
  noise: number;
}

/** Events of a course, and how large changes are where there is none. */
export interface Observed {
  seen: Seen[];
  /** Typical size of the mean change over a window as long as an event, on days without one. */
  noise: number;
  /** The same of single places. */
  placeNoise: number;
}

const OPENING_PLACES = 6;
const LATER_PLACES = 12;
export const PLACES = OPENING_PLACES + LATER_PLACES;
/** Events open alike by the clock (half an hour), and go on alike by their share of the rest. */
const OPENING_MS = 1_800_000;
/** A change is measured against a tenth of mean demand at least, and demand counts as no less than this part of the usual. */
const SMALLEST_SHARE = 0.1;
export const LEAST_RATIO = 0.05;
/** Days from an event at which the noise is looked at. */
const CALM_DAYS = [-2, -1, 1, 2];
/** Windows' worth of belief in all events' noise against an event's own. */
const PRIOR_WINDOWS = 4;
/** Noise where no calm window is known, and the least that is believed. */
const UNKNOWN_NOISE = 0.3;
const LEAST_NOISE = 1e-3;
/** Standard deviations of a normal distribution in its median absolute deviation. */
const NORMAL_MEDIAN = 1.4826;

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
  const beside = begun.map((event) =>
    calmBeside(course, event, busy).map((window) => changesOf(course, window, busy, least)),
  );
  const noise = typical(beside.flat().map(overall));
  return {
    seen: begun.map((event, i) => ({
      event,
      ...changesOf(course, event, busy, least),
      noise: drawn(beside[i]!.map(overall), noise),
    })),
    noise,
    placeNoise: typical(beside.flat().flatMap(({ changes }) => [...changes])),
  };
}

type Changes = Pick<Seen, 'changes' | 'counts'>;

/** Typical size of known values, which a few large ones do not move. */
function typical(values: readonly number[]): number {
  const sizes = values.filter((value) => !Number.isNaN(value)).map(Math.abs);
  if (sizes.length === 0) return UNKNOWN_NOISE;
  sizes.sort((a, b) => a - b);
  return Math.max(LEAST_NOISE, NORMAL_MEDIAN * sizes[Math.floor(sizes.length / 2)]!);
}

/** Root mean square of an event's own calm windows, drawn to what is typical. */
function drawn(values: readonly number[], noise: number): number {
  const known = values.filter((value) => !Number.isNaN(value));
  const squares = known.reduce((sum, value) => sum + value * value, PRIOR_WINDOWS * noise ** 2);
  return Math.sqrt(squares / (known.length + PRIOR_WINDOWS));
}

/** Mean change over all that was seen of an event. */
function overall({ changes, counts }: Changes): number {
  let total = 0;
  let count = 0;
  for (let place = 0; place < PLACES; place++) {
    if (!(counts[place]! > 0)) continue;
    total += counts[place]! * changes[place]!;
    count += counts[place]!;
  }
  return total / count;
}

function changesOf(course: Course, event: Placed, busy: Uint8Array, least: number): Changes {
  const { values, stepMs } = course;
  const usual = usualWithin(course, event, busy);
  const totals = new Float64Array(PLACES);
  const counts = new Float64Array(PLACES);
  const first = Math.max(0, event.start);
  for (const [i, expected] of usual.entries()) {
    const change = (values[first + i]! - expected) / Math.max(Math.abs(expected), least);
    if (Number.isNaN(change)) continue;
    const place = placeOf(first + i, event, stepMs);
    totals[place]! += Math.log(Math.max(LEAST_RATIO, 1 + change));
    counts[place]! += 1;
  }
  return { changes: totals.map((total, place) => total / counts[place]!), counts };
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
