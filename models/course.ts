import type { History } from './forecaster.ts';
import { endOf } from './forecaster.ts';

/** Demand on the grid that quantile forecasters work on: 5-minute means, or the series' own step where it is coarser. */
export interface Course {
  /** Bins that end with `endMs`; NaN where missing. */
  values: Float64Array;
  stepMs: number;
  /** End of the newest bin, ms since the epoch. */
  endMs: number;
}

const FINEST_MS = 300_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * The history on that grid, bins counted back from its end. What is no finite number is missing. Throws on a step
 * beyond an hour, or one that does not divide a day.
 */
export function courseOf(history: History): Course {
  const { stepMs } = history;
  if (!(stepMs > 0) || stepMs > HOUR_MS) {
    throw new Error(
      `course: step of ${stepMs} ms; steps up to an hour are served, so resample coarser series`,
    );
  }
  const endMs = endOf(history);
  if (stepMs >= FINEST_MS && DAY_MS % stepMs === 0) {
    return {
      values: history.values.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
      stepMs,
      endMs,
    };
  }
  return { values: binned(history), stepMs: FINEST_MS, endMs };
}

/** 5-minute means of finer steps, counted back from the end; for an odd coarser step the one at each bin's middle. */
function binned({ values, stepMs }: History): Float64Array {
  const bins = Math.ceil((values.length * stepMs) / FINEST_MS);
  if (stepMs > FINEST_MS) {
    return Float64Array.from({ length: bins }, (_, bin) => {
      const ageMs = (bins - bin - 0.5) * FINEST_MS;
      const value = values[values.length - 1 - Math.floor(ageMs / stepMs)] ?? Number.NaN;
      return Number.isFinite(value) ? value : Number.NaN;
    });
  }
  const totals = new Float64Array(bins);
  const counts = new Uint32Array(bins);
  for (let back = 0; back < values.length; back++) {
    const value = values[values.length - 1 - back]!;
    if (!Number.isFinite(value)) continue;
    const bin = bins - 1 - Math.floor((back * stepMs) / FINEST_MS);
    totals[bin]! += value;
    counts[bin]! += 1;
  }
  return totals.map((total, bin) => (counts[bin]! > 0 ? total / counts[bin]! : Number.NaN));
}

export function binsPerDay(course: Course): number {
  return Math.round(DAY_MS / course.stepMs);
}

/** Values for models that know no gaps: a missing one is that of a day earlier, else its neighbour; leading gaps are cut. */
export function withoutGaps(course: Course): Float64Array {
  const perDay = binsPerDay(course);
  const first = course.values.findIndex((value) => !Number.isNaN(value));
  const values = first < 0 ? new Float64Array(0) : course.values.slice(first);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) values[i] = i >= perDay ? values[i - perDay]! : values[i - 1]!;
  }
  return values;
}
