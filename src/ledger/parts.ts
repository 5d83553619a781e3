import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

const DAY_MS = 86_400_000;

/**
 * The tables that grow with every look lie in parts by time (PostgreSQL's partitions), each dropped whole when all of it
 * is older than `keptDays`. Their unique keys hold the time, which a forecast's and a plan's id determine anyway.
 * Never change `partDays`: parts of another length would overlap those that are there.
 */
export const PARTED = {
  forecasts: { time: 'as_of_ms', keptDays: 30, partDays: 7 },
  decisions: { time: 'as_of_ms', keptDays: 30, partDays: 7 },
  happenings: { time: 'at_ms', keptDays: 90, partDays: 30 },
  demand_days: { time: 'day_ms', keptDays: 400, partDays: 60 },
  backfilled: { time: 'at_ms', keptDays: 400, partDays: 60 },
  metrics: { time: 'at_ms', keptDays: 30, partDays: 7 },
} as const;
export type PartedTable = keyof typeof PARTED;

/** "No partition of the relation found for row" is of this class; nothing else is checked. */
const CHECK_VIOLATION = '23514';
/** Another worker may drop an old part between its making and the writing. */
const ATTEMPTS = 3;

/** Writes rows of these times; a part that is not there yet is made, and the write repeated. */
export async function intoParts<T>(
  db: Kysely<Tables>,
  table: PartedTable,
  times: readonly number[],
  write: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await write();
    } catch (error) {
      if ((error as { code?: string }).code !== CHECK_VIOLATION || attempt === ATTEMPTS) throw error;
      const parts = new Set(times.map((at) => partOf(table, at)));
      await alone(db, table, async (transaction) => {
        for (const part of parts) await createPart(transaction, table, part);
      });
    }
}

/** The part that holds a time, counted from the epoch. */
export function partOf(table: PartedTable, at: number): number {
  return Math.floor(at / (PARTED[table].partDays * DAY_MS));
}

export async function createPart(db: Kysely<Tables>, table: PartedTable, part: number): Promise<void> {
  const partMs = PARTED[table].partDays * DAY_MS;
  await sql`create table if not exists ${sql.table(`${table}_${part}`)} partition of ${sql.table(table)}
    for values from (${sql.lit(part * partMs)}) to (${sql.lit((part + 1) * partMs)})`.execute(db);
}

/** Drops what is older than it is kept. Resolves to how many rows that were. */
export async function dropOldParts(db: Kysely<Tables>, table: PartedTable, now: number): Promise<number> {
  return alone(db, table, async (transaction) => {
    const firstKept = partOf(table, now - PARTED[table].keptDays * DAY_MS);
    const { rows: parts } = await sql<{ name: string }>`
      select relname as name from pg_inherits join pg_class on oid = inhrelid
      where inhparent = ${table}::regclass`.execute(transaction);
    let dropped = 0;
    for (const { name } of parts) {
      if (Number(name.slice(table.length + 1)) >= firstKept) continue;
      const { rows } = await sql<{ count: number }>`
        select count(*)::integer as count from ${sql.table(name)}`.execute(transaction);
      await sql`drop table ${sql.table(name)}`.execute(transaction);
      dropped += rows[0]!.count;
    }
    return dropped;
  });
}

/** One worker at a time makes and drops parts of a table. */
function alone<T>(
  db: Kysely<Tables>,
  table: PartedTable,
  act: (transaction: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('parts'), hashtext(${table}))`.execute(transaction);
    return act(transaction);
  });
}
