import type { Course } from '../course.ts';
import type { AnnouncedEvent } from '../../src/domain/event.ts';
import { LEVELS, ascend } from '../quantile-forecast.ts';
import type { Expert, Sketch } from './expert.ts';
import type { Places } from './places.ts';
import type { Recalibration } from './recalibration.ts';
import { fadeRecalibration, newRecalibration, observe, placesToRead, readAt } from './recalibration.ts';
import type { Tally } from './tally.ts';
import { fade, newTally, score, weightsOf } from './tally.ts';

/** How long a score counts (to 1/e). */
const MEMORY_MS = 4 * 86_400_000;

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
  const by = Math.exp(-Math.min(course.endMs - learnt.beatMs, MEMORY_MS * 20) / MEMORY_MS);
  fade(learnt.tally, by);
  for (const recalibration of learnt.recalibrations) fadeRecalibration(recalibration, by);
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
      score(learnt.tally, bucket, share, issued.sketches, row, actual);
      observe(learnt.recalibrations[bucket]!, share, issued.combined, row * LEVELS.length, actual);
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

/** Quantiles averaged by the weights of each row's bucket. `eventful[row]`: only who knows events is heard. */
export function combine(
  learnt: Learnt,
  experts: readonly Expert[],
  sketches: readonly (Sketch | undefined)[],
  buckets: readonly number[],
  eventful: readonly boolean[],
): Sketch {
  const out = new Float64Array(buckets.length * LEVELS.length);
  for (const [row, bucket] of buckets.entries()) {
    const at = row * LEVELS.length;
    const speaks = (i: number) => sketches[i] !== undefined && !Number.isNaN(sketches[i][at]);
    const knowing = (i: number) => speaks(i) && experts[i]!.knowsEvents;
    const has = eventful[row] && experts.some((_, i) => knowing(i)) ? knowing : speaks;
    const weights = weightsOf(learnt.tally, bucket, experts, has);
    for (const [i, weight] of weights.entries()) {
      if (weight === 0) continue;
      for (let level = 0; level < LEVELS.length; level++)
        out[at + level]! += weight * sketches[i]![at + level]!;
    }
  }
  return out;
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
