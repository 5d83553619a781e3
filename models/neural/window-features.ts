import { BIN_MS, CONTEXT, DAY, PER_HOUR } from './layout.ts';
import { asinh } from './asinh.ts';
import type { Scale } from './profile.ts';
import { meanSize } from './profile.ts';
import { changeOf, deviationOf, extremesOf, meanOf } from '../features/rolling.ts';

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
  const { scale, size, differences, meanRoot, meanSquare } = measure;
  const ratio = (x: number | undefined) => Math.log((x ?? 0) / scale + 1e-4) / 4;
  const place = (x: number) => asinh((x - level) / scale);
  const recent = differences.length - DAY;
  const day = extremesOf(values, CONTEXT - DAY);
  const all = extremesOf(values, 0);
  const { oldest, newest, missing, zeros } = presenceOf(values);
  return Float32Array.from([
    ratio(changeOf(values, 1, CONTEXT - DAY)),
    ratio(changeOf(values, 1, 1)),
    ratio(changeOf(values, 1, CONTEXT - 2 * PER_HOUR)),
    ratio(changeOf(values, 3, CONTEXT - DAY)),
    ratio(changeOf(values, 12, CONTEXT - DAY)),
    ratio(deviationOf(values, CONTEXT - PER_HOUR)),
    ratio(deviationOf(values, CONTEXT - DAY)),
    ratio(deviationOf(values, 0)),
    ratio(meanRoot ** 2),
    ratio(Math.sqrt(meanSquare)),
    ratio(meanOf(differences, recent)),
    ratio(meanOf(differences, differences.length - PER_HOUR)),
    ratio(size),
    ratio(meanSize(residuals, CONTEXT - DAY)),
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
