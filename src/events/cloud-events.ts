import { CloudEvent, HTTP, type CloudEventV1 } from 'cloudevents';
import type { IdentifiedEvent } from '../ports/events.ts';
import { AnnouncementError, plain, readAnnouncement } from './announcement.ts';

/** Type of the CloudEvents that announce one. */
export const ANNOUNCEMENT_TYPE = 'premirror.event.announced';

const MOST_OF_A_BATCH = 100;

/**
 * Events out of a request in any HTTP mode of CloudEvents 1.0 (binary, structured, batch): `data` is the event, `id` with
 * `source` what it is known by. Throws an AnnouncementError in words.
 */
export function eventsOfRequest(
  headers: Record<string, string | string[] | undefined>,
  body: string,
  now: number,
): IdentifiedEvent[] {
  const found = cloudEventsOf(headers, body);
  const list = Array.isArray(found) ? found : [found];
  if (list.length > MOST_OF_A_BATCH)
    throw new AnnouncementError(`a batch of ${list.length}: send ${MOST_OF_A_BATCH} events at most`);
  return list.map((event) => {
    checkAttributes(event);
    return readAnnouncement(`${event.source} ${event.id}`, event.data, now);
  });
}

function cloudEventsOf(headers: Record<string, string | string[] | undefined>, body: string) {
  try {
    return HTTP.toEvent<unknown>({ headers, body });
  } catch (error) {
    throw new AnnouncementError(`not a CloudEvent: ${plain(messageOf(error))}`);
  }
}

/** The library checks less of a batch's events than of a single one. */
function checkAttributes(event: CloudEventV1<unknown>): void {
  try {
    new CloudEvent({ ...event, data: {} }, true);
  } catch (error) {
    throw new AnnouncementError(`not a CloudEvent: ${plain(messageOf(error))}`);
  }
  if (event.type !== ANNOUNCEMENT_TYPE)
    throw new AnnouncementError(`type: ${plain(event.type)}: write ${ANNOUNCEMENT_TYPE}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
