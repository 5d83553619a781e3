import { median } from './median.ts';

/**
 * How much is said about an application outside, step by step, and how unusual that is. A step that no look covers is
 * missing, never zero.
 */
export interface ChatterStep {
  /** END of the step, ms since the epoch. */
  at: number;
  /** Texts in the step; for a series that the source has added up, its value. */
  volume: number;
  /** Mean sentiment of the step's texts, -1 to 1; absent where there was none. */
  sentiment?: number;
  /** Robust standard scores against the steps before; absent while they are too few. */
  surprise?: { volume?: number; sentiment?: number };
}

/** Steps of history before a surprise is told, and how far history reaches. */
const LEAST_HISTORY = 24;
const HISTORY_MS = 14 * 86_400_000;
/** A median absolute deviation times this is a standard deviation where errors are normal. */
const MAD_TO_DEVIATION = 1.4826;
/** Of a count's square root the deviation is a half at least, whatever the mean (Poisson; Anscombe 1948). */
const COUNT_DEVIATION = 0.5;
const ANSCOMBE = 3 / 8;
/** A series that the source has added up is known to a share of its usual height only. */
const SERIES_DEVIATION = 0.1;
/** One text's sentiment varies by about this much; a mean of n by its n-th part's root. */
const TEXT_DEVIATION = 0.35;

/** Surprise below this is chance; and so is what the history's own 99th percentile exceeds. */
const LEAST_BOUND = 5;
const ORDINARY_SHARE = 0.99;

/** Whether volumes are counts of texts, or a series in a unit of its source. */
export type VolumeKind = 'count' | 'series';

/**
 * The step with its surprise against `history`: (value - median) / deviation, the deviation by the median absolute
 * deviation and never less than chance alone makes. Volumes of texts count by their square root (Anscombe), which
 * makes their deviation alike at every height.
 */
export function withSurprise(
  step: ChatterStep,
  history: readonly ChatterStep[],
  kind: VolumeKind,
): ChatterStep {
  const known = history.filter(({ at }) => at < step.at && at >= step.at - HISTORY_MS);
  const volume = volumeSurprise(step, known, kind);
  const sentiment = sentimentSurprise(step, known);
  if (volume === undefined && sentiment === undefined) return step;
  return {
    ...step,
    surprise: { ...(volume !== undefined && { volume }), ...(sentiment !== undefined && { sentiment }) },
  };
}

function volumeSurprise(step: ChatterStep, known: ChatterStep[], kind: VolumeKind): number | undefined {
  if (known.length < LEAST_HISTORY) return undefined;
  const scaled = (volume: number) => (kind === 'count' ? Math.sqrt(volume + ANSCOMBE) : volume);
  const usual = known.map(({ volume }) => scaled(volume));
  const centre = median(usual);
  const floor = kind === 'count' ? COUNT_DEVIATION : SERIES_DEVIATION * centre;
  return score(scaled(step.volume), usual, centre, floor);
}

function sentimentSurprise(step: ChatterStep, known: ChatterStep[]): number | undefined {
  const told = known.flatMap(({ sentiment }) => (sentiment === undefined ? [] : [sentiment]));
  if (step.sentiment === undefined || told.length < LEAST_HISTORY) return undefined;
  return score(step.sentiment, told, median(told), TEXT_DEVIATION / Math.sqrt(Math.max(1, step.volume)));
}

function score(value: number, usual: number[], centre: number, floor: number): number {
  const deviation = MAD_TO_DEVIATION * median(usual.map((one) => Math.abs(one - centre)));
  const scale = Math.max(deviation, floor);
  return scale > 0 ? (value - centre) / scale : 0;
}

/** What counts as unusual after this history: more than chance, and more than all but a hundredth of its own steps. */
export function boundOf(history: readonly ChatterStep[], of: 'volume' | 'sentiment'): number {
  const past = history.map(({ surprise }) => Math.abs(surprise?.[of] ?? 0)).toSorted((a, b) => a - b);
  return Math.max(LEAST_BOUND, past[Math.floor(ORDINARY_SHARE * past.length)] ?? 0);
}

export interface Burst {
  of: 'volume' | 'sentiment';
  surprise: number;
  bound: number;
}

/** What is unusual in the newest step: more said than usual, or another tone. Less said than usual tells nothing. */
export function burstsIn(step: ChatterStep, history: readonly ChatterStep[]): Burst[] {
  const { volume = 0, sentiment = 0 } = step.surprise ?? {};
  const bursts: Burst[] = [];
  const volumeBound = boundOf(history, 'volume');
  if (volume > volumeBound) bursts.push({ of: 'volume', surprise: volume, bound: volumeBound });
  const sentimentBound = boundOf(history, 'sentiment');
  if (Math.abs(sentiment) > sentimentBound)
    bursts.push({ of: 'sentiment', surprise: sentiment, bound: sentimentBound });
  return bursts;
}

/** Quiet for so long, and what is unusual next is another matter. */
const QUIET_MS = 30 * 60_000;

/** Whether the burst in a step only goes on: something like it was heard shortly before. */
export function goesOn(step: ChatterStep, history: readonly ChatterStep[], { of }: Burst): boolean {
  return history.some(
    ({ at, surprise }) =>
      at < step.at && at >= step.at - QUIET_MS && Math.abs(surprise?.[of] ?? 0) > LEAST_BOUND,
  );
}

/** Texts by step: `from` and `to` bound the steps that the look covers, both whole steps; `at` is each step's end. */
export function stepsOf(
  texts: readonly { at: number; sentiment: number }[],
  stepMs: number,
  from: number,
  to: number,
): ChatterStep[] {
  return Array.from({ length: Math.max(0, Math.round((to - from) / stepMs)) }, (_, i) => {
    const at = from + (i + 1) * stepMs;
    const within = texts.filter((text) => text.at >= at - stepMs && text.at < at);
    const sum = within.reduce((total, { sentiment }) => total + sentiment, 0);
    return { at, volume: within.length, ...(within.length > 0 && { sentiment: sum / within.length }) };
  });
}
