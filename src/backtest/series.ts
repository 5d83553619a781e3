import { quantile } from '../domain/quantile.ts';
import { STEPS_PER_DAY, STEP_MS } from './model.ts';

/** Demand at one-minute steps without holes, in its own unit. */
export interface RecordedDemand {
  /** Start of the first step, ms since the epoch. */
  startMs: number;
  values: Float64Array;
}

const TRAINING_SHARE = 0.6;
const TRAINING_AT_MOST = 14 * STEPS_PER_DAY;
const TEST_AT_MOST = 42 * STEPS_PER_DAY;

/**
 * Reads a CSV with a header and the columns `timestamp` (ISO 8601) and `value`. Several samples in one minute are averaged; a
 * sample of a coarser series holds until the next. Throws naming the line when a field cannot be read.
 */
export function parseDemand(csv: string): RecordedDemand {
  const [header = '', ...lines] = csv.trim().split(/\r?\n/);
  const columns = header.split(',').map((name) => name.trim());
  const [time, value] = [columns.indexOf('timestamp'), columns.indexOf('value')];
  if (time < 0 || value < 0)
    throw new Error(`line 1 is "${header}": the columns timestamp and value are needed`);
  const minutes = new Map<number, { sum: number; count: number }>();
  lines.forEach((line, i) => {
    const fields = line.split(',');
    const minute = Math.floor(Date.parse(fields[time] ?? '') / STEP_MS);
    const demand = Number.parseFloat(fields[value] ?? '');
    if (!Number.isFinite(minute) || !(demand >= 0))
      throw new Error(`line ${i + 2} is "${line}": an ISO 8601 time and a value of 0 or more are needed`);
    const there = minutes.get(minute) ?? { sum: 0, count: 0 };
    minutes.set(minute, { sum: there.sum + demand, count: there.count + 1 });
  });
  if (minutes.size === 0)
    throw new Error('the series has no samples: give at least one line after the header');
  return onGrid(minutes);
}

/**
 * A series at any step on the grid of minutes: finer samples are averaged, a coarser one holds until the next, and so does the
 * last one before a gap. Throws naming the step that is negative.
 * @param series `values[i]` over the step that ENDS at `startAt + i * stepMs`; NaN where none is
 */
export function minutesOf(series: { startAt: number; stepMs: number; values: Float64Array }): RecordedDemand {
  const { startAt, stepMs, values } = series;
  const minutes = new Map<number, { sum: number; count: number }>();
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const startMs = startAt + (i - 1) * stepMs;
    if (value < 0)
      throw new Error(`demand at ${new Date(startMs).toISOString()} is ${value}: give 0 or more`);
    const minute = Math.floor(startMs / STEP_MS);
    const there = minutes.get(minute) ?? { sum: 0, count: 0 };
    minutes.set(minute, { sum: there.sum + value, count: there.count + 1 });
  });
  return onGrid(minutes);
}

function onGrid(minutes: Map<number, { sum: number; count: number }>): RecordedDemand {
  const known = [...minutes.keys()].sort((a, b) => a - b);
  const first = known[0]!;
  const values = new Float64Array(known.at(-1)! - first + 1);
  let newest = 0;
  for (let i = 0; i < values.length; i++) {
    const sample = minutes.get(first + i);
    if (sample) newest = sample.sum / sample.count;
    values[i] = newest;
  }
  return { startMs: first * STEP_MS, values };
}

/** The series cut into what policies may be tuned on and what they are judged by, demand counted in instances. */
export interface Trial {
  /** Per step, in instances. */
  demand: Float64Array;
  /** First step of the part that is judged. */
  split: number;
  /** Demand that one instance carries. */
  perInstance: number;
}

/**
 * The first 60% (14 days at most) is training, the next 42 days at most are judged, unless `testFromMs` says where judging
 * begins. Unless given, one instance carries 1/20 of the 0.99 quantile of the training part.
 */
export function trialOf(
  recorded: RecordedDemand,
  options: { testFromMs?: number; perInstance?: number } = {},
): Trial {
  const { values, startMs } = recorded;
  const split =
    options.testFromMs === undefined
      ? Math.min(Math.floor(values.length * TRAINING_SHARE), TRAINING_AT_MOST)
      : Math.round((options.testFromMs - startMs) / STEP_MS);
  if (!(split >= 2 && split < values.length))
    throw new Error(
      `judging would begin at step ${split} of ${values.length}: leave samples on both sides, two at least before it`,
    );
  const perInstance = options.perInstance ?? quantile(values.subarray(0, split), 0.99) / 20;
  if (!(perInstance > 0))
    throw new Error(`demand per instance is ${perInstance}: give a positive one, the training part has none`);
  const demand = values.slice(0, split + TEST_AT_MOST).map((value) => value / perInstance);
  return { demand, split, perInstance };
}
