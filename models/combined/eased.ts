import type { AnnouncedEvent } from '../../src/domain/event.ts';
import type { Course } from '../course.ts';
import { binsPerDay } from '../course.ts';
import type { Expert } from './expert.ts';

/** Share of the bins that count as high. */
const HIGH = 0.05;
/** How far from the same time of another day a peak still counts as the same. */
const REACH_MS = 1_800_000;
/** So much before the end all is taken as it is: it may be a new regime. */
const PRESENT_MS = 6 * 3_600_000;
/** More values than this are not all sorted. */
const MANY = 3000;

/**
 * The expert, shown demand that is easier to go on from: high values without their like at the same time of any other day
 * are capped (they hardly come again, but widen and lift every forecast for two weeks), and demand that is never
 * negative is raised to the power 2/3, which brings calm and busy hours nearer to each other. What it says is brought
 * back. What this is worth stands in docs/benchmarks-forecast.md.
 */
export function eased(expert: Expert): Expert {
  return {
    ...expert,
    async sketch(course, leads, windows, events) {
      const shown = shownOf(course, events);
      const given = await expert.sketch(shown.course, leads, windows, shown.events);
      return shown.raised ? given?.map(lowered) : given;
    },
  };
}

/** What is shown in place of a course and its events. */
interface Shown {
  course: Course;
  events: readonly AnnouncedEvent[];
  raised: boolean;
  /** The events it was made of. */
  of: readonly AnnouncedEvent[];
}

/** Experts are asked of the same course one after the other: it is eased once. */
const shownLately = new WeakMap<Course, Shown>();

function shownOf(course: Course, events: readonly AnnouncedEvent[]): Shown {
  const known = shownLately.get(course);
  if (known?.of === events) return known;
  const values = withoutOddPeaks(course, events);
  const isRaised = !values.some((value) => value < 0);
  if (isRaised) for (let i = 0; i < values.length; i++) values[i] = raised(values[i]!);
  const shown = {
    course: { ...course, values },
    events: isRaised ? events.map(easedEvent) : events,
    raised: isRaised,
    of: events,
  };
  shownLately.set(course, shown);
  return shown;
}

/** To the power 2/3: of a cube root, thrice as fast as Math.pow. */
function raised(value: number): number {
  return Math.cbrt(value) ** 2;
}

function lowered(value: number): number {
  return value * Math.sqrt(value);
}

function easedEvent(event: AnnouncedEvent): AnnouncedEvent {
  const { expectedUplift } = event;
  return expectedUplift === undefined ? event : { ...event, expectedUplift: raised(expectedUplift) };
}

/** A copy whose high values are at most what another day had at the same time, or what is not high; events are left alone. */
function withoutOddPeaks(course: Course, events: readonly AnnouncedEvent[]): Float64Array {
  const { values, stepMs, endMs } = course;
  const capped = values.slice();
  const usual = exceededBy(values, HIGH);
  const end = values.length - Math.round(PRESENT_MS / stepMs);
  for (let bin = 0; bin < end; bin++) {
    const value = values[bin]!;
    if (!(value > usual)) continue;
    const beginMs = endMs - (values.length - bin) * stepMs;
    if (events.some((event) => event.start < beginMs + stepMs && event.end > beginMs)) continue;
    capped[bin] = Math.min(value, Math.max(usual, highestElsewhere(course, bin, value)));
  }
  return capped;
}

/** The highest value near the same time of the other days; looked for no further once `enough` is found. */
function highestElsewhere(course: Course, bin: number, enough: number): number {
  const { values, stepMs } = course;
  const perDay = binsPerDay(course);
  const reach = Math.round(REACH_MS / stepMs);
  let most = -Infinity;
  for (let at = bin % perDay; at < values.length && most < enough; at += perDay) {
    if (at === bin) continue;
    const to = Math.min(values.length - 1, at + reach);
    for (let i = Math.max(0, at - reach); i <= to; i++) if (values[i]! > most) most = values[i]!;
  }
  return most;
}

/** The value that a share of those there are exceeds; of every seventh, which falls on all times of day, where there are many. */
function exceededBy(values: Float64Array, share: number): number {
  const every = values.length > MANY ? 7 : 1;
  const there = new Float64Array(Math.ceil(values.length / every));
  let count = 0;
  for (let i = 0; i < values.length; i += every) if (!Number.isNaN(values[i])) there[count++] = values[i]!;
  const sorted = there.subarray(0, count).sort();
  return sorted[Math.floor((1 - share) * (count - 1))] ?? 0;
}
