import type { Interval } from '../src/domain/forecast.ts';
import type { Spread } from './calibration.ts';
import { spread } from './calibration.ts';
import type { HalfWidths } from './forecaster.ts';
import type { Probe } from './probes.ts';
import { CELL_MS, localError } from './residual-profile.ts';

/** What a probe says of a median, before it becomes an interval: mixed between two probes for lengths in between. */
export interface Correction extends Spread {
  bias: number;
  /** What an error below, and above, is measured in; 0 while nothing is known of their size. */
  down: number;
  up: number;
}

/** Residuals before a point's tails are moved: fewer say nothing of a fortieth. */
const FEWEST = 160;
/** No tail of a point is narrower, in what errors are measured in. */
const NARROWEST = 0.1;
/** A model that expects less than this part of the usual error is not believed. */
const LEAST_EXPECTED = 0.02;
/** Half a 95% interval of normal errors, in mean absolute errors. */
const HALF_WIDTH = 2.46;

/** Time whose time of day the error belongs to: a window's start, a point's own time. */
export function placeOf(probe: Probe, steps: number, origin: number, stepMs: number): number {
  return probe.kind === 'window' ? origin : origin + steps * stepMs;
}

/** How often a probe learns of one time of day in a day. */
export function visitsPerDay(probe: Probe, stepMs: number): number {
  return Math.max(1, CELL_MS / (stepMs * probe.every));
}

/** A probe and its quantiles in force, read once for many lengths. */
export interface Reading {
  probe: Probe;
  quantiles: Spread;
}

export function readingsOf(probes: readonly Probe[], kind: Probe['kind']): Reading[] {
  return probes.filter((probe) => probe.kind === kind).map(readingOf);
}

export function readingOf(probe: Probe): Reading {
  const { kind, calibration } = probe;
  if (kind === 'window') return { probe, quantiles: spread(calibration) };
  const known = calibration.count >= FEWEST;
  const { lower, upper } = known ? spread(calibration) : { lower: -HALF_WIDTH, upper: HALF_WIDTH };
  const quantiles = { lower: Math.min(lower, -NARROWEST), median: 0, upper: Math.max(upper, NARROWEST) };
  return { probe, quantiles };
}

/**
 * What a probe has learnt, for a forecast of `steps` steps issued at `origin`. A window's median takes back what smearing took from a
 * daily crowd. A point's is left alone, as on recorded series such a correction makes it worse; its errors are measured in the
 * geometric mean of what is usual at that time of day and of what the model itself expects there (docs/forecasting.md).
 * @param own the model's half-widths at the point's time; undefined where it has none
 */
export function correction(
  { probe, quantiles }: Reading,
  steps: number,
  origin: number,
  stepMs: number,
  own: HalfWidths | undefined,
): Correction {
  const place = placeOf(probe, steps, origin, stepMs);
  const { bias, scale } = localError(probe.profile, place, visitsPerDay(probe, stepMs));
  if (probe.kind === 'window') {
    const measure = probe.volatility * scale;
    return { ...quantiles, bias, down: measure, up: measure };
  }
  const measure = (halfWidth: number) => {
    const expected = Math.max(halfWidth / HALF_WIDTH, LEAST_EXPECTED * scale);
    return scale === 0 ? expected : Math.sqrt(scale * expected);
  };
  const [down, up] = own ? [measure(own.down), measure(own.up)] : [scale, scale];
  return { ...quantiles, bias: 0, down: probe.volatility * down, up: probe.volatility * up };
}

/** The correction for a length between two probes, or that of the nearest one beyond either end. */
export function correctionFor(
  readings: readonly Reading[],
  steps: number,
  origin: number,
  stepMs: number,
  own?: HalfWidths,
): Correction {
  const upper = readings.find(({ probe }) => probe.steps >= steps) ?? readings.at(-1)!;
  const lower = readings.findLast(({ probe }) => probe.steps <= steps) ?? readings[0]!;
  const b = correction(upper, steps, origin, stepMs, own);
  if (upper === lower) return b;
  const a = correction(lower, steps, origin, stepMs, own);
  const share = (steps - lower.probe.steps) / (upper.probe.steps - lower.probe.steps);
  const mix = (key: keyof Correction) => a[key] + share * (b[key] - a[key]);
  return {
    bias: mix('bias'),
    down: mix('down'),
    up: mix('up'),
    lower: mix('lower'),
    median: mix('median'),
    upper: mix('upper'),
  };
}

/** The interval around a median; demand is never negative. */
export function intervalAround(path: number, by: Correction): Interval {
  const centre = path + by.bias;
  const end = (quantile: number) => Math.max(0, centre + quantile * (quantile < 0 ? by.down : by.up));
  return { lower: end(by.lower), median: end(by.median), upper: end(by.upper) };
}
