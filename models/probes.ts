import type { Interval } from '../src/domain/forecast.ts';
import type { Calibration, Spread } from './calibration.ts';
import { learn, newCalibration, spread } from './calibration.ts';
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
  /**
   * How large errors have been lately, against what is usual at their times of day (1). Absent in what was stored before it
   * was kept.
   */
  volatility?: number;
  pending: Issued[];
}

interface Issued extends Spread {
  /** End of the newest sample when it was issued: with the probe, the key that makes feedback idempotent. */
  origin: number;
  /** The uncorrected median. */
  path: number;
  centre: number;
  scale: number;
  /** That is in the scale. */
  volatility?: number;
}

/** What a probe says of a median, before it becomes an interval: mixed between two probes for lengths in between. */
export interface Correction extends Spread {
  bias: number;
  scale: number;
}

const MINUTE_MS = 60_000;
/** Lengths whose window maximum is calibrated; in between, the two neighbours are mixed. */
const WINDOW_MINUTES = [2, 5, 10, 15, 30, 60];
const POINT_MINUTES = [1, 5, 15, 60, 240, 720, 1440];
/** How long a residual counts (to 1/e). */
const MEMORY_MS = 3.5 * 86_400_000;
const CELL_MS = 5 * MINUTE_MS;
/** How long an error counts as lately (to 1/e); a lead longer than that, as long as the lead. */
const LATELY_MS = 2 * 60 * MINUTE_MS;
/** Calm makes no interval narrower than this part of the usual. */
const CALMEST = 0.25;
/** One error counts for no more than so many of those of late: a single wild sample must not widen hours. */
const WILDEST = 6;

export function newProbes(stepMs: number, nominalCoverage: number): Probe[] {
  const probe = (kind: Probe['kind'], steps: number): Probe => ({
    kind,
    steps,
    every: Math.max(1, Math.floor(steps / 60)),
    calibration: newCalibration(nominalCoverage),
    profile: newProfile(),
    volatility: 1,
    pending: [],
  });
  const inSteps = (minutes: number[]) => [
    ...new Set(minutes.map((length) => Math.max(1, Math.round((length * MINUTE_MS) / stepMs)))),
  ];
  return [
    ...inSteps(WINDOW_MINUTES).map((steps) => probe('window', steps)),
    ...inSteps(POINT_MINUTES).map((steps) => probe('point', steps)),
  ];
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
  return probes
    .filter((probe) => probe.kind === kind)
    .map((probe) => ({ probe, quantiles: spread(probe.calibration) }));
}

/** What a probe has learnt, for a forecast of `steps` steps issued at `origin`. */
function correction(
  { probe, quantiles }: Reading,
  steps: number,
  origin: number,
  stepMs: number,
): Correction {
  const place = placeOf(probe, steps, origin, stepMs);
  const { bias, scale } = localError(probe.profile, place, visitsPerDay(probe, stepMs));
  return { ...quantiles, bias, scale: scale * (probe.volatility ?? 1) };
}

/** The correction for a length between two probes, or that of the nearest one beyond either end. */
export function correctionFor(
  readings: readonly Reading[],
  steps: number,
  origin: number,
  stepMs: number,
): Correction {
  const upper = readings.find(({ probe }) => probe.steps >= steps) ?? readings.at(-1)!;
  const lower = readings.findLast(({ probe }) => probe.steps <= steps) ?? readings[0]!;
  const b = correction(upper, steps, origin, stepMs);
  if (upper === lower) return b;
  const a = correction(lower, steps, origin, stepMs);
  const share = (steps - lower.probe.steps) / (upper.probe.steps - lower.probe.steps);
  const mix = (key: keyof Correction) => a[key] + share * (b[key] - a[key]);
  return {
    bias: mix('bias'),
    scale: mix('scale'),
    lower: mix('lower'),
    median: mix('median'),
    upper: mix('upper'),
  };
}

/** The interval around a median; demand is never negative. */
export function intervalAround(path: number, by: Correction): Interval {
  const centre = path + by.bias;
  const end = (quantile: number) => Math.max(0, centre + quantile * by.scale);
  return { lower: end(by.lower), median: end(by.median), upper: end(by.upper) };
}

/** Notes what was issued at `origin`, for later. A second issue from the same origin changes nothing. */
export function issue(probe: Probe, origin: number, path: number, stepMs: number): void {
  if (probe.pending.some((issued) => issued.origin >= origin)) return;
  const reading = { probe, quantiles: spread(probe.calibration) };
  const { bias, scale, lower, median, upper } = correction(reading, probe.steps, origin, stepMs);
  const { volatility = 1 } = probe;
  probe.pending.push({ origin, path, centre: path + bias, scale, volatility, lower, median, upper });
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
  const interval = intervalAround(issued.path, { ...issued, bias: issued.centre - issued.path });
  if (actual === undefined) return interval;
  const memory = MEMORY_MS / (stepMs * probe.every);
  if (issued.scale > 0) {
    const residual = (actual - issued.centre) / issued.scale;
    learn(probe.calibration, residual, issued, nominalCoverage, memory);
    follow(probe, Math.abs(residual) * (issued.volatility ?? 1), stepMs);
  }
  const place = placeOf(probe, probe.steps, due, stepMs);
  // What errors have been lately is no property of their time of day: tomorrow is not to remember a shift as the hour's own.
  const { volatility = 1 } = probe;
  learnError(probe.profile, place, actual - issued.path, visitsPerDay(probe, stepMs), volatility);
  return interval;
}

/**
 * The size of errors of late follows each one: a conformity score normalised by a running scale (Papadopoulos et al. 2008, Lei et
 * al. 2018, local weighting), so that the interval widens within hours of a shift, and narrows again when it has been learnt.
 * @param size of the newest error, in the usual ones of its time of day
 */
function follow(probe: Probe, size: number, stepMs: number): void {
  const { volatility = 1 } = probe;
  const updates = Math.max(LATELY_MS, probe.steps * stepMs) / (stepMs * probe.every);
  const rate = 1 - Math.exp(-1 / updates);
  probe.volatility = Math.max(
    CALMEST,
    volatility + rate * (Math.min(size, WILDEST * volatility) - volatility),
  );
}

/** Residuals that make an interval trustworthy: a 95% one needs the 40th part of them beyond each end. */
export function isCalibrated(probes: readonly Probe[], nominalCoverage: number): boolean {
  const needed = 4 / (1 - nominalCoverage);
  return probes.every((probe) => probe.kind === 'point' || probe.calibration.count >= needed);
}
