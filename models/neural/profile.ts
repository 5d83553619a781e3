import { meanOf } from '../features/rolling.ts';
import { CONTEXT, DAY, LENGTH, OLDER_DAYS, PER_HOUR, PROFILE_DAYS } from './layout.ts';

/** The seasonal profile of a window, and whether it rests on a day. Indexed by bin; empty before `first`. */
export interface Profile {
  values: Float64Array;
  rests: Uint8Array;
}

/** Of PROFILE_DAYS: 1/2, 1/4, 1/8, 1/16. */
const WEIGHTS = PROFILE_DAYS.map((days) => 0.5 ** days);
/** What a day within an event counts for. */
const BUSY_WEIGHT = 0.05;
const SMALLEST_SCALE = 1e-9;

/** Mean of the newest hour that has samples: of the last hour, day, or all of it; nought without any. */
export function levelOf(values: Float64Array): number {
  for (const bins of [PER_HOUR, DAY, CONTEXT]) {
    const mean = meanOf(values, CONTEXT - bins);
    if (mean !== undefined) return mean;
  }
  return 0;
}

export function blankProfile(): Profile {
  return { values: new Float64Array(LENGTH), rests: new Uint8Array(LENGTH) };
}

/**
 * Writes to `profile`: the last four days at the same time, weights 1/2, 1/4, 1/8, 1/16, a twentieth of that within events; else the
 * nearest older day there is; else the present level.
 */
export function writeProfile(
  profile: Profile,
  values: Float64Array,
  busy: Uint8Array,
  level: number,
  first: number,
): void {
  profile.values.fill(level);
  profile.rests.fill(0);
  for (let bin = first; bin < LENGTH; bin++) {
    const usual = weighted(values, busy, bin) ?? older(values, bin);
    if (usual === undefined) continue;
    profile.values[bin] = usual;
    profile.rests[bin] = 1;
  }
}

function weighted(values: Float64Array, busy: Uint8Array, bin: number): number | undefined {
  let total = 0;
  let weights = 0;
  for (let i = 0; i < PROFILE_DAYS.length; i++) {
    const at = bin - PROFILE_DAYS[i]! * DAY;
    if (at < 0 || at >= CONTEXT || Number.isNaN(values[at])) continue;
    const weight = WEIGHTS[i]! * (busy[at] ? BUSY_WEIGHT : 1);
    total += weight * values[at]!;
    weights += weight;
  }
  return weights > 0 ? total / weights : undefined;
}

function older(values: Float64Array, bin: number): number | undefined {
  for (const days of OLDER_DAYS) {
    const at = bin - days * DAY;
    if (at >= 0 && at < CONTEXT && !Number.isNaN(values[at])) return values[at];
  }
  return undefined;
}

/** Day-to-day differences of a window, and the sizes that everything is measured by. */
export interface Scale {
  /** Mean absolute difference from day to day, outside events where a day's worth of pairs remains; and its floor. */
  scale: number;
  /** Mean absolute value. */
  size: number;
  /** |value - a day before|, NaN where it does not count; `differences[i]` belongs to bin DAY + i. */
  differences: Float64Array;
  /** Means over the differences of their roots and their squares; nought without any. */
  meanRoot: number;
  meanSquare: number;
}

/** `differences` is written to: one place for each bin from DAY on. */
export function scaleOf(values: Float64Array, busy: Uint8Array, differences: Float64Array): Scale {
  let sums = writeDifferences(differences, values, busy);
  if (sums.count < DAY) sums = writeDifferences(differences, values, undefined);
  const { count, total, roots, squares } = sums;
  const size = meanSize(values, 0);
  const mean = count >= PER_HOUR ? total / count : meanDeviation(values);
  return {
    scale: Math.max(mean, 1e-3 * size, SMALLEST_SCALE),
    size,
    differences,
    meanRoot: roots / Math.max(count, 1),
    meanSquare: squares / Math.max(count, 1),
  };
}

/** How many there are, and what they and their roots and squares add up to. */
function writeDifferences(differences: Float64Array, values: Float64Array, busy: Uint8Array | undefined) {
  const sums = { count: 0, total: 0, roots: 0, squares: 0 };
  for (let i = 0; i < differences.length; i++) {
    const difference = busy?.[i] || busy?.[i + DAY] ? Number.NaN : Math.abs(values[i + DAY]! - values[i]!);
    differences[i] = difference;
    if (Number.isNaN(difference)) continue;
    sums.count += 1;
    sums.total += difference;
    sums.roots += Math.sqrt(difference);
    sums.squares += difference * difference;
  }
  return sums;
}

/** Mean absolute value from bin `first` on; nought without a value. A loop of its own: called with a function it took thrice as long. */
export function meanSize(values: Float64Array, first: number): number {
  let total = 0;
  let count = 0;
  for (let i = first; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    total += Math.abs(value);
    count += 1;
  }
  return total / Math.max(count, 1);
}

function meanDeviation(values: Float64Array): number {
  const mean = meanOf(values, 0) ?? 0;
  return meanOf(values, 0, (value) => Math.abs(value - mean)) ?? 0;
}
