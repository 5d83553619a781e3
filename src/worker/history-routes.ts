import type { FastifyInstance } from 'fastify';
import type { Clock } from '../ports/clock.ts';
import type { History, Origin } from '../ports/history.ts';

const DAY_MS = 86_400_000;
const SHOWN_DAYS = 30;
const SHOWN_CHANGES = 50;

interface Route {
  Params: { name: string };
  Querystring: { origin: Origin; from?: number; to?: number };
}

/** Days with from <= day < to (the last 30 unless given), as they were lived through or as a backfill worked them out. */
const QUERY = {
  schema: {
    querystring: {
      type: 'object',
      properties: {
        origin: { type: 'string', enum: ['live', 'backfill'], default: 'live' },
        from: { type: 'number' },
        to: { type: 'number' },
      },
    },
  },
};

/** What the ledger has learnt of the past. Times are ms since the epoch, application time. */
export function addHistoryRoutes(api: FastifyInstance, history: History, clock: Clock): void {
  const span = ({ from, to }: Route['Querystring']): [number, number] => {
    const end = to ?? clock.now() + 1;
    return [from ?? end - SHOWN_DAYS * DAY_MS, end];
  };

  /** How forecasts did and what plans cost, by day, and how the settings moved. */
  api.get<Route>('/applications/:name/learning', QUERY, async ({ params: { name }, query }) => {
    const [from, to] = span(query);
    const [scores, balances, changes] = await Promise.all([
      history.scores(name, query.origin, from, to),
      history.balances(name, query.origin, from, to),
      history.settingsChanges(name, SHOWN_CHANGES),
    ]);
    return { scores, balances, changes };
  });
}
