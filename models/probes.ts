import type { Interval } from '../src/domain/forecast.ts';
import type { Calibration, Spread } from './calibration.ts';
import { learn, newCalibration, spread } from './calibration.ts';
import type { HalfWidths } from './forecaster.ts';
import type { ResidualProfile } from './residual-profile.ts';
import { learnError, localError, newProfile } from './residual-profile.ts';

/**
 * One quantity that is forecast again and again and scored when its time has come: the maximum over a window of one
 * length, or the demand at one horizon. Feedback is delayed by that length; `pending` holds what awaits it.
 */
export interface Probe {
  kind: 'window' | 'point';
  /** Length of the window, or lead of the point, in steps. */
  steps: number;
  /** Issued at every n-th step: far horizons change slowly and would fill the state. */
  every: number;
  calibration: Calibration;
  profile: ResidualProfile;
  /** How large errors have been lately, against what is usual at their times of day (1). */
  volatility: number;
  pending: Issued[];
}

/** What a probe says of a median, before it becomes an interval: mixed between two probes for lengths in between. */
export interface Correction extends Spread {
  bias: number;
  /** What an error below, and above, is measured in; 0 while nothing is known of their size. */
  down: number;
  up: number;
}

interface Issued extends Correction {
  /** End of the newest sample when it was issued: with the probe, the key that makes feedback idempotent. */
  origin: number;
  /** The uncorrected median. */
  path: number;
  /** That is in the measure. */
  volatility: number;
}

const MINUTE_MS = 60_000;
/** Lengths whose window maximum is calibrated; in between, the two neighbours are mixed. */
const WINDOW_MINUTES = [2, 5, 10, 15, 30, 60];
const POINT_MINUTES = [1, 5, 15, 60, 240, 720, 1440];
/** How long a residual counts (to 1/e). */
const MEMORY_MS = 3.5 * 86_400_000;
/** Residuals at least: of fewer, the one that is still unseen is too large a share, and the interval too wide. */
const SHORTEST_MEMORY = 250;
/** Residuals before a point's tails are moved: fewer say nothing of a fortieth. */
const FEWEST = 160;
/** No tail of a point is narrower, in what errors are measured in. */
const NARROWEST = 0.1;
/** A model that expects less than this part of the usual error is not believed. */
const LEAST_EXPECTED = 0.02;
/** Half a 95% interval of normal errors, in mean absolute errors. */
const HALF_WIDTH = 2.46;
const CELL_MS = 5 * MINUTE_MS;
/** How long an error counts as lately (to 1/e); a lead longer than that, as long as the lead. */
const LATELY_MS = 2 * 60 * MINUTE_MS;
/** Errors that are lately at least: a mean of fewer is mostly chance. */
const LATELY_ERRORS = 24;
/** Calm makes no interval narrower than this part of the usual. */
const CALMEST = 0.25;
/** One error counts for no more than so many of those of late: a single wild sample must not widen hours. */
const WILDEST = 6;

/** @param steps length of the window, or lead of the point: 1 is the next step */
export function newProbe(kind: Probe['kind'], steps: number, nominalCoverage: number): Probe {
  return {
    kind,
    steps,
    every: Math.max(1, Math.floor(steps / 60)),
    calibration: newCalibration(nominalCoverage),
    profile: newProfile(),
    volatility: 1,
    pending: [],
  };
}

export function newProbes(stepMs: number, nominalCoverage: number): Probe[] {
  const probes = (kind: Probe['kind'], minutes: number[]) =>
    [...new Set(minutes.map((length) => Math.max(1, Math.round((length * MINUTE_MS) / stepMs))))].map(
      (steps) => newProbe(kind, steps, nominalCoverage),
    );
  return [...probes('window', WINDOW_MINUTES), ...probes('point', POINT_MINUTES)];
}

/** A copy that learns apart from the original. What was issued is never changed, so it is shared. */
export function copyOfProbe(probe: Probe): Probe {
  const { calibration, profile, pending } = probe;
  return {
    ...probe,
    calibration: { ...calibration, cells: [...calibration.cells] },
    profile: {
      ...profile,
      bias: [...profile.bias],
      spread: [...profile.spread],
      visits: [...profile.visits],
    },
    pending: [...pending],
  };
}

/** Time whose time of day the error belongs to: a window's start, a point's own time. */
function placeOf(probe: Probe, steps: number, origin: number, stepMs: number): number {
  return probe.kind === 'window' ? origin : origin + steps * stepMs;
}

function visitsPerDay(probe: Probe, stepMs: number): number {
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

function readingOf(probe: Probe): Reading {
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
function correction(
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

/** Notes what was issued at `origin`, for later. A later word from the same origin takes its place; an earlier origin's changes nothing. */
export function issue(probe: Probe, origin: number, path: number, stepMs: number, own?: HalfWidths): void {
  const newest = probe.pending.at(-1)?.origin ?? -Infinity;
  if (newest > origin) return;
  if (newest === origin) probe.pending.pop();
  const told = correction(readingOf(probe), probe.steps, origin, stepMs, own);
  probe.pending.push({ origin, path, volatility: probe.volatility, ...told });
}

/**
 * Scores what falls due at `at`. `actual` is the demand (or the window's maximum) that came; undefined where a sample
 * is missing: then nothing is learnt.
 */
export function mature(
  probe: Probe,
  at: number,
  stepMs: number,
  nominalCoverage: number,
  actual: number | undefined,
): Interval | undefined {
  const due = at - probe.steps * stepMs;
  while (probe.pending[0] && probe.pending[0].origin < due) probe.pending.shift();
  const issued = probe.pending[0]?.origin === due ? probe.pending.shift() : undefined;
  if (!issued) return undefined;
  const interval = intervalAround(issued.path, issued);
  if (actual === undefined) return interval;
  const error = actual - issued.path - issued.bias;
  const measure = error < 0 ? issued.down : issued.up;
  if (measure > 0) {
    const memory = Math.max(MEMORY_MS / (stepMs * probe.every), SHORTEST_MEMORY);
    learn(probe.calibration, error / measure, issued, nominalCoverage, memory);
    follow(probe, (Math.abs(error) / measure) * issued.volatility, stepMs);
  }
  const place = placeOf(probe, probe.steps, due, stepMs);
  // What errors have been lately is no property of their time of day: tomorrow is not to remember a shift as the hour's own.
  learnError(probe.profile, place, actual - issued.path, visitsPerDay(probe, stepMs), probe.volatility);
  return interval;
}

/**
 * The size of errors of late follows each one: a conformity score normalised by a running scale (Papadopoulos et al. 2008, Lei et
 * al. 2018, local weighting), so that the interval widens within hours of a shift, and narrows again when it has been learnt.
 * @param size of the newest error, in the usual ones of its time of day
 */
function follow(probe: Probe, size: number, stepMs: number): void {
  const { volatility } = probe;
  const lately = Math.max(LATELY_MS, probe.steps * stepMs) / (stepMs * probe.every);
  const rate = 1 - Math.exp(-1 / Math.max(lately, LATELY_ERRORS));
  const counted = Math.min(size, WILDEST * volatility);
  probe.volatility = Math.max(CALMEST, volatility + rate * (counted - volatility));
}

/** Residuals that make an interval trustworthy: a 95% one needs the 40th part of them beyond each end. */
export function isCalibrated(probes: readonly Probe[], nominalCoverage: number): boolean {
  const needed = 4 / (1 - nominalCoverage);
  return probes.every((probe) => probe.kind === 'point' || probe.calibration.count >= needed);
}
