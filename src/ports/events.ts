import type { AnnouncedEvent } from '../domain/event.ts';
import type { ChatterStep } from '../domain/chatter.ts';
import type { EventSource, SourceMemory, SourceState } from '../domain/event-source.ts';
import type { EventOutcome, MeasuredUplift } from '../domain/uplift.ts';

/** An event with the id by which its source knows it. */
export interface IdentifiedEvent extends AnnouncedEvent {
  id: string;
}

/** An event as the ledger keeps it. */
export interface KnownEvent extends IdentifiedEvent {
  source: string;
}

/** One text of a news or social source; only its time, its id and its words are looked at. */
export interface Text {
  id: string;
  /** ms since the epoch. */
  at: number;
  words: string;
}

/** What a look at a source brought. */
export type Answer =
  /** Nothing has changed since the last look. */
  | { type: 'unchanged' }
  /** Every event of the source that ends after `completeFrom`; what is not among them has been called off. */
  | { type: 'events'; events: IdentifiedEvent[]; completeFrom: number; note?: string }
  | {
      type: 'texts';
      texts: Text[];
      /** Time of the oldest text shown: since then none is left out. */ since?: number;
    }
  /** A series that the source itself has added up: value per step, `at` the END of the step. */
  | { type: 'series'; stepMs: number; points: { at: number; value: number }[] };

export interface EventSources {
  /** Looks once. Throws in words where there is no usable answer. `now` in ms of application time. */
  look(
    source: EventSource,
    memory: SourceMemory | undefined,
    now: number,
  ): Promise<{ answer: Answer; memory?: SourceMemory }>;
  /** How glad a text sounds: -1 to 1; 0 for neutral. */
  sentiment(words: string): number;
}

/** The part of the ledger that keeps events. Writes are idempotent: repeating one changes nothing. */
export interface EventStore {
  /**
   * Takes in what a source says at `at`. A changed event is kept beside what was known of it before, from `at` on. With
   * `completeFrom`, events ending after it that the source no longer names are called off. Resolves to how many changed.
   */
  remember(
    application: string,
    source: string,
    events: readonly IdentifiedEvent[],
    at: number,
    completeFrom?: number,
  ): Promise<number>;
  /** Calls one event off, as of `at`. Resolves to whether it was known. */
  callOff(application: string, source: string, id: string, at: number): Promise<boolean>;
  /** Events that overlap [from, to), by start, as they were known at `knownAt`; all in ms since the epoch. */
  events(application: string, from: number, to: number, knownAt: number): Promise<KnownEvent[]>;

  /** Forgets the states of sources that are not among `ids`; their events stay. */
  keepSources(application: string, ids: readonly string[]): Promise<void>;
  sourceStates(application: string): Promise<Map<string, SourceState>>;
  saveSourceState(application: string, source: string, state: SourceState): Promise<void>;

  saveChatter(application: string, source: string, steps: readonly ChatterStep[]): Promise<void>;
  /** Steps with from <= at < to, ascending. */
  chatter(application: string, source: string, from: number, to: number): Promise<ChatterStep[]>;

  /** Keeps what events did; the newest measurement of each counts. */
  saveOutcomes(application: string, outcomes: readonly EventOutcome[]): Promise<void>;
  outcomes(application: string): Promise<EventOutcome[]>;
  /** Those of events with from <= start < to: what was measured of them counts no more. */
  forgetOutcomes(application: string, from: number, to: number): Promise<void>;
  /** What the kept outcomes say of each source and kind. */
  uplifts(application: string): Promise<MeasuredUplift[]>;
}
