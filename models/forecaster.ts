/**
 * Demand on a regular grid: `values[i]` belongs to the step that ENDS at `startAt + i * stepMs`. A missing sample is
 * NaN, never zero.
 */
export interface History {
  startAt: number;
  stepMs: number;
  values: Float64Array;
}

/** How far an interval reaches below and above its median. */
export interface HalfWidths {
  down: number;
  up: number;
}

/** A fitted model as plain data: the median path that it expects from the step after `asOf` on. */
export interface Fitted {
  model: string;
  /** End of the newest sample that it has seen, ms since the epoch. */
  asOf: number;
  stepMs: number;
  /** `path[i]` is the median of the step that ends at `asOf + (i + 1) * stepMs`. */
  path: number[];
  /** Half-widths of its own 95% interval at `asOf + (i + 1) * stepMs`, which may be coarser. Absent: it has none. */
  fan?: { stepMs: number; down: number[]; up: number[] };
}

/**
 * A forecaster: history in, median path out. Intervals are not its business: calibration.ts learns them from its
 * errors, so a model with poor intervals of its own, or none, serves as well.
 */
export interface Forecaster {
  readonly name: string;
  /** Throws when the history is too short or the numbers defeat the model: the caller then falls back. */
  fit(history: History, steps: number): Fitted;
}

/** Median of the step that ends at `at`, or undefined outside of the path. */
export function pathAt(fitted: Fitted, at: number): number | undefined {
  return fitted.path[Math.round((at - fitted.asOf) / fitted.stepMs) - 1];
}

/** Half-widths at a time: lines between those that are given, the nearest beyond. Undefined where the model has none. */
export function halfWidthsAt({ asOf, fan }: Fitted, at: number): HalfWidths | undefined {
  if (!fan || fan.down.length === 0) return undefined;
  const last = fan.down.length - 1;
  const place = Math.min(last, Math.max(0, (at - asOf) / fan.stepMs - 1));
  const before = Math.floor(place);
  const read = (of: readonly number[]) =>
    of[before]! + (place - before) * (of[Math.min(last, before + 1)]! - of[before]!);
  return { down: read(fan.down), up: read(fan.up) };
}

/** End of the newest step. */
export function endOf(history: History): number {
  return history.startAt + (history.values.length - 1) * history.stepMs;
}

/** The part of a history that ends at `at` (inclusive), at most `maxMs` long. A view, not a copy. */
export function until(history: History, at: number, maxMs: number): History {
  const end = Math.min(history.values.length, Math.floor((at - history.startAt) / history.stepMs) + 1);
  const begin = Math.max(0, end - Math.floor(maxMs / history.stepMs));
  return {
    startAt: history.startAt + begin * history.stepMs,
    stepMs: history.stepMs,
    values: history.values.subarray(begin, Math.max(begin, end)),
  };
}

/** Lays samples on a grid up to the newest one, or to `endAt`. Undefined without samples. Gaps become NaN. */
export function toHistory(
  samples: readonly { at: number; value: number }[],
  stepMs: number,
): History | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last) return undefined;
  const values = new Float64Array(Math.round((last.at - first.at) / stepMs) + 1).fill(Number.NaN);
  for (const sample of samples) values[Math.round((sample.at - first.at) / stepMs)] = sample.value;
  return { startAt: first.at, stepMs, values };
}

/** The history with newer samples added, and no longer than `maxMs`. */
export function extend(
  history: History | undefined,
  samples: readonly { at: number; value: number }[],
  stepMs: number,
  maxMs: number,
): History | undefined {
  const more = toHistory(samples, stepMs);
  if (!history || !more) return history ?? more;
  const length = Math.round((endOf(more) - history.startAt) / stepMs) + 1;
  const values = new Float64Array(Math.max(length, history.values.length)).fill(Number.NaN);
  values.set(history.values);
  for (const sample of samples) {
    const index = Math.round((sample.at - history.startAt) / stepMs);
    if (index >= 0) values[index] = sample.value;
  }
  const grown = { startAt: history.startAt, stepMs, values };
  return until(grown, endOf(grown), maxMs);
}

/**
 * Values for models that know no gaps: a missing one is taken from a day earlier shifted by nothing, else from the
 * neighbour before it. Leading gaps take the first value there is.
 * @param heldMs how long a gap holds the value before it first: a point that is late is nearer to that than to the day before
 */
export function filled(history: History, heldMs = 0): Float64Array {
  const perDay = Math.round(86_400_000 / history.stepMs);
  const values = Float64Array.from(history.values);
  let last = values.find((value) => !Number.isNaN(value)) ?? 0;
  let known = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) known = i;
    else values[i] = (i - known) * history.stepMs <= heldMs ? last : (values[i - perDay] ?? last);
    last = values[i]!;
  }
  return values;
}
