import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import type { Tables } from './tables.ts';

/** Plain SQL that PGlite and PostgreSQL both read. A migration that has shipped is never edited: add the next one. */
const MIGRATIONS: Record<string, Migration> = {
  '001-ledger': {
    async up(db) {
      await sql`create table forecasts (
        key text primary key,
        application text not null,
        as_of_ms double precision not null,
        digest jsonb not null,
        fan jsonb not null)`.execute(db);
      await sql`create index forecasts_newest on forecasts (application, as_of_ms)`.execute(db);
      await sql`create table decisions (
        id integer generated always as identity primary key,
        application text not null,
        plan text not null,
        as_of_ms double precision not null,
        hash text not null,
        decision jsonb not null,
        unique (plan, hash))`.execute(db);
      await sql`create index decisions_newest on decisions (application, as_of_ms, id)`.execute(db);
      await sql`create table happenings (
        id integer generated always as identity primary key,
        application text not null,
        at_ms double precision not null,
        kind text not null,
        text text not null,
        unique (application, at_ms, text))`.execute(db);
      await sql`create table model_states (
        application text primary key,
        state jsonb not null)`.execute(db);
      await sql`create table times_to_serve (
        id integer generated always as identity primary key,
        application text not null,
        zone text not null,
        from_tier text not null,
        run text not null,
        ms double precision not null,
        unique (application, zone, from_tier, run))`.execute(db);
    },
  },
};

/** Brings the tables up to date; several workers may start at once on one PostgreSQL. */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw new Error('The ledger could not be brought up to date', { cause: error });
}
