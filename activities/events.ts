import type { ApplicationSpec } from '../src/domain/application.ts';
import { afterAnswer, afterFailure, type EventSource, type SourceState } from '../src/domain/event-source.ts';
import type { Applications } from '../src/ports/applications.ts';
import { UnknownApplicationError } from '../src/ports/errors.ts';
import type { Answer, EventSources } from '../src/ports/events.ts';
import { createListener, type PendingTexts } from './listen.ts';
import { createMeasuring, type MeasureDeps } from './measure-events.ts';

export interface EventDeps extends MeasureDeps {
  applications: Applications;
  eventSources: EventSources;
}

/** Looks at the sources of events, and measures what events did. */
export function createEventActivities(deps: EventDeps) {
  const { events, eventSources, clock } = deps;
  const { hearVolumes, hearTexts } = createListener(events, (words) => eventSources.sentiment(words));

  /** What the answer changes in the ledger; resolves to what it was, in words, and the memory to keep. */
  async function take(
    spec: ApplicationSpec,
    source: EventSource,
    state: SourceState | undefined,
    answer: Answer,
    now: number,
  ): Promise<{ words: string; pending?: PendingTexts; note?: string }> {
    switch (answer.type) {
      case 'unchanged':
        return state?.note === undefined ? { words: 'unchanged' } : { words: 'unchanged', note: state.note };
      case 'events': {
        const { events: named, completeFrom, note } = answer;
        const changed = await events.remember(spec.application, source.id, named, now, completeFrom);
        const words = `${named.length} events, ${changed} changed`;
        return note === undefined ? { words } : { words, note };
      }
      case 'series':
        return { words: await hearVolumes(spec, source, answer, now) };
      case 'texts':
        return hearTexts(spec, source, answer, state, now);
    }
  }

  return {
    ...createMeasuring(deps),

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
  };
}
