import {
  burstsIn,
  goesOn,
  stepsOf,
  withSurprise,
  type Burst,
  type ChatterStep,
} from '../src/domain/chatter.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { afterAnswer, afterFailure, type EventSource, type SourceState } from '../src/domain/event-source.ts';
import { factorOf, REFERENCES_BACK_MS, type EventOutcome } from '../src/domain/uplift.ts';
import type { Applications } from '../src/ports/applications.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import { UnknownApplicationError } from '../src/ports/errors.ts';
import type { Answer, EventSources, EventStore, KnownEvent } from '../src/ports/events.ts';
import type { History } from '../src/ports/history.ts';
import { knownDemand } from './past/known-demand.ts';

export interface EventDeps {
  applications: Applications;
  events: EventStore;
  eventSources: EventSources;
  demand: DemandSource;
  /** Where kept and imported demand lies. Absent: what the source shows is all. */
  history?: Pick<History, 'demandDays'>;
  clock: Clock;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What is said outside counts as an event for so long after it became unusual. */
const BURST_LASTS_MS = 2 * HOUR_MS;
/** Steps between two looks that were missed, beyond which what was said meanwhile is unknown. */
const BRIDGED_STEPS = 3;
const CHATTER_HISTORY_MS = 14 * DAY_MS;
/** Enough for a hundredth of them to say what is ordinary; more would cost a look more than it learns. */
const CHATTER_HISTORY_STEPS = 2_000;
/** The ledger keeps demand no longer. */
const MEASURED_BACK_MS = 400 * DAY_MS;
const LONGEST_MEASURED_MS = 7 * DAY_MS;
/** What could not be measured is tried again after so long: demand may have been imported since. */
const MEASURED_AGAIN_MS = HOUR_MS;

/** Looks at the sources of events, and measures what events did. */
export function createEventActivities(deps: EventDeps) {
  const { events, eventSources, clock } = deps;
  /** When each event was last tried to be measured, by application and event. */
  const tried = new Map<string, number>();

  /** What the answer changes in the ledger; resolves to what it was, in words, and the memory to keep. */
  async function take(
    spec: ApplicationSpec,
    source: EventSource,
    state: SourceState | undefined,
    answer: Answer,
    now: number,
  ): Promise<{ words: string; pending?: Pending; note?: string }> {
    const { application } = spec;
    switch (answer.type) {
      case 'unchanged':
        return state?.note === undefined ? { words: 'unchanged' } : { words: 'unchanged', note: state.note };
      case 'events': {
        const changed = await events.remember(
          application,
          source.id,
          answer.events,
          now,
          answer.completeFrom,
        );
        const words = `${answer.events.length} events, ${changed} changed`;
        return answer.note === undefined ? { words } : { words, note: answer.note };
      }
      case 'series': {
        const known = await heardBefore(application, source, answer.stepMs, now);
        const newest = known.at(-1)?.at ?? -Infinity;
        const steps = answer.points
          .filter(({ at }) => at > newest)
          .map(({ at, value }) => ({ at, volume: value }));
        return { words: await hear(spec, source, known, steps, now) };
      }
      case 'texts': {
        const stepMs = Math.max(spec.demand.stepMs, source.everyMs);
        const until = Math.floor(now / stepMs) * stepMs;
        const { from, gap } = coverage(state, answer.since, stepMs, until);
        const heard = answer.texts
          .filter(({ at }) => at >= from || !gap)
          // When it could first be heard: what a source shows late was not known before.
          .map(({ at, words }) => ({
            at: Math.min(now, Math.max(at, from)),
            sentiment: eventSources.sentiment(words),
          }));
        const texts = [...(state?.memory?.pending ?? []), ...heard];
        const known = await heardBefore(application, source, stepMs, now);
        const words = await hear(spec, source, known, stepsOf(texts, stepMs, from, until), now);
        return { words, pending: texts.filter(({ at }) => at >= until) };
      }
    }
  }

  function heardBefore(application: string, { id }: EventSource, stepMs: number, now: number) {
    const reachMs = Math.min(CHATTER_HISTORY_MS, CHATTER_HISTORY_STEPS * stepMs);
    return events.chatter(application, id, now - reachMs, now + 1);
  }

  /** Keeps new steps with their surprise; a burst in one of them becomes an event. */
  async function hear(
    spec: ApplicationSpec,
    source: EventSource,
    known: readonly ChatterStep[],
    fresh: readonly ChatterStep[],
    now: number,
  ): Promise<string> {
    const kind = source.type === 'news' && source.shape === 'gdelt' ? 'series' : 'count';
    const history = [...known];
    const found: Found[] = [];
    for (const step of fresh) {
      const told = withSurprise(step, history, kind);
      if (now - told.at < BURST_LASTS_MS)
        for (const burst of burstsIn(told, history))
          found.push({ ...burst, goesOn: goesOn(told, history, burst) });
      history.push(told);
    }
    await events.saveChatter(spec.application, source.id, history.slice(known.length));
    for (const burst of found) await announce(spec, source, burst, now);
    return `${fresh.length} steps${found.length > 0 ? `, ${found.length} of them unusual` : ''}`;
  }

  /** One event while it lasts: a burst that goes on lengthens the one that runs, another ends it. */
  async function announce(
    spec: ApplicationSpec,
    source: EventSource,
    burst: Found,
    now: number,
  ): Promise<void> {
    const kind = burst.of === 'sentiment' ? 'sentiment' : source.type;
    const running = (await events.events(spec.application, now, now + 1, now)).find(
      (event) => event.source === source.id && event.kind === kind,
    );
    const continued = burst.goesOn || running?.start === now ? running : undefined;
    if (continued && continued.end - now > BURST_LASTS_MS / 2) return;
    if (running && !continued)
      await events.remember(spec.application, source.id, [{ ...running, announced: now, end: now }], now);
    const { start = now, id = `${kind} ${new Date(now).toISOString()}`, name } = continued ?? {};
    const expected = await expectedUplift(spec.application, source, kind);
    const event = {
      id,
      announced: now,
      start,
      end: now + BURST_LASTS_MS,
      name: name ?? nameOf(burst),
      kind,
      ...expected,
    };
    await events.remember(spec.application, source.id, [event], now);
  }

  /** As measured, else as the specification expects; unknown otherwise. */
  async function expectedUplift(application: string, source: EventSource, kind: string) {
    const measured = (await events.uplifts(application)).find(
      (one) => one.source === source.id && one.kind === kind,
    );
    const expected = measured?.expected ?? ('expectedUplift' in source ? source.expectedUplift : undefined);
    return expected === undefined ? {} : { expectedUplift: expected };
  }

  return {
    /** Looks at one source, if its time has come. A source that fails is left for longer each time; nothing of it is changed. */
    async lookForEvents({ spec, source }: { spec: ApplicationSpec; source: EventSource }): Promise<string> {
      const { application } = spec;
      const now = clock.now();
      const state = (await events.sourceStates(application)).get(source.id);
      if (state && now < state.nextAt) return 'not due yet';
      let looked: Awaited<ReturnType<EventSources['look']>>;
      try {
        looked = await eventSources.look(source, state?.memory, now);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        await events.saveSourceState(application, source.id, afterFailure(source, state, now, problem));
        return `no answer: ${problem}`;
      }
      const { words, pending, note } = await take(spec, source, state, looked.answer, now);
      const memory = pending ? { ...looked.memory, pending } : looked.memory;
      await events.saveSourceState(application, source.id, afterAnswer(source, now, { memory, note }));
      return words;
    },

    /**
     * The specification of an application that runs; undefined when it is gone. States of sources that it no longer names are
     * forgotten.
     */
    async readEventSources(application: string): Promise<ApplicationSpec | undefined> {
      try {
        const { spec } = await deps.applications.find(application);
        await events.keepSources(
          application,
          (spec.events ?? []).map(({ id }) => id),
        );
        return spec;
      } catch (error) {
        if (error instanceof UnknownApplicationError) return undefined;
        throw error;
      }
    },

    /** Measures the events that are over and have not been measured yet. Resolves to how many could be. */
    async measureEvents({ spec }: { spec: ApplicationSpec }): Promise<number> {
      const { application } = spec;
      const now = clock.now() - spec.demand.observationDelayMs;
      const known = await events.events(application, now - MEASURED_BACK_MS, now, now);
      const done = new Set((await events.outcomes(application)).map(keyOf));
      const triedKey = (event: KnownEvent) => `${application} ${keyOf(event)}`;
      const due = known.filter(
        (event) =>
          event.end <= now &&
          event.end - event.start <= LONGEST_MEASURED_MS &&
          !done.has(keyOf(event)) &&
          now - (tried.get(triedKey(event)) ?? -Infinity) >= MEASURED_AGAIN_MS,
      );
      if (due.length === 0) return 0;
      for (const event of due) tried.set(triedKey(event), now);
      const from = Math.min(...due.map(({ start }) => start)) - REFERENCES_BACK_MS;
      const samples = await knownDemand(deps, spec, from, now);
      const outcomes = due.flatMap((event) => outcomeOf(event, known, samples, spec.demand.stepMs) ?? []);
      await events.saveOutcomes(application, outcomes);
      return outcomes.length;
    },
  };
}

function keyOf({ source, id }: { source: string; id: string }): string {
  return JSON.stringify([source, id]);
}

type Found = Burst & { goesOn: boolean };
type Pending = { at: number; sentiment: number }[];

/**
 * From where on what was said is known; with a gap before it at the first look, and after too long a silence. At the first
 * look that is what the source still shows, `since` its oldest text: its usual need not be waited for.
 */
function coverage(
  state: SourceState | undefined,
  since: number | undefined,
  stepMs: number,
  until: number,
): { from: number; gap: boolean } {
  if (state?.answeredAt === undefined && since !== undefined)
    return { from: Math.min(until, Math.ceil(since / stepMs) * stepMs), gap: true };
  const from = Math.floor((state?.answeredAt ?? -Infinity) / stepMs) * stepMs;
  const gap = until - from > BRIDGED_STEPS * stepMs;
  return gap ? { from: until, gap } : { from, gap };
}

function outcomeOf(
  event: KnownEvent,
  known: readonly KnownEvent[],
  samples: Awaited<ReturnType<DemandSource['read']>>,
  stepMs: number,
): EventOutcome | undefined {
  const { id, source, kind, start, expectedUplift } = event;
  const others = known.filter((other) => other !== event);
  const factor = factorOf(event, others, samples, stepMs);
  if (factor === undefined) return undefined;
  return {
    id,
    source,
    kind,
    start,
    factor,
    ...(expectedUplift !== undefined && { announced: expectedUplift }),
  };
}

function nameOf({ of, surprise }: Burst): string {
  const size = `${Math.round(Math.abs(surprise))} deviations`;
  if (of === 'volume') return `more is said than usual, by ${size}`;
  return `what is said sounds ${surprise > 0 ? 'better' : 'worse'} than usual, by ${size}`;
}
