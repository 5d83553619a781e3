import type { Course } from '../course.ts';
import type { AnnouncedEvent } from '../../src/domain/event.ts';
import { LEVELS, ascend } from '../quantile-forecast.ts';
import type { Expert, Sketch } from './expert.ts';
import type { Places } from './places.ts';
import type { Recalibration } from './recalibration.ts';
import { fadeRecalibration, newRecalibration, observe, placesToRead, readAt } from './recalibration.ts';
import type { Tally } from './tally.ts';
import { fade, newTally, score, weightsOf } from './tally.ts';

/** How long what experts have earned counts (to 1/e), and an outcome for recalibration. */
const TALLY_MEMORY_MS = 8 * 86_400_000;
const MEMORY_MS = 4 * 86_400_000;
/** Of a time constant, beyond which nothing is left. */
const LONGEST_FADE = 20;

/** What experts said at one time, kept until the last of it has matured. */
interface Issued {
  endMs: number;
  sketches: readonly (Sketch | undefined)[];
  /** Of the combination, before recalibration. */
  combined: Sketch;
  /** Rows that are scored already. */
  settled: Uint8Array;
}

/** What a combination has learnt of one series. Rebuilt from history, so it is kept in memory only. */
export interface Learnt {
  places: Places;
  tally: Tally;
  recalibrations: Recalibration[];
  pending: Issued[];
  /** End of the newest beat, ms. */
  beatMs: number;
}

export function newLearnt(places: Places, experts: number): Learnt {
  return {
    places,
    tally: newTally(places, experts),
    recalibrations: Array.from({ length: places.bucketCount }, (_, bucket) =>
      newRecalibration(places.beliefOf(bucket)),
    ),
    pending: [],
    beatMs: -Infinity,
  };
}

/** One beat: what has matured by the course's end is scored; then every expert's word is noted, for later. */
export function beat(
  learnt: Learnt,
  experts: readonly Expert[],
  course: Course,
  events: readonly AnnouncedEvent[],
  sketches: readonly (Sketch | undefined)[],
): void {
  if (course.endMs <= learnt.beatMs) return;
  const fadedTo = (memoryMs: number) =>
    Math.exp(-Math.min((course.endMs - learnt.beatMs) / memoryMs, LONGEST_FADE));
  fade(learnt.tally, fadedTo(TALLY_MEMORY_MS));
  for (const recalibration of learnt.recalibrations) fadeRecalibration(recalibration, fadedTo(MEMORY_MS));
  learnt.beatMs = course.endMs;
  settle(learnt, course, events);
  const combined = combine(learnt, experts, sketches, learnt.places.buckets, []);
  const rows = learnt.places.buckets.length;
  learnt.pending.push({ endMs: course.endMs, sketches, combined, settled: new Uint8Array(rows) });
}

function settle(learnt: Learnt, course: Course, events: readonly AnnouncedEvent[]): void {
  const { places } = learnt;
  const sizes = new Float64Array(places.bucketCount);
  for (const bucket of places.buckets) sizes[bucket]! += 1;
  const { leads, windows } = places;
  for (const issued of learnt.pending) {
    const age = Math.round((course.endMs - issued.endMs) / course.stepMs);
    const origin = course.values.length - age;
    for (const [row, bucket] of places.buckets.entries()) {
      const window = windows[row - leads.length];
      const span = window ?? leads[row]! + 1;
      if (issued.settled[row] || span > age) continue;
      issued.settled[row] = 1;
      const from = window === undefined ? origin + span - 1 : origin;
      const actual = highestOf(course.values, from, origin + span);
      if (actual === undefined || touched(course, from, origin + span, events)) continue;
      const share = places.newsOf(bucket) / sizes[bucket]!;
      score(learnt.tally, bucket, share, issued.sketches, issued.combined, row, actual);
      // What experts claim of a window's maximum deserves little belief: every outcome counts in full against it.
      const weight = window === undefined ? share : 1;
      observe(learnt.recalibrations[bucket]!, weight, issued.combined, row * LEVELS.length, actual);
    }
  }
  learnt.pending = learnt.pending.filter(({ settled }) => settled.includes(0));
}

/** Undefined where a bin is missing. */
function highestOf(values: Float64Array, from: number, to: number): number | undefined {
  let top = -Infinity;
  for (let bin = Math.max(0, from); bin < to; bin++) {
    if (Number.isNaN(values[bin]!)) return undefined;
    top = Math.max(top, values[bin]!);
  }
  return top;
}

/** Bins under an event say little of how well an expert does on other days. */
function touched(course: Course, from: number, to: number, events: readonly AnnouncedEvent[]): boolean {
  const startMs = course.endMs - (course.values.length - from) * course.stepMs;
  const endMs = startMs + (to - from) * course.stepMs;
  return events.some((event) => event.start < endMs && event.end > startMs);
}

/**
 * Quantiles averaged, each level by its own weights of the row's bucket, and made to ascend. `eventful[row]`: only who
 * knows events is heard.
 */
export function combine(
  learnt: Learnt,
  experts: readonly Expert[],
  sketches: readonly (Sketch | undefined)[],
  buckets: readonly number[],
  eventful: readonly boolean[],
): Sketch {
  const out = new Float64Array(buckets.length * LEVELS.length);
  const known = new Map<string, number[][]>();
  for (const [row, bucket] of buckets.entries()) {
    const at = row * LEVELS.length;
    const heard = heardAt(experts, sketches, at, eventful[row] ?? false);
    const key = `${bucket} ${heard.join(' ')}`;
    const weights = known.get(key) ?? weightsOf(learnt.tally, bucket, experts, heard);
    known.set(key, weights);
    for (const [level, shares] of weights.entries()) {
      for (const [i, weight] of shares.entries()) {
        if (weight > 0) out[at + level]! += weight * sketches[i]![at + level]!;
      }
    }
    ascend(out, at);
  }
  return out;
}

/** Who speaks in the row at `at`; of them only those that know events where one is on and any does. */
function heardAt(
  experts: readonly Expert[],
  sketches: readonly (Sketch | undefined)[],
  at: number,
  isEventful: boolean,
): boolean[] {
  const speaking = sketches.map((sketch) => sketch !== undefined && !Number.isNaN(sketch[at]));
  const knowing = speaking.map((speaks, i) => speaks && experts[i]!.knowsEvents);
  return isEventful && knowing.includes(true) ? knowing : speaking;
}

/** The combination's rows made to hold what they claim. */
export function recalibrated(
  learnt: Learnt,
  rows: Sketch,
  buckets: readonly number[],
  floor: number,
): Sketch {
  const places = learnt.recalibrations.map(placesToRead);
  const out = new Float64Array(rows.length);
  for (const [row, bucket] of buckets.entries()) {
    const at = row * LEVELS.length;
    readAt(rows, at, places[bucket]!).forEach((value, i) => (out[at + i] = Math.max(floor, value)));
    ascend(out, at);
  }
  return out;
}
