/**
 * What events of a kind from a source did to one application's demand: the factor on the usual demand, measured after
 * they are over, and drawn towards what is believed beforehand while there are few of them.
 */
export interface MeasuredUplift {
  source: string;
  kind: string;
  /** Events that are over and could be measured. */
  events: number;
  /** Geometric mean of the measured factors. */
  measured: number;
  /** What to expect of the next: `measured` drawn towards the prior. */
  expected: number;
  /** The factor that lies `expected`'s standard error above and below, as a factor: 1.2 means by a fifth. */
  uncertainty: number;
}

/** One event that is over, and what it did: the factor on the usual demand, and what was announced of it. */
export interface EventOutcome {
  id: string;
  start: number;
  source: string;
  kind: string;
  factor: number;
  announced?: number;
}

/** The newest outcomes of an application that are kept: years of holidays, or months of campaigns. */
export const OUTCOMES_KEPT = 500;
/** How much factors of one kind differ among themselves (deviation of their logarithm) before any was seen. */
const PRIOR_SPREAD = 0.5;
/** How far a kind's mean may lie from what was believed (deviation of its logarithm). */
const BELIEF_SPREAD = 0.4;
/** Evidence worth so many events for the spread: two events alike do not make a certainty. */
const SPREAD_EVENTS = 4;

/**
 * Uplift by source and kind. The mean logarithm is shrunk towards the mean announced one (no effect where none was
 * announced), normal prior and likelihood: weight n / (n + spread² / belief²).
 */
export function measureUplifts(outcomes: readonly EventOutcome[]): MeasuredUplift[] {
  const groups = new Map<string, EventOutcome[]>();
  for (const outcome of outcomes) {
    const key = JSON.stringify([outcome.source, outcome.kind]);
    groups.set(key, [...(groups.get(key) ?? []), outcome]);
  }
  return [...groups.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => measureOne(group));
}

function measureOne(outcomes: readonly EventOutcome[]): MeasuredUplift {
  const { source, kind } = outcomes[0]!;
  const logs = outcomes.map(({ factor }) => Math.log(factor));
  const { mean, precision } = believed(logs, meanOf(outcomes.map(announcedLog)));
  return {
    source,
    kind,
    events: logs.length,
    measured: Math.exp(meanOf(logs)),
    expected: Math.exp(mean),
    uncertainty: Math.exp(1 / Math.sqrt(precision)),
  };
}

/** Mean logarithm to expect, and its precision, after measured logarithms and a prior one. */
function believed(logs: readonly number[], prior: number): { mean: number; precision: number } {
  const priorPrecision = 1 / BELIEF_SPREAD ** 2;
  if (logs.length === 0) return { mean: prior, precision: priorPrecision };
  const measured = meanOf(logs);
  const squares = logs.reduce((sum, log) => sum + (log - measured) ** 2, 0);
  const variance = (SPREAD_EVENTS * PRIOR_SPREAD ** 2 + squares) / (SPREAD_EVENTS + logs.length);
  const precision = logs.length / variance + priorPrecision;
  return { mean: ((logs.length / variance) * measured + prior * priorPrecision) / precision, precision };
}

function announcedLog({ announced }: EventOutcome): number {
  return Math.log(announced ?? 1);
}

/** What a source is worth: how far off demand in its events is expected with it, and without it, as factors. */
export interface SourceWorth {
  source: string;
  events: number;
  errorWith: number;
  errorWithout: number;
}

/** Events of two sources that begin so near to each other are one event. */
const SAME_EVENT_MS = 3_600_000;

/**
 * Leaves each source out in turn. Every event is expected by what those of its source and kind before it did; without the
 * source, by another that tells of an event at the same time, else as no event at all. Errors are geometric means: 1.2 is
 * off by a fifth.
 */
export function worthOfSources(outcomes: readonly EventOutcome[]): SourceWorth[] {
  const sources = [...new Set(outcomes.map(({ source }) => source))].toSorted();
  return sources.map((source) => {
    const own = outcomes.filter((outcome) => outcome.source === source);
    const others = outcomes.filter((outcome) => outcome.source !== source);
    const errorOf = (told: (event: EventOutcome) => number) =>
      Math.exp(meanOf(own.map((event) => Math.abs(Math.log(event.factor) - told(event)))));
    const elsewhere = (event: EventOutcome) =>
      others.find(({ start }) => Math.abs(start - event.start) <= SAME_EVENT_MS);
    return {
      source,
      events: own.length,
      errorWith: errorOf((event) => expectedBefore(event, outcomes)),
      errorWithout: errorOf((event) => {
        const other = elsewhere(event);
        return other ? expectedBefore(other, outcomes) : 0;
      }),
    };
  });
}

/** The logarithm that was to be expected of an event before it came. */
function expectedBefore(event: EventOutcome, outcomes: readonly EventOutcome[]): number {
  const earlier = outcomes.filter(
    ({ source, kind, start }) => source === event.source && kind === event.kind && start < event.start,
  );
  return believed(
    earlier.map(({ factor }) => Math.log(factor)),
    announcedLog(event),
  ).mean;
}

/** Samples that a window needs for a measurement, as a share of its steps. */
const LEAST_COVERAGE = 0.5;
const DAY_MS = 86_400_000;
/** Whole weeks, then days: what the same hours did on other days. */
const REFERENCE_DAYS = [-7, -14, -21, 7, -1, -2, 1];
/** How long before a window the demand may lie that it is compared with. */
export const REFERENCES_BACK_MS = 21 * DAY_MS;
const LEAST_REFERENCES = 2;
const LARGEST_FACTOR = 50;

export interface Window {
  start: number;
  end: number;
}

/**
 * Demand in a window over the median of the same hours on days before and after it, at which no event of `others` was
 * on. Undefined where too little demand is known, or no such day is left. Samples are at the END of their step.
 */
export function factorOf(
  window: Window,
  others: readonly Window[],
  samples: readonly { at: number; value: number }[],
  stepMs: number,
): number | undefined {
  const meanIn = ({ start, end }: Window): number | undefined => {
    const within = samples.slice(firstAfter(samples, start), firstAfter(samples, end));
    if (within.length < LEAST_COVERAGE * Math.max(1, (end - start) / stepMs)) return undefined;
    return meanOf(within.map(({ value }) => value));
  };
  const demand = meanIn(window);
  const usual = REFERENCE_DAYS.flatMap((days) => {
    const day = { start: window.start + days * DAY_MS, end: window.end + days * DAY_MS };
    const busy = [window, ...others].some(({ start, end }) => start < day.end && end > day.start);
    const mean = busy ? undefined : meanIn(day);
    return mean === undefined ? [] : [mean];
  });
  if (demand === undefined || usual.length < LEAST_REFERENCES) return undefined;
  const reference = usual.toSorted((a, b) => a - b)[usual.length >> 1]!;
  if (!(reference > 0)) return undefined;
  return Math.min(LARGEST_FACTOR, Math.max(1 / LARGEST_FACTOR, demand / reference));
}

/** Index of the first sample after `at`. */
function firstAfter(samples: readonly { at: number }[], at: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (samples[middle]!.at > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
