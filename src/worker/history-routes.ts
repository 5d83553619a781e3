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

/** What the ledger knows of the past, as JSON and as CSV. Times are ms since the epoch, application time. */
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

  api.get<Route>('/applications/:name/scores.csv', QUERY, async ({ params: { name }, query }, reply) => {
    const rows = await history.scores(name, query.origin, ...span(query));
    return reply.type('text/csv').send(toCsv(rows));
  });

  api.get<Route>('/applications/:name/balances.csv', QUERY, async ({ params: { name }, query }, reply) => {
    const rows = await history.balances(name, query.origin, ...span(query));
    return reply.type('text/csv').send(toCsv(rows));
  });

  /** A row a look of a backfill: what was said of the next minutes, and what the plan held. */
  api.get<Route>('/applications/:name/backfilled.csv', QUERY, async ({ params: { name }, query }, reply) => {
    const looks = await history.backfilled(name, ...span(query));
    const rows = looks.map(({ forecast, decision }) => {
      const sum = (tier: 'full' | 'warm' | 'shadow') =>
        decision.plan.mirrors.reduce((total, mirror) => total + mirror[tier], 0);
      return {
        at: forecast.issuedAt,
        asOf: forecast.asOf,
        observed: forecast.observed,
        lower: forecast.windows.full.lower,
        median: forecast.windows.full.median,
        upper: forecast.windows.full.upper,
        full: sum('full'),
        warm: sum('warm'),
        shadow: sum('shadow'),
        primaryMinimum: decision.plan.primaryMinimum,
      };
    });
    return reply.type('text/csv').send(toCsv(rows));
  });
}

/** Numbers only, so nothing needs quoting. Empty where there are no rows. */
function toCsv(rows: readonly object[]): string {
  const [first] = rows;
  if (!first) return '';
  const names = Object.keys(first) as (keyof typeof first)[];
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((row) => `${row.join(',')}\n`)
    .join('');
}
