import type { FastifyInstance } from 'fastify';
import { ANNOUNCED_DIRECTLY } from '../domain/event-source.ts';
import { measureUplifts, worthOfSources } from '../domain/uplift.ts';
import { AnnouncementError } from '../events/announcement.ts';
import { eventsOfRequest } from '../events/cloud-events.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/events.ts';
import { refusalOf, refuse } from './token.ts';

/** More than a hundred announcements need. */
const BODY_LIMIT_BYTES = 256 * 1024;
const DAY_MS = 86_400_000;
const SHOWN_AHEAD_MS = 30 * DAY_MS;

export interface EventRouteSources {
  store: EventStore;
  clock: Clock;
  /** Bearer token of those who may announce; absent: nobody may. */
  token: string | undefined;
}

/** Reading events, and the webhook that takes CloudEvents. Times are ms since the epoch, application time. */
export function addEventRoutes(api: FastifyInstance, { store, clock, token }: EventRouteSources): void {
  /** What is known of events that end after `from` and start before `to`, of their sources and of what they did. */
  api.get<{ Params: { name: string }; Querystring: { from?: number; to?: number } }>(
    '/applications/:name/events',
    {
      schema: {
        querystring: { type: 'object', properties: { from: { type: 'number' }, to: { type: 'number' } } },
      },
    },
    async ({ params: { name }, query }) => {
      const now = clock.now();
      const { from = now, to = now + SHOWN_AHEAD_MS } = query;
      const [events, states, outcomes] = await Promise.all([
        store.events(name, from, to, now),
        store.sourceStates(name),
        store.outcomes(name),
      ]);
      const sources = [...states].map(([source, state]) => ({ source, ...state, memory: undefined }));
      return { now, events, sources, uplifts: measureUplifts(outcomes), worth: worthOfSources(outcomes) };
    },
  );

  void api.register(async (webhook) => {
    webhook.removeAllContentTypeParsers();
    webhook.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    webhook.addHook('onRequest', (request, reply, done) => {
      const refusal = refusalOf(request, token, 'announce events');
      if (refusal) void refuse(reply, refusal);
      else done();
    });
    webhook.post<{ Params: { name: string }; Body: string }>(
      '/applications/:name/events',
      { bodyLimit: BODY_LIMIT_BYTES },
      async ({ params: { name }, headers, body }, reply) => {
        const now = clock.now();
        const events = readOr400(() => eventsOfRequest(headers, body ?? '', now));
        if (events instanceof AnnouncementError) return reply.code(400).send({ error: events.message });
        const changed = await store.remember(name, ANNOUNCED_DIRECTLY, events, now);
        return reply.code(202).send({ ids: events.map(({ id }) => id), changed });
      },
    );
    webhook.delete<{ Params: { name: string; id: string } }>(
      '/applications/:name/events/:id',
      async ({ params: { name, id } }, reply) =>
        (await store.callOff(name, ANNOUNCED_DIRECTLY, id, clock.now()))
          ? { id }
          : reply
              .code(404)
              .send({ error: `${name} knows no announced event ${id}: premirror events ${name} lists them` }),
    );
  });
}

function readOr400<T>(read: () => T): T | AnnouncementError {
  try {
    return read();
  } catch (error) {
    if (error instanceof AnnouncementError) return error;
    throw error;
  }
}
