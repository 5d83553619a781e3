import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 15 * 60_000;

/** How long rows are kept. Scores, balances, settings and times to serve are a few rows a day and stay. */
export const KEPT_DAYS = {
  forecasts: 30,
  decisions: 30,
  happenings: 90,
  demand_days: 400,
  backfilled: 400,
  metrics: 30,
} as const;
/** Older forecasts are kept one a quarter of an hour: scored by then, they only serve a picture of the past. */
export const THINNED_AFTER_DAYS = 4;
/** Rows a statement: none holds locks for long, and a worker beside this one gets its turn. */
const BATCH = 2_000;

const TIME = {
  forecasts: 'as_of_ms',
  decisions: 'as_of_ms',
  happenings: 'at_ms',
  demand_days: 'day_ms',
  backfilled: 'at_ms',
  metrics: 'at_ms',
} as const;

/**
 * Deletes what is older than it is kept, in batches along an index of time. Several workers may do so at once: each batch
 * skips rows that another is deleting. No partitions: natural keys make repeated writes harmless and hold no time, and a
 * partitioned table's unique keys must hold it.
 */
export async function prune(db: Kysely<Tables>, now: number): Promise<number> {
  let deleted = 0;
  for (const [table, days] of Object.entries(KEPT_DAYS))
    deleted += await deleteBatches(
      db,
      table,
      olderThan(TIME[table as keyof typeof TIME], now - days * DAY_MS),
    );
  const thinned = now - THINNED_AFTER_DAYS * DAY_MS;
  deleted += await deleteBatches(
    db,
    'forecasts',
    sql`as_of_ms < ${thinned}::double precision and exists (
      select 1 from forecasts as kept
      where kept.application = old.application and kept.as_of_ms < old.as_of_ms
        and kept.as_of_ms >= floor(old.as_of_ms / ${QUARTER_MS}::double precision) * ${QUARTER_MS}::double precision)`,
  );
  return deleted;
}

function olderThan(column: string, limit: number) {
  return sql`${sql.ref(column)} < ${limit}::double precision`;
}

async function deleteBatches(
  db: Kysely<Tables>,
  table: string,
  where: ReturnType<typeof olderThan>,
): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { numAffectedRows } = await sql`delete from ${sql.table(table)} where ctid = any(array(
      select ctid from ${sql.table(table)} as old where ${where} limit ${BATCH} for update skip locked))`.execute(
      db,
    );
    const rows = Number(numAffectedRows ?? 0);
    deleted += rows;
    if (rows === 0) break;
  }
  // The embedded database has nobody who would reclaim the space by himself.
  if (deleted > 0) await sql`vacuum ${sql.table(table)}`.execute(db);
  return deleted;
}
