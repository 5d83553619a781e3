import { combine, beat, newLearnt, recalibrated } from './combined/combination.ts';
import type { Learnt } from './combined/combination.ts';
import type { Expert, Sketch } from './combined/expert.ts';
import { bucketOf, placesOf } from './combined/places.ts';
import type { Course } from './course.ts';
import { courseOf } from './course.ts';
import type { History } from './forecaster.ts';
import { endOf, until } from './forecaster.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { QuantileForecast } from './quantile-forecast.ts';
import { applyEffects } from './effects/apply.ts';
import type { Effects } from './effects/effects.ts';
import { effectsOf, isSized } from './effects/effects.ts';
import { fanForecast } from './fan-forecast.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Experts are asked and scored this often. */
const BEAT_MS = HOUR_MS;
/** How far back a start from nothing asks them. */
const REPLAY_MS = 10 * DAY_MS;
/** Context of a forecast; what is older is not looked at. */
const CONTEXT_MS = 22 * DAY_MS;
/** History of the first beat, hours. */
const FIRST_BEAT_MS = 12 * HOUR_MS;
/** Questions put to the experts at once. */
const AT_ONCE = 32;

/** The combination of experts: what the product itself forecasts by. One per series; it remembers how each has done. */
export interface Premirror {
  readonly name: 'premirror';
  forecast(history: History, events?: readonly AnnouncedEvent[]): Promise<QuantileForecast>;
}

export interface PremirrorOptions {
  horizonMs?: number;
  beatMs?: number;
  replayMs?: number;
}

export function createPremirror(experts: readonly Expert[], options: PremirrorOptions = {}): Premirror {
  const { horizonMs = DAY_MS, beatMs = BEAT_MS, replayMs = REPLAY_MS } = options;
  let learnt: Learnt | undefined;

  /** The beats since the newest one, at whole multiples of `beatMs`, oldest first; none is repeated. */
  async function catchUp(of: Learnt, history: History, events: readonly AnnouncedEvent[]): Promise<void> {
    const firstMs = Math.max(of.beatMs + beatMs, endOf(history) - replayMs, history.startAt + FIRST_BEAT_MS);
    const times: number[] = [];
    for (let at = Math.ceil(firstMs / beatMs) * beatMs; at <= endOf(history); at += beatMs) times.push(at);
    for (let i = 0; i < times.length; i += AT_ONCE) {
      const courses = times.slice(i, i + AT_ONCE).map((at) => present(history, at, events).cleaned);
      const said = await Promise.all(
        courses.map((course) => ask(course, of.places.leads, of.places.windows, unsized(events, course))),
      );
      for (const [j, course] of courses.entries())
        beat(of, experts, course, announcedBy(course, events), said[j]!);
    }
  }

  /** Every expert's word on one course. */
  const ask = (
    course: Course,
    leads: readonly number[],
    windows: readonly number[],
    events: readonly AnnouncedEvent[],
  ): Promise<(Sketch | undefined)[]> =>
    Promise.all(experts.map((expert) => expert.sketch(course, leads, windows, events)));

  return {
    name: 'premirror',
    async forecast(history, events = []) {
      const effects = present(history, endOf(history), events);
      const course = effects.cleaned;
      if (!learnt || learnt.places.stepMs !== course.stepMs || learnt.beatMs > course.endMs) {
        learnt = newLearnt(placesOf(course.stepMs, horizonMs, beatMs), experts.length);
      }
      await catchUp(learnt, history, events);
      const { windows } = learnt.places;
      const leads = Array.from({ length: Math.round(horizonMs / course.stepMs) }, (_, i) => i);
      const announced = unsized(events, course);
      const sketches = await ask(course, leads, windows, announced);
      if (sketches.every((sketch) => sketch === undefined)) {
        throw new Error('premirror: no expert can say anything of this history; wait for more samples');
      }
      const buckets = [
        ...leads.map((lead) => bucketOf(lead, course.stepMs)),
        ...learnt.places.buckets.slice(learnt.places.leads.length),
      ];
      const eventful = eventfulRows(course, leads, windows, announced);
      const combined = combine(learnt, experts, sketches, buckets, eventful);
      const floor = course.values.some((value) => value < 0) ? -Infinity : 0;
      const rows = recalibrated(learnt, combined, buckets, floor);
      applyEffects(rows, leads, windows, effects);
      return fanForecast('premirror', history, course.stepMs, rows, leads.length, windows);
    },
  };
}

/** The course at a time, without what events of announced size did to it, and what such events may do next. */
function present(history: History, at: number, events: readonly AnnouncedEvent[]): Effects {
  return effectsOf(courseOf(until(history, at, CONTEXT_MS)), events);
}

/** Events without a size, so far as they are announced: what they do is for the experts to know. */
function unsized(events: readonly AnnouncedEvent[], course: Course): AnnouncedEvent[] {
  return announcedBy(course, events).filter((event) => !isSized(event));
}

function announcedBy(course: Course, events: readonly AnnouncedEvent[]): AnnouncedEvent[] {
  return events.filter(({ announced }) => announced <= course.endMs);
}

/** Rows (leads, then windows) that an announced event touches. */
function eventfulRows(
  course: Course,
  leads: readonly number[],
  windows: readonly number[],
  events: readonly AnnouncedEvent[],
): boolean[] {
  const { endMs, stepMs } = course;
  const on = (fromMs: number, toMs: number) => events.some(({ start, end }) => start < toMs && end > fromMs);
  return [
    ...leads.map((lead) => on(endMs + lead * stepMs, endMs + (lead + 1) * stepMs)),
    ...windows.map((window) => on(endMs, endMs + window * stepMs)),
  ];
}
