import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Exports } from '../../ledger/exports/exports.ts';
import { toCsv } from './csv.ts';
import { toParquet } from './parquet.ts';

interface Route {
  Params: { name: string; table: string; format: 'csv' | 'parquet' };
  Querystring: { from?: number; to?: number };
}

const SCHEMA = {
  params: {
    type: 'object',
    properties: { format: { type: 'string', enum: ['csv', 'parquet'] } },
  },
  querystring: { type: 'object', properties: { from: { type: 'number' }, to: { type: 'number' } } },
};

/** The ledger's tables to take away, streamed. `from` and `to` are ms since the epoch; without them, everything. */
export function addExportRoutes(api: FastifyInstance, exports: Exports): void {
  api.get('/exports', async () => exports.names);

  api.get<Route>(
    '/applications/:name/exports/:table.:format',
    { schema: SCHEMA },
    async ({ params: { name, table, format }, query }, reply) => {
      const { from = -Number.MAX_VALUE, to = Number.MAX_VALUE } = query;
      const found = exports.open(table, name, { from, to });
      if (!found)
        return reply
          .code(404)
          .send({ error: `the ledger exports no ${table}: ask for ${exports.names.join(', ')}` });
      if (format === 'csv') return reply.type('text/csv').send(Readable.from(toCsv(found)));
      return reply.type('application/vnd.apache.parquet').send(Readable.fromWeb(toParquet(found)));
    },
  );
}
