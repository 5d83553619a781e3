import type { BurstBelief } from './event.ts';

/** Where an application hears of events. `id` is unique within the application: events and states are kept under it. */
export type EventSource = {
  id: string;
  /** Time between two looks, ms of application time. */
  everyMs: number;
} & (
  | {
      type: 'calendar';
      /** https URL, or path on the worker's machine. */ at: string;
      kind: string;
      expectedUplift?: number;
    }
  | { type: 'file'; /** Path on the worker's machine. */ at: string }
  | { type: 'holidays'; region: string; expectedUplift?: number }
  | ({ type: 'news'; shape: 'rss' | 'gdelt' } & TalkSource)
  | ({ type: 'social'; shape: 'json' | 'mastodon' | 'bluesky' } & TalkSource)
);

interface TalkSource {
  url: string;
  expectedUplift?: number;
  /** Absent: `DEFAULT_BURST_BELIEF`. */
  burst?: BurstBelief;
}

/**
 * Of a first burst nothing is known: a false alarm is worth paying for as long as one burst in eight means something, and two
 * that did not make the belief that. Measured on synthetic demand (docs/events.md).
 */
export const DEFAULT_BURST_BELIEF: BurstBelief = {
  probability: 0.25,
  leastUplift: 1.5,
  mostUplift: 3,
  withinMs: 30 * 60_000,
};

/** Whether an event of a source is a burst of talk: more is said than usual. Another tone is none. */
export function isBurst(source: EventSource, kind: string): source is EventSource & TalkSource {
  return (source.type === 'news' || source.type === 'social') && kind === source.type;
}

/** Events that people or programs announce themselves, by the command or the webhook, come from this one. */
export const ANNOUNCED_DIRECTLY = 'announced';

/** Looks missed before a source counts as missing, and the least time for it, ms. */
const MISSED_LOOKS = 3;
const LEAST_DEADLINE_MS = 10 * 60_000;

/** How old the newest answer of a source may be, ms, before the source counts as missing. */
function freshnessMs({ everyMs }: EventSource): number {
  return Math.max(MISSED_LOOKS * everyMs, LEAST_DEADLINE_MS);
}

/** What is known of a source's looks. Times in ms of application time. */
export interface SourceState {
  lookedAt?: number;
  answeredAt?: number;
  /** Without another answer until then the source counts as missing. */
  freshUntil?: number;
  /** Not before this time. */
  nextAt: number;
  /** Looks in a row without a usable answer. */
  failures: number;
  /** Why the last look failed, in words. */
  problem?: string;
  /** What of the last answer could not be used, in words. */
  note?: string;
  /** What the source wants back next time: validators of HTTP, ids already counted. */
  memory?: SourceMemory;
}

export interface SourceMemory {
  etag?: string;
  lastModified?: string;
  /** When the source was last read whole, whether or not it had changed. */
  readAt?: number;
  /** Short hashes of the newest texts, so that none counts twice. */
  seen?: string[];
  /** Texts of the step that is not over yet. */
  pending?: { at: number; sentiment: number }[];
}

export type Freshness = 'fresh' | 'missing';

/** `missing` is never taken for "nothing happens". */
export function freshnessOf({ freshUntil }: SourceState, now: number): Freshness {
  return freshUntil !== undefined && now <= freshUntil ? 'fresh' : 'missing';
}

const LONGEST_BACK_OFF_MS = 60 * 60_000;

/** The state after a look that failed: the next waits twice as long as the last, an hour at most (or its own beat). */
export function afterFailure(
  source: EventSource,
  state: SourceState | undefined,
  now: number,
  problem: string,
): SourceState {
  const failures = (state?.failures ?? 0) + 1;
  const longest = Math.max(source.everyMs, LONGEST_BACK_OFF_MS);
  const waitMs = Math.min(longest, source.everyMs * 2 ** Math.min(failures - 1, 20));
  return { ...state, lookedAt: now, nextAt: now + waitMs, failures, problem };
}

/** The state after a look that was answered. */
export function afterAnswer(
  source: EventSource,
  now: number,
  kept: { memory?: SourceMemory | undefined; note?: string | undefined },
): SourceState {
  return {
    lookedAt: now,
    answeredAt: now,
    freshUntil: now + freshnessMs(source),
    nextAt: now + source.everyMs,
    failures: 0,
    ...kept,
  };
}
