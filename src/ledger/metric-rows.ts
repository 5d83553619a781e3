import type { Kysely } from 'kysely';
import type { MetricName, MetricSample, MetricStore } from '../ports/metrics.ts';
import { intoParts } from './parts.ts';
import type { Tables } from './tables.ts';

const ROWS_PER_WRITE = 1_000;

/** The ledger's metrics, in the SQL that PGlite and PostgreSQL share. */
export class MetricRows implements MetricStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async saveMetrics(
    application: string,
    metric: MetricName,
    samples: readonly MetricSample[],
  ): Promise<void> {
    for (let i = 0; i < samples.length; i += ROWS_PER_WRITE) {
      const written = samples.slice(i, i + ROWS_PER_WRITE);
      const insert = this.#db
        .insertInto('metrics')
        .values(
          written.map(({ at, value, instances }) => ({ application, metric, at_ms: at, value, instances })),
        )
        .onConflict((conflict) =>
          conflict.columns(['application', 'metric', 'at_ms']).doUpdateSet((row) => ({
            value: row.ref('excluded.value'),
            instances: row.ref('excluded.instances'),
          })),
        );
      const times = written.map(({ at }) => at);
      await intoParts(this.#db, 'metrics', times, () => insert.execute());
    }
  }

  async metrics(application: string, metric: MetricName, from: number, to: number): Promise<MetricSample[]> {
    return this.#db
      .selectFrom('metrics')
      .select(['at_ms as at', 'value', 'instances'])
      .where('application', '=', application)
      .where('metric', '=', metric)
      .where('at_ms', '>', from)
      .where('at_ms', '<=', to)
      .orderBy('at_ms')
      .execute();
  }
}
