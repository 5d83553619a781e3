import { BIN_MS, CONTEXT, DAY, PER_HOUR } from './layout.ts';
import { asinh } from './asinh.ts';
import type { Scale } from './profile.ts';
import { meanOf } from './profile.ts';

/**
 * The window as a whole, in the order of ../training/features.py: roughness at several lags, spreads, differences from
 * day to day, sizes, all as ln(x / scale + 1e-4) / 4; extremes against the level and the present offset through
 * arcsinh; then the step, the length, what is missing, and what kind of numbers they are.
 */
export function windowFeatures(
  values: Float64Array,
  residuals: Float64Array,
  level: number,
  offset: number,
  measure: Scale,
  stepMs: number,
): Float32Array {
  const { scale, size, differences } = measure;
  const ratio = (x: number | undefined) => Math.log((x ?? 0) / scale + 1e-4) / 4;
  const place = (x: number) => asinh((x - level) / scale);
  const recent = differences.length - DAY;
  const day = extremesOf(values, CONTEXT - DAY);
  const all = extremesOf(values, 0);
  const { oldest, newest, missing, zeros } = presenceOf(values);
  return Float32Array.from([
    ratio(changeOver(values, 1, DAY)),
    ratio(changeOver(values, 1, CONTEXT - 1)),
    ratio(changeOver(values, 1, 2 * PER_HOUR)),
    ratio(changeOver(values, 3, DAY)),
    ratio(changeOver(values, 12, DAY)),
    ratio(deviation(values, PER_HOUR)),
    ratio(deviation(values, DAY)),
    ratio(deviation(values, CONTEXT)),
    ratio((meanOf(differences, 0, Math.sqrt) ?? 0) ** 2),
    ratio(Math.sqrt(meanOf(differences, 0, (difference) => difference * difference) ?? 0)),
    ratio(meanOf(differences, recent)),
    ratio(meanOf(differences, differences.length - PER_HOUR)),
    ratio(size),
    ratio(meanOf(residuals, CONTEXT - DAY, Math.abs)),
    place(day?.most ?? level),
    place(all?.most ?? level),
    place(day?.least ?? level),
    place(all?.least ?? level),
    asinh(offset / scale),
    Math.log(Math.max(stepMs, BIN_MS) / BIN_MS) / 3,
    (CONTEXT - oldest) / CONTEXT,
    missing,
    (all?.least ?? 0) >= 0 ? 1 : 0,
    zeros,
    stillness(values),
    Math.min((CONTEXT - 1 - newest) / (6 * PER_HOUR), 4),
  ]);
}

/** Mean absolute change over `lag` bins within the last `bins`. */
function changeOver(values: Float64Array, lag: number, bins: number): number | undefined {
  let total = 0;
  let count = 0;
  for (let i = CONTEXT - bins; i < CONTEXT; i++) {
    const change = Math.abs(values[i]! - values[i - lag]!);
    if (Number.isNaN(change)) continue;
    total += change;
    count += 1;
  }
  return count > 0 ? total / count : undefined;
}

/** Standard deviation within the last `bins`. */
function deviation(values: Float64Array, bins: number): number {
  const mean = meanOf(values, CONTEXT - bins);
  if (mean === undefined) return 0;
  let squares = 0;
  let count = 0;
  for (let i = CONTEXT - bins; i < CONTEXT; i++) {
    if (Number.isNaN(values[i])) continue;
    squares += (values[i]! - mean) ** 2;
    count += 1;
  }
  return Math.sqrt(squares / count);
}

function extremesOf(values: Float64Array, first: number): { least: number; most: number } | undefined {
  let least = Infinity;
  let most = -Infinity;
  for (let i = first; i < CONTEXT; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most >= least ? { least, most } : undefined;
}

/** Oldest and newest bin with a sample, share missing since the oldest, share of samples that are nought. */
function presenceOf(values: Float64Array): {
  oldest: number;
  newest: number;
  missing: number;
  zeros: number;
} {
  let oldest = CONTEXT;
  let newest = 0;
  let count = 0;
  let zeros = 0;
  for (let i = 0; i < CONTEXT; i++) {
    if (Number.isNaN(values[i])) continue;
    oldest = Math.min(oldest, i);
    newest = i;
    count += 1;
    if (values[i] === 0) zeros += 1;
  }
  return {
    oldest,
    newest,
    missing: 1 - count / Math.max(CONTEXT - oldest, 1),
    zeros: zeros / Math.max(count, 1),
  };
}

/** Share of the last day's steps that change nothing. */
function stillness(values: Float64Array): number {
  let still = 0;
  let count = 0;
  for (let i = CONTEXT - DAY; i < CONTEXT; i++) {
    if (Number.isNaN(values[i]) || Number.isNaN(values[i - 1])) continue;
    count += 1;
    if (values[i] === values[i - 1]) still += 1;
  }
  return still / Math.max(count, 1);
}
