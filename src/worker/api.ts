import Fastify, { type FastifyInstance } from 'fastify';
import type { Preview } from '../domain/preview.ts';
import type { StoredLedger } from '../ledger/sql-ledger.ts';
import type { Applications } from '../ports/applications.ts';
import type { Clock } from '../ports/clock.ts';
import { addEventRoutes } from './event-routes.ts';
import { addExportRoutes } from './exports/routes.ts';
import { addHistoryRoutes } from './history-routes.ts';
import { addImportRoutes } from './import-routes.ts';

/** Ms since the epoch, as far as dates reach. */
const TIME = { type: 'number', minimum: -8.64e15, maximum: 8.64e15 };

/** What the API reads, and where it keeps announced events. */
export interface ApiSources {
  ledger: StoredLedger;
  clock: Clock;
  /** What would be decided now; undefined before the first forecast. Absent: nobody can be asked. */
  preview?: (application: string) => Promise<Preview | undefined>;
  /** Absent: what is imported is compared with nothing that was observed. */
  applications?: Applications;
  /** Bearer token of those who may announce events and import demand; absent: nobody may. */
  eventToken?: string | undefined;
}

/**
 * The worker's HTTP API on loopback, for the command: only the worker opens the embedded ledger.
 * Times are ms since the epoch, application time.
 */
export function createApi({ ledger, clock, preview, applications, eventToken }: ApiSources): FastifyInstance {
  const api = Fastify({ logger: false });

  api.get('/healthz', async () => ({ ok: true, now: clock.now(), speed: clock.speed }));

  /** What happened after the happening with the id `after`, oldest first. */
  api.get<{ Querystring: { after: number } }>(
    '/happenings',
    { schema: { querystring: { type: 'object', properties: { after: { type: 'integer', default: 0 } } } } },
    ({ query }) => ledger.happenings(query.after),
  );

  api.get<{ Params: { name: string } }>('/applications/:name/forecast', async ({ params }, reply) => {
    const forecast = await ledger.latestForecast(params.name);
    return forecast ?? reply.code(404).send(missing('forecast', params.name));
  });

  /** The newest decision, or the newest that had been decided by `at`. */
  api.get<{ Params: { name: string }; Querystring: { at?: number } }>(
    '/applications/:name/decision',
    { schema: { querystring: { type: 'object', properties: { at: TIME } } } },
    async ({ params, query }, reply) => {
      const { at } = query;
      const decision = await ledger.latestDecision(params.name, at);
      return decision ?? reply.code(404).send(missing('decision', params.name, at));
    },
  );

  /** What would be done now, and what it takes; nothing is done. */
  api.get<{ Params: { name: string } }>('/applications/:name/preview', async ({ params }, reply) => {
    const found = await preview?.(params.name);
    return found ?? reply.code(404).send(missing('forecast', params.name));
  });

  /** Every step of the newest forecast. */
  api.get<{ Params: { name: string } }>('/applications/:name/fan', async ({ params }, reply) => {
    const forecast = await ledger.latestForecast(params.name);
    return forecast ? ledger.fan(forecast.fan) : reply.code(404).send(missing('forecast', params.name));
  });

  addEventRoutes(api, { store: ledger.eventStore, clock, token: eventToken });
  addImportRoutes(api, { ledger, applications, clock, token: eventToken });
  addHistoryRoutes(api, ledger.history, clock);
  addExportRoutes(api, ledger.exports);
  return api;
}

function missing(what: string, application: string, at?: number) {
  const when = at === undefined ? 'yet' : `by ${new Date(at).toISOString()}`;
  return { error: `no ${what} of ${application} ${when}: is the application applied, and its demand there?` };
}
