import { sql, type Kysely, type Migration } from 'kysely';
import { createPart, PARTED, partOf, type PartedTable } from './parts.ts';
import type { Tables } from './tables.ts';

/** Columns and keys as they were, but that every unique key holds the time. */
const DEFINITIONS: Record<PartedTable, ReturnType<typeof sql>> = {
  forecasts: sql`
    key text not null,
    application text not null,
    as_of_ms double precision not null,
    digest jsonb not null,
    fan jsonb not null,
    primary key (key, as_of_ms)`,
  decisions: sql`
    id integer generated always as identity,
    application text not null,
    plan text not null,
    as_of_ms double precision not null,
    hash text not null,
    decision jsonb not null,
    unique (plan, hash, as_of_ms)`,
  happenings: sql`
    id integer generated always as identity,
    application text not null,
    at_ms double precision not null,
    kind text not null,
    text text not null,
    unique (application, at_ms, text)`,
  demand_days: sql`
    application text not null,
    series text not null,
    day_ms double precision not null,
    step_ms double precision not null,
    complete boolean not null,
    samples jsonb not null,
    primary key (application, series, day_ms)`,
  backfilled: sql`
    application text not null,
    at_ms double precision not null,
    digest jsonb not null,
    fan jsonb not null,
    decision jsonb not null,
    primary key (application, at_ms)`,
  metrics: sql`
    application text not null,
    metric text not null,
    at_ms double precision not null,
    value double precision not null,
    instances double precision not null,
    primary key (application, metric, at_ms)`,
};
const COUNTED = ['decisions', 'happenings'] as const;

/** Puts the tables that grow with every look into parts by time, with what is in them. */
export const PUT_INTO_PARTS: Migration = {
  async up(db: Kysely<Tables>) {
    for (const table of Object.keys(DEFINITIONS) as PartedTable[]) await putIntoParts(db, table);
    for (const table of COUNTED)
      await sql`select setval(pg_get_serial_sequence(${table}, 'id'), (select coalesce(max(id), 0) + 1 from ${sql.table(table)}), false)`.execute(
        db,
      );
    await sql`create index forecasts_newest on forecasts (application, as_of_ms)`.execute(db);
    await sql`create index decisions_newest on decisions (application, as_of_ms, id)`.execute(db);
    await sql`create index happenings_by_id on happenings (id)`.execute(db);
  },
};

async function putIntoParts(db: Kysely<Tables>, table: PartedTable): Promise<void> {
  const before = sql.table(`${table}_before`);
  const time = sql.ref(PARTED[table].time);
  await sql`alter table ${sql.table(table)} rename to ${before}`.execute(db);
  await sql`create table ${sql.table(table)} (${DEFINITIONS[table]}) partition by range (${time})`.execute(
    db,
  );
  const { rows } = await sql<{ at: number }>`select distinct ${time} as at from ${before}`.execute(db);
  for (const part of new Set(rows.map(({ at }) => partOf(table, at)))) await createPart(db, table, part);
  await sql`insert into ${sql.table(table)} overriding system value select * from ${before}`.execute(db);
  await sql`drop table ${before}`.execute(db);
}
