import type { ApplicationSpec } from '../src/domain/application.ts';
import type { ExpectedEvent } from '../src/domain/event.ts';
import { DEFAULT_BURST_BELIEF, isBurst } from '../src/domain/event-source.ts';
import { measureUplifts } from '../src/domain/uplift.ts';
import type { EventStore, KnownEvent } from '../src/ports/events.ts';

/**
 * The events that overlap [from, to) as they are known at `now`. One that nobody sized gets what was measured of its kind, if
 * anything was; the others stay without a size, and move nothing, but for bursts of talk: what may follow those is believed.
 * Nothing is announced where there is no store.
 */
export async function sizedEvents(
  store: Pick<EventStore, 'events' | 'outcomes'> | undefined,
  spec: ApplicationSpec,
  from: number,
  to: number,
  now: number,
): Promise<ExpectedEvent[]> {
  if (!store) return [];
  const events = (await store.events(spec.application, from, to, now)).map((event) => believed(event, spec));
  if (events.every(({ expectedUplift }) => expectedUplift !== undefined)) return events;
  const measured = new Map(
    measureUplifts(await store.outcomes(spec.application)).map(({ source, kind, expected }) => [
      JSON.stringify([source, kind]),
      expected,
    ]),
  );
  return events.map((event) => {
    const expectedUplift = event.expectedUplift ?? measured.get(JSON.stringify([event.source, event.kind]));
    return expectedUplift === undefined ? event : { ...event, expectedUplift };
  });
}

function believed(event: KnownEvent, { events = [] }: ApplicationSpec): KnownEvent & ExpectedEvent {
  const source = events.find(({ id }) => id === event.source);
  // Where a size is given, nothing is left to believe.
  if (!source || !isBurst(source, event.kind) || source.expectedUplift !== undefined) return event;
  return { ...event, burst: { source: source.id, belief: source.burst ?? DEFAULT_BURST_BELIEF } };
}
