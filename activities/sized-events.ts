import type { AnnouncedEvent } from '../src/domain/event.ts';
import { measureUplifts } from '../src/domain/uplift.ts';
import type { EventStore } from '../src/ports/events.ts';

/**
 * The events that overlap [from, to) as they are known at `now`. One that nobody sized gets what was measured of its kind, if
 * anything was; the others stay without a size, and move nothing. Nothing is announced where there is no store.
 */
export async function sizedEvents(
  store: Pick<EventStore, 'events' | 'outcomes'> | undefined,
  application: string,
  from: number,
  to: number,
  now: number,
): Promise<AnnouncedEvent[]> {
  if (!store) return [];
  const events = await store.events(application, from, to, now);
  if (events.every(({ expectedUplift }) => expectedUplift !== undefined)) return events;
  const measured = new Map(
    measureUplifts(await store.outcomes(application)).map(({ source, kind, expected }) => [
      JSON.stringify([source, kind]),
      expected,
    ]),
  );
  return events.map((event) => {
    const expectedUplift = event.expectedUplift ?? measured.get(JSON.stringify([event.source, event.kind]));
    return expectedUplift === undefined ? event : { ...event, expectedUplift };
  });
}
