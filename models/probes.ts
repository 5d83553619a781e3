import type { Interval } from '../src/domain/forecast.ts';
import type { Calibration } from './calibration.ts';
import { learn, newCalibration } from './calibration.ts';
import type { Correction } from './corrections.ts';
import { correction, intervalAround, placeOf, readingOf, visitsPerDay } from './corrections.ts';
import type { HalfWidths } from './forecaster.ts';
import type { ResidualProfile } from './residual-profile.ts';
import { learnError, newProfile } from './residual-profile.ts';

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
