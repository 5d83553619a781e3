import type { AnnouncedEvent } from '../../src/domain/event.ts';
import type { Course } from '../course.ts';
import { observe } from './changes.ts';
import type { Placed, Seen } from './places.ts';
import type { Belief, Response } from './responses.ts';
import { beliefOf, factorOf, responseOf } from './responses.ts';

/** An event that is on or ahead, and what is expected of it. */
export interface Outlook {
  event: Placed;
  response: Response;
  belief: Belief;
}

/** What announced events did to a course, and what those that are on or ahead may do. */
export interface Effects {
  /** The course as it would have been without them. */
  cleaned: Course;
  outlooks: Outlook[];
}

/** Demand is divided by no less than this. */
const LEAST_FACTOR = 0.2;

/**
 * Learns from past events of the same kind what they do per announced size at each place within them, and how often they
 * do nothing. Only events that announce their size, by the course's end, are looked at. Without any the course is as given.
 */
export function effectsOf(course: Course, events: readonly AnnouncedEvent[]): Effects {
  const placed = events
    .filter((event) => event.announced <= course.endMs && isSized(event))
    .map((event) => placedIn(course, event))
    .filter(({ start, end }) => end > start && end > 0)
    .sort((a, b) => a.start - b.start);
  if (placed.length === 0) return { cleaned: course, outlooks: [] };
  const now = course.values.length;
  const seen = observe(course, placed);
  const responses = new Map<string, Response>();
  for (const kind of new Set(placed.map((event) => event.kind))) {
    responses.set(kind, responseOf(seen.filter(({ event }) => event.kind === kind && event.end <= now)));
  }
  const outlooks = placed
    .filter(({ end }) => end > now)
    .map((event): Outlook => {
      const response = responses.get(event.kind)!;
      const running = seen.find((one) => one.event === event);
      const belief = running ? beliefOf(running, response) : { happened: response.happens, amplitude: 1 };
      return { event, response, belief };
    });
  return { cleaned: cleanedOf(course, seen, responses), outlooks };
}

/** Whether it announces how much it moves demand. */
export function isSized({ expectedUplift }: AnnouncedEvent): boolean {
  return expectedUplift !== undefined && expectedUplift >= 0 && Math.abs(expectedUplift - 1) >= 0.05;
}

function placedIn({ values, stepMs, endMs }: Course, event: AnnouncedEvent): Placed {
  return {
    kind: event.kind,
    start: values.length + Math.floor((event.start - endMs) / stepMs),
    end: values.length + Math.ceil((event.end - endMs) / stepMs),
    size: event.expectedUplift! - 1,
  };
}

function cleanedOf(course: Course, seen: readonly Seen[], responses: ReadonlyMap<string, Response>): Course {
  const values = Float64Array.from(course.values);
  for (const one of seen) {
    const response = responses.get(one.event.kind)!;
    const { happened, amplitude } = beliefOf(one, response);
    for (let bin = Math.max(0, one.event.start); bin < Math.min(one.event.end, values.length); bin++) {
      const factor = factorOf(one.event, response, happened * amplitude, bin, course.stepMs);
      values[bin]! /= Math.max(LEAST_FACTOR, factor);
    }
  }
  return { ...course, values };
}
