import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { PUT_INTO_PARTS } from './parts-migration.ts';
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
  '002-events': {
    async up(db) {
      await sql`create table events (
        application text not null,
        source text not null,
        id text not null,
        announced_ms double precision not null,
        start_ms double precision not null,
        end_ms double precision not null,
        name text not null,
        kind text not null,
        uplift double precision,
        withdrawn_ms double precision,
        primary key (application, source, id, announced_ms))`.execute(db);
      await sql`create index events_by_end on events (application, end_ms)`.execute(db);
      await sql`create table event_sources (
        application text not null,
        source text not null,
        state jsonb not null,
        primary key (application, source))`.execute(db);
      await sql`create table chatter (
        application text not null,
        source text not null,
        at_ms double precision not null,
        step jsonb not null,
        primary key (application, source, at_ms))`.execute(db);
      await sql`create table event_outcomes (
        application text primary key,
        outcomes jsonb not null)`.execute(db);
    },
  },
  '003-history': {
    async up(db) {
      await sql`create table demand_days (
        application text not null,
        series text not null,
        day_ms double precision not null,
        step_ms double precision not null,
        complete boolean not null,
        samples jsonb not null,
        primary key (application, series, day_ms))`.execute(db);
      await sql`create table backfilled (
        application text not null,
        at_ms double precision not null,
        digest jsonb not null,
        fan jsonb not null,
        decision jsonb not null,
        primary key (application, at_ms))`.execute(db);
      await sql`create table scores (
        application text not null,
        origin text not null,
        day_ms double precision not null,
        lead_ms double precision not null,
        points integer not null,
        coverage double precision not null,
        interval_score double precision not null,
        crps double precision not null,
        bias double precision not null,
        primary key (application, origin, day_ms, lead_ms))`.execute(db);
      await sql`create table balances (
        application text not null,
        origin text not null,
        day_ms double precision not null,
        cost double precision not null,
        optimal_cost double precision not null,
        unserved_hours double precision not null,
        missed_spikes integer not null,
        false_alarms integer not null,
        primary key (application, origin, day_ms))`.execute(db);
      await sql`create table settings_changes (
        application text not null,
        at_ms double precision not null,
        before jsonb not null,
        after jsonb not null,
        why text not null,
        evidence jsonb not null,
        primary key (application, at_ms))`.execute(db);
      // Deleting what is old looks by time alone, over all applications.
      for (const [table, time] of Object.entries(TIMES))
        await sql`create index ${sql.ref(`${table}_by_time`)} on ${sql.table(table)} (${sql.ref(time)})`.execute(
          db,
        );
    },
  },
  '004-metrics': {
    async up(db) {
      await sql`create table metrics (
        application text not null,
        metric text not null,
        at_ms double precision not null,
        value double precision not null,
        instances double precision not null,
        primary key (application, metric, at_ms))`.execute(db);
      await sql`create index metrics_by_time on metrics (at_ms)`.execute(db);
    },
  },
  '005-mirror-runs': {
    async up(db) {
      await sql`create table mirror_runs (
        application text not null,
        run text not null,
        zone text not null,
        began_ms double precision not null,
        serving_ms double precision,
        ended_ms double precision,
        most_full integer not null,
        most_warm integer not null,
        most_shadow integer not null,
        primary key (application, run))`.execute(db);
      await sql`alter table times_to_serve add column at_ms double precision not null default 0`.execute(db);
    },
  },
  '006-parts': PUT_INTO_PARTS,
};

/** The tables that grow with every look, and their column of time. */
const TIMES = {
  forecasts: 'as_of_ms',
  decisions: 'as_of_ms',
  happenings: 'at_ms',
  demand_days: 'day_ms',
  backfilled: 'at_ms',
} as const;

/** Brings the tables up to date, or up to one migration; several workers may start at once on one PostgreSQL. */
export async function migrate(db: Kysely<Tables>, upTo?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    // Migrations of two branches of work may interleave: one that is missing runs, though later ones have run before.
    allowUnorderedMigrations: true,
  });
  const { error } = await (upTo ? migrator.migrateTo(upTo) : migrator.migrateToLatest());
  if (error) throw new Error('The ledger could not be brought up to date', { cause: error });
}
