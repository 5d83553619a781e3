import type { FanPoint, Interval, WindowInterval } from '../src/domain/forecast.ts';
import type { Fitted } from './forecaster.ts';
import { pathAt } from './forecaster.ts';
import { fanOf, halfWidths, medianAt, medianPath, peakOf, sustainedOf, windowsOf } from './outlook.ts';
import type { Probe } from './probes.ts';
import { copyOfProbe, isCalibrated, issue, mature, newProbes } from './probes.ts';

/** All that a pipeline remembers between forecasts: plain data (JSON), kept in the ledger. */
export interface PipelineState {
  v: 2;
  stepMs: number;
  nominalCoverage: number;
  /** End of the newest step taken in; undefined before the first. */
  asOf?: number;
  /** Newest steps, oldest first, ending at `asOf`; null where missing. */
  recent: (number | null)[];
  fitted?: Fitted;
  /** How far demand runs above the fitted path at present. */
  offset: number;
  probes: Probe[];
  /** What was expected of the newest step an hour before it. */
  expected?: Interval;
}

export interface PipelineInput {
  /** Final samples; those already taken in are ignored. Gaps are missing, never zero. */
  samples: readonly { at: number; value: number }[];
  /** End of the newest step that the samples are complete to. */
  asOf: number;
  /** Lengths of windows from `asOf` whose maximum the decision needs, ms. */
  windowsMs: readonly number[];
  /** Length of the fan, ms. */
  horizonMs: number;
  /** Demand that lasts is looked for over this long, ms. */
  sustainedMs: number;
  /** A newer fit, taken up from here on. */
  fit?: Fitted;
}

export interface PipelineOutput {
  state: PipelineState;
  /** Demand of the newest step that has a sample. */
  observed: number;
  fan: FanPoint[];
  /** Per window asked for: the interval of its maximum. */
  windows: WindowInterval[];
  sustained: number;
  peak: Interval & { at: number };
  model: string;
  quality: 'calibrated' | 'cold' | 'fallback';
  expected?: Interval;
}

const MINUTE_MS = 60_000;
/** Weight of the newest error in the present offset, per minute of step. */
const OFFSET_RATE_PER_MINUTE = 0.3;
/** Models whose forecasts need no excuse; any other is a fallback. */
const FULL_MODELS: ReadonlySet<string> = new Set(['premirror', 'mstl-ets']);
/** Steps kept: enough for the longest window. */
const RECENT_MS = 90 * MINUTE_MS;

export function newPipeline(stepMs: number, nominalCoverage: number): PipelineState {
  return {
    v: 2,
    stepMs,
    nominalCoverage,
    recent: [],
    offset: 0,
    probes: newProbes(stepMs, nominalCoverage),
  };
}

/**
 * Takes new samples in, learns from the forecasts that they settle, and forecasts. State in, state out; the same input
 * gives the same output. The state given is left alone.
 */
export function runPipeline(state: PipelineState, input: PipelineInput): PipelineOutput {
  const next = copyOf(state);
  advance(next, input.samples, input.asOf);
  if (input.fit) adopt(next, input.fit);
  const median = medianPath(next, input.asOf, Math.ceil(input.horizonMs / next.stepMs));
  const fan = fanOf(next, input.asOf, median);
  return {
    state: next,
    observed: next.recent.findLast((value) => value !== null) ?? 0,
    fan,
    windows: windowsOf(next, input.asOf, median, input.windowsMs),
    sustained: sustainedOf(median, Math.round(input.sustainedMs / next.stepMs)),
    peak: peakOf(next, input.asOf, median),
    model: next.fitted?.model ?? 'level',
    quality: qualityOf(next),
    ...(next.expected ? { expected: next.expected } : {}),
  };
}

/** A copy of what changes from step to step. By hand: structuredClone took most of a tick. */
function copyOf(state: PipelineState): PipelineState {
  return { ...state, recent: [...state.recent], probes: state.probes.map(copyOfProbe) };
}

/** Takes steps in, one at a time, up to `asOf`. Changes `state`. */
export function advance(
  state: PipelineState,
  samples: readonly { at: number; value: number }[],
  asOf: number,
): void {
  const first = samples[0];
  if (state.asOf === undefined) {
    if (!first) return;
    state.asOf = first.at - state.stepMs;
  }
  const grid = state.asOf;
  const onGrid = (at: number) => grid + Math.round((at - grid) / state.stepMs) * state.stepMs;
  const values = new Map(samples.map((sample) => [onGrid(sample.at), sample.value]));
  for (let at = state.asOf + state.stepMs; at <= asOf; at += state.stepMs) {
    takeIn(state, at, values.get(at));
  }
}

/**
 * A newer fit. The path of a full model already runs at the present level; that of a fallback knows days only, and goes on from
 * where the older one was.
 */
export function adopt(state: PipelineState, fit: Fitted): void {
  const next = state.asOf === undefined ? undefined : pathAt(fit, state.asOf + state.stepMs);
  const goesOn = !FULL_MODELS.has(fit.model) && state.fitted && next !== undefined;
  const offset = goesOn ? medianAt(state, state.asOf!, 1) - next : 0;
  state.fitted = fit;
  state.offset = offset;
  if (state.asOf === undefined) return;
  for (let at = Math.max(fit.asOf + state.stepMs, firstRecent(state)); at <= state.asOf; at += state.stepMs) {
    follow(state, at, valueAt(state, at));
  }
  issuePoints(state, state.asOf);
}

function takeIn(state: PipelineState, at: number, value: number | undefined): void {
  state.recent.push(value ?? null);
  if (state.recent.length > RECENT_MS / state.stepMs) state.recent.shift();
  state.asOf = at;
  follow(state, at, value);
  settle(state, at);
  issueWindows(state, at);
  issuePoints(state, at);
}

function issueWindows(state: PipelineState, at: number): void {
  const windows = state.probes.filter((probe) => probe.kind === 'window');
  const peaks = runningMaximum(medianPath(state, at, Math.max(...windows.map((probe) => probe.steps))));
  for (const probe of windows) {
    if (isDue(state, probe, at)) issue(probe, at, peaks[probe.steps - 1]!, state.stepMs);
  }
}

/** Notes what is said of single steps at `at`; again with a newer fit, which is what is told from there on. */
function issuePoints(state: PipelineState, at: number): void {
  for (const probe of state.probes) {
    if (probe.kind !== 'point' || !isDue(state, probe, at)) continue;
    const own = halfWidths(state, at + probe.steps * state.stepMs);
    issue(probe, at, medianAt(state, at, probe.steps), state.stepMs, own);
  }
}

function isDue({ stepMs }: PipelineState, { every }: Probe, at: number): boolean {
  return Math.round(at / stepMs) % every === 0;
}

/** Scores the forecasts that this step settles. */
function settle(state: PipelineState, at: number): void {
  delete state.expected;
  const hour = Math.round((60 * MINUTE_MS) / state.stepMs);
  for (const probe of state.probes) {
    const actual =
      probe.kind === 'point' ? valueAt(state, at) : maximumOf(state.recent.slice(-probe.steps), probe.steps);
    const issued = mature(probe, at, state.stepMs, state.nominalCoverage, actual);
    if (issued && probe.kind === 'point' && probe.steps === hour) state.expected = issued;
  }
}

/** Moves the present offset towards the newest error. */
function follow(state: PipelineState, at: number, value: number | undefined): void {
  const expected = state.fitted && pathAt(state.fitted, at);
  if (expected === undefined || value === undefined) return;
  const rate = 1 - (1 - OFFSET_RATE_PER_MINUTE) ** (state.stepMs / MINUTE_MS);
  state.offset += rate * (value - expected - state.offset);
}

function qualityOf(state: PipelineState): PipelineOutput['quality'] {
  if (!isCalibrated(state.probes, state.nominalCoverage)) return 'cold';
  return FULL_MODELS.has(state.fitted?.model ?? '') ? 'calibrated' : 'fallback';
}

function runningMaximum(values: readonly number[]): number[] {
  let top = -Infinity;
  return values.map((value) => (top = Math.max(top, value)));
}

/** Undefined unless every step has a sample. */
function maximumOf(values: readonly (number | null)[], steps: number): number | undefined {
  if (values.length < steps || values.includes(null)) return undefined;
  return Math.max(...(values as number[]));
}

function firstRecent(state: PipelineState): number {
  return state.asOf! - (state.recent.length - 1) * state.stepMs;
}

function valueAt(state: PipelineState, at: number): number | undefined {
  return state.recent[Math.round((at - firstRecent(state)) / state.stepMs)] ?? undefined;
}
