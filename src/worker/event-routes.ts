import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ANNOUNCED_DIRECTLY } from '../domain/event-source.ts';
import { measureUplifts, worthOfSources } from '../domain/uplift.ts';
import { AnnouncementError } from '../events/announcement.ts';
import { eventsOfRequest } from '../events/cloud-events.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/events.ts';

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
      const refusal = refusalOf(request, token);
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

interface Refusal {
  code: 401 | 403;
  error: string;
}

function refusalOf({ headers }: FastifyRequest, token: string | undefined): Refusal | undefined {
  if (token === undefined)
    return { code: 403, error: 'nobody may announce events: set events.token in the configuration' };
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return undefined;
  return { code: 401, error: 'send events.token of the configuration as Authorization: Bearer' };
}

/** Equally long whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(reply: FastifyReply, { code, error }: Refusal): FastifyReply {
  if (code === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(code).send({ error });
}
