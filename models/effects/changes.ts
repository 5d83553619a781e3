import type { Course } from '../course.ts';
import { binsPerDay } from '../course.ts';
import { meanOf } from '../features/rolling.ts';
import type { Changes, Placed, Seen } from './places.ts';
import { addChange, noChanges, placeOf } from './places.ts';
import { busyBins, usualWithin } from './usual.ts';

/** A change is measured against a tenth of mean demand at least. */
const SMALLEST_SHARE = 0.1;
/** Days from an event at which the noise is looked at. */
const CALM_DAYS = [-2, -1, 1, 2];
/** Windows' worth of belief in all events' noise against an event's own. */
const PRIOR_WINDOWS = 4;
/** Noise where no calm window is known, and the least that is believed. */
const UNKNOWN_NOISE = 0.3;
const LEAST_NOISE = 1e-3;
/** Standard deviations of a normal distribution in its median absolute deviation. */
const NORMAL_MEDIAN = 1.4826;

/**
 * What each event did so far as the course shows it, and the noise that it is to be told from: that of the same time on
 * days close by, drawn to all events'.
 */
export function observe(course: Course, events: readonly Placed[]): Seen[] {
  const busy = busyBins(course.values.length, events);
  const least = Math.max(SMALLEST_SHARE * (meanOf(course.values, 0, Math.abs) ?? 0), 1e-12);
  const begun = events.filter(({ start, end }) => start < course.values.length && end > 0);
  const beside = begun.map((event) =>
    calmBeside(course, event, busy).map((window) => changesOf(course, window, busy, least)),
  );
  const noise = typical(beside.flat().map(overall));
  const placeNoise = typical(
    beside
      .flat()
      .flatMap(({ totals, counts }) => Array.from(totals, (total, place) => total / counts[place]!)),
  );
  return begun.map((event, i) => {
    const own = drawn(beside[i]!.map(overall), noise);
    return {
      event,
      ...changesOf(course, event, busy, least),
      noise: own,
      placeNoise: (placeNoise * own) / noise,
    };
  });
}

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
function overall({ totals, counts }: Changes): number {
  return sum(totals) / sum(counts);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function changesOf(course: Course, event: Placed, busy: Uint8Array, least: number): Changes {
  const { values, stepMs } = course;
  const changes = noChanges();
  const first = Math.max(0, event.start);
  for (const [i, expected] of usualWithin(course, event, busy).entries()) {
    const change = (values[first + i]! - expected) / Math.max(Math.abs(expected), least);
    addChange(changes, placeOf(first + i, event, stepMs), 1 + change);
  }
  return changes;
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
