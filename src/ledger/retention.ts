import { sql, type Kysely } from 'kysely';
import { dropOldParts, PARTED, type PartedTable } from './parts.ts';
import type { Tables } from './tables.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 15 * 60_000;

/** Older forecasts are kept one a quarter of an hour: scored by then, they only serve a picture of the past. */
export const THINNED_AFTER_DAYS = 4;
/** Rows a statement: none holds locks for long, and a worker beside this one gets its turn. */
const BATCH = 2_000;

/**
 * Drops the parts of tables that are older than they are kept, and thins old forecasts. Scores, balances, settings, mirror
 * runs and times to serve are a few rows a day and stay. Several workers may do so at once.
 */
export async function prune(db: Kysely<Tables>, now: number): Promise<number> {
  let deleted = 0;
  for (const table of Object.keys(PARTED) as PartedTable[]) deleted += await dropOldParts(db, table, now);
  return deleted + (await thinForecasts(db, now - THINNED_AFTER_DAYS * DAY_MS));
}

/** In batches, each of which skips rows that another worker is deleting. */
async function thinForecasts(db: Kysely<Tables>, before: number): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { numAffectedRows } = await sql`
      delete from forecasts where (key, as_of_ms) in (
        select key, as_of_ms from forecasts as old
        where as_of_ms < ${before}::double precision and exists (
          select 1 from forecasts as kept
          where kept.application = old.application and kept.as_of_ms < old.as_of_ms
            and kept.as_of_ms >= floor(old.as_of_ms / ${QUARTER_MS}::double precision) * ${QUARTER_MS}::double precision)
        limit ${BATCH} for update skip locked)`.execute(db);
    const rows = Number(numAffectedRows ?? 0);
    deleted += rows;
    if (rows === 0) break;
  }
  // PGlite has no autovacuum: without this the space would not be used again.
  if (deleted > 0) await sql`vacuum forecasts`.execute(db);
  return deleted;
}
