import { setImmediate as breathe } from 'node:timers/promises';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { CallRates } from '../src/domain/calls.ts';
import { mostTelling } from '../src/domain/counted-event.ts';
import type { ExpectedEvent } from '../src/domain/event.ts';
import type { NearTermOutlook } from '../src/domain/forecast.ts';
import type { Served } from '../src/ports/history.ts';
import type { History } from '../models/forecaster.ts';
import { endOf, filled } from '../models/forecaster.ts';
import { WEIGHTS } from '../models/near-term/error-distribution.ts';
import type { EventWindow } from '../models/near-term/event-response.ts';
import { MINUTES_AHEAD, NearTermWithEvents } from '../models/near-term/with-events.ts';

const MINUTE_MS = 60_000;
/** What reaction alone would have serving: the highest demand of ten minutes (its stabilisation), seen three minutes late. */
const REACTION = { lateMinutes: 3, holdsMinutes: 10 };
/** Minutes learnt between two breaths: two weeks take a second, and the process has other things to answer. */
const MINUTES_A_BREATH = 500;
/** A longer gap is a source that was dead. */
const SHORT_GAP_MS = 15 * MINUTE_MS;
/** What a look saw serving counts until the next look. */
const LONGEST_LOOK_MS = 10 * MINUTE_MS;
/** Numbers in the digest know no more than this, and the workflow's history stays small. */
const DIGITS = 4;

/**
 * Follows the demand of one application minute by minute and says what the `cost` policy weighs. All of it is learnt again
 * from history after a restart: a cache, no state to lose.
 */
export class NearTerm {
  readonly #perInstance: number;
  readonly #observationDelayMs: number;
  readonly #leads: number[];
  readonly #forecaster: NearTermWithEvents;
  readonly #calls = new CallRates();
  /** Newest minutes in instances, oldest first: what reaction looks back on. */
  readonly #recent: number[] = [];
  /** Events that the forecaster was told, by what matters of them. */
  readonly #told = new Map<string, EventWindow>();
  /** Bursts of talk that it was told, by source, kind and start: how long they go on does not matter. */
  readonly #heard = new Set<string>();
  /** All events as they were known at the newest look. */
  #events: readonly ExpectedEvent[] = [];
  /** End of the first minute learnt, and of the newest. */
  #firstAt = Number.NaN;
  #asOf = -Infinity;

  /** @param observationDelayMs as it is: the specification's, unless samples were seen to change for longer */
  constructor({ demand }: ApplicationSpec, observationDelayMs = demand.observationDelayMs) {
    const late = Math.max(1, Math.round(observationDelayMs / MINUTE_MS));
    this.#perInstance = demand.perInstance;
    this.#observationDelayMs = observationDelayMs;
    // The minute that begins with the decision ends one later than it.
    this.#leads = MINUTES_AHEAD.map((minutes) => minutes + late + 1);
    this.#forecaster = new NearTermWithEvents(this.#leads);
  }

  /** Whether it still counts so: instances and minutes mean something else otherwise. */
  fits({ demand }: ApplicationSpec, observationDelayMs: number): boolean {
    return demand.perInstance === this.#perInstance && observationDelayMs === this.#observationDelayMs;
  }

  /**
   * Takes in what is newer than before. A longer step counts for each of its minutes; short gaps hold the value
   * before them, longer ones are filled from a day before.
   * @param events known by now; each counts from its announcement on, one without an announced uplift not at all
   * @param servedFrom what was seen to serve from a time on, oldest first; before it, reaction alone is supposed
   */
  async learn(
    history: History,
    events: readonly ExpectedEvent[] = [],
    servedFrom?: (from: number) => Promise<readonly Served[]>,
  ): Promise<void> {
    const values = filled(history, SHORT_GAP_MS);
    const from = Math.max(0, Math.round((this.#asOf - history.startAt) / history.stepMs) + 1);
    const minutes = Math.round(history.stepMs / MINUTE_MS);
    if (Number.isNaN(this.#firstAt)) this.#firstAt = history.startAt - history.stepMs + MINUTE_MS;
    // At once: a repetition that comes while this one breathes must not learn the same again.
    this.#asOf = endOf(history);
    const first = history.startAt + from * history.stepMs;
    const served = from < values.length ? ((await servedFrom?.(first - LONGEST_LOOK_MS)) ?? []) : [];
    this.#callOff(events);
    this.#events = events;
    const toTell = [...events].sort((a, b) => knownFrom(a) - knownFrom(b));
    let seen = -1;
    for (let step = from; step < values.length; step++) {
      const at = history.startAt + step * history.stepMs;
      while (toTell[0] && knownFrom(toTell[0]) <= at) this.#tell(toTell.shift()!);
      while (served[seen + 1] && served[seen + 1]!.at <= at) seen++;
      for (let minute = 0; minute < minutes; minute++)
        this.#take(values[step]! / this.#perInstance, served[seen]?.instances);
      if (((step - from) * minutes) % MINUTES_A_BREATH < minutes) await breathe();
    }
    // What was announced since the newest sample counts for the minutes ahead.
    toTell.forEach((event) => this.#tell(event));
  }

  /** The minutes after `now` as seen from the newest minute learnt. Undefined before the first. */
  outlook(now: number): NearTermOutlook | undefined {
    if (!Number.isFinite(this.#asOf)) return undefined;
    const inDemand = (instances: number) => round(Math.max(0, instances) * this.#perInstance);
    return {
      timesMs: this.#leads.map((lead) => this.#asOf + (lead - 1) * MINUTE_MS - now),
      values: this.#forecaster.forecast().map((values) => Array.from(values, inDemand)),
      weights: Array.from(WEIGHTS, round),
      callsPerHour: Array.from({ length: this.#calls.levels }, (_, level) =>
        round(this.#calls.perHour(level)),
      ),
      ...this.#countedEvents(),
    };
  }

  /** What of the events the outlook counts with. */
  #countedEvents(): Pick<NearTermOutlook, 'events'> {
    const counted = this.#events.flatMap((event) => {
      const { name, kind, start, end, burst } = event;
      const told = this.#told.get(keyOf(event));
      const expected = burst
        ? this.#forecaster.expectedOfBurst(this.#burstOf(event, burst.source))
        : told && this.#forecaster.expectedOf(told);
      if (!expected) return [];
      const [uplift, probability] = [round(expected.uplift), round(expected.probability)];
      return { name, kind, start, end, ...(burst && { source: burst.source }), uplift, probability };
    });
    return counted.length === 0 ? {} : { events: mostTelling(counted) };
  }

  #callOff(events: readonly ExpectedEvent[]): void {
    const standing = new Set(events.map(keyOf));
    for (const [key, event] of this.#told)
      if (!standing.has(key)) {
        this.#forecaster.withdraw(event);
        this.#told.delete(key);
      }
  }

  #tell(event: ExpectedEvent): void {
    if (event.burst) return this.#hear(event, event.burst);
    const key = keyOf(event);
    if (event.expectedUplift === undefined || this.#told.has(key)) return;
    const { start, end, kind, expectedUplift: uplift } = event;
    const window = { start: this.#minuteOf(start), end: this.#minuteOf(end), kind, uplift };
    this.#told.set(key, window);
    this.#forecaster.announce(window);
  }

  #hear(event: ExpectedEvent, { source, belief }: NonNullable<ExpectedEvent['burst']>): void {
    const key = JSON.stringify([source, event.kind, event.start]);
    if (this.#heard.has(key)) return;
    this.#heard.add(key);
    const { withinMs, ...rest } = belief;
    this.#forecaster.hear({
      ...this.#burstOf(event, source),
      belief: { ...rest, withinMinutes: withinMs / MINUTE_MS },
    });
  }

  #burstOf({ start, kind }: ExpectedEvent, source: string) {
    return { start: this.#minuteOf(start), kind: JSON.stringify([source, kind]) };
  }

  #minuteOf(ms: number): number {
    return Math.floor((ms - this.#firstAt) / MINUTE_MS) + 1;
  }

  #take(instances: number, served: number | undefined): void {
    const before = this.#recent.at(-1) ?? instances;
    this.#calls.learn(Math.min(instances, before), served ?? this.#byReaction());
    this.#forecaster.learn(instances);
    this.#recent.push(instances);
    if (this.#recent.length > REACTION.lateMinutes + REACTION.holdsMinutes) this.#recent.shift();
  }

  #byReaction(): number {
    const seen = this.#recent.slice(0, Math.max(1, this.#recent.length - REACTION.lateMinutes + 1));
    return Math.ceil(Math.max(0, ...seen) - 1e-9);
  }
}

/** A burst that goes on is announced again, as longer; it was known from its start on. */
function knownFrom({ announced, start, burst }: ExpectedEvent): number {
  return burst ? start : announced;
}

function keyOf({ start, end, kind, expectedUplift }: ExpectedEvent): string {
  return JSON.stringify([kind, start, end, expectedUplift]);
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
