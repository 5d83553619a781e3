import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { FanPoint, ForecastDigest } from '../domain/forecast.ts';
import type { Decision } from '../domain/plan.ts';
import type { TimesToServe } from '../domain/tier.ts';
import type { EventStore } from '../ports/events.ts';
import type { History } from '../ports/history.ts';
import type { Happening, Ledger, MirrorRunNote } from '../ports/ledger.ts';
import type { MetricStore } from '../ports/metrics.ts';
import { EventRows } from './event-rows.ts';
import { Exports } from './exports/exports.ts';
import { toFan, toFanRows } from './fan-rows.ts';
import { MetricRows } from './metric-rows.ts';
import { noteMirrorRun } from './mirror-runs.ts';
import { intoParts } from './parts.ts';
import { SqlHistory } from './sql-history.ts';
import type { Tables } from './tables.ts';

/** The ledger of one process: what the worker's API reads of it beyond the port, and its end. */
export interface StoredLedger extends Ledger {
  /** The part that looks back. */
  readonly history: History;
  /** The part that keeps events. */
  readonly eventStore: EventStore;
  /** Everything, to be taken away. */
  readonly exports: Exports;
  /** The part that keeps what instances did. */
  readonly metricStore: MetricStore;
  latestForecast(application: string): Promise<ForecastDigest | undefined>;
  close(): Promise<void>;
}

/** Until five were observed. Measured on Google Cloud: a resume, a start and initialisation, a create with it. */
export const DEFAULT_TIMES_TO_SERVE: TimesToServe = { warmMs: 40_000, shadowMs: 90_000, coldMs: 150_000 };
const ENOUGH_OBSERVATIONS = 5;
/** Older observations tell of another image or another season. */
const NEWEST_OBSERVATIONS = 200;
const HAPPENINGS_PER_READ = 1_000;

/** The one implementation, in the SQL that PGlite and PostgreSQL share. */
export class SqlLedger implements StoredLedger {
  readonly history: History;
  readonly eventStore: EventStore;
  readonly exports: Exports;
  readonly metricStore: MetricStore;
  readonly #db: Kysely<Tables>;
  readonly #afterClose: () => Promise<void>;

  constructor(db: Kysely<Tables>, afterClose: () => Promise<void> = async () => undefined) {
    this.#db = db;
    this.history = new SqlHistory(db);
    this.eventStore = new EventRows(db);
    this.exports = new Exports(db);
    this.metricStore = new MetricRows(db);
    this.#afterClose = afterClose;
  }

  async saveForecast(digest: ForecastDigest, fan: FanPoint[]): Promise<void> {
    const insert = this.#db
      .insertInto('forecasts')
      .values({
        key: digest.fan,
        application: digest.application,
        as_of_ms: digest.asOf,
        digest: JSON.stringify(digest),
        fan: JSON.stringify(toFanRows(fan)),
      })
      .onConflict((conflict) => conflict.columns(['key', 'as_of_ms']).doNothing());
    await intoParts(this.#db, 'forecasts', [digest.asOf], () => insert.execute());
  }

  async fan(key: string): Promise<FanPoint[]> {
    const row = await this.#db
      .selectFrom('forecasts')
      .select('fan')
      .where('key', '=', key)
      .executeTakeFirst();
    return toFan(row?.fan ?? []);
  }

  async latestForecast(application: string): Promise<ForecastDigest | undefined> {
    const row = await this.#db
      .selectFrom('forecasts')
      .select('digest')
      .where('application', '=', application)
      .orderBy('as_of_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.digest;
  }

  async saveDecision(decision: Decision): Promise<void> {
    const text = JSON.stringify(decision);
    const insert = this.#db
      .insertInto('decisions')
      .values({
        application: decision.plan.application,
        plan: decision.plan.id,
        as_of_ms: decision.plan.asOf,
        hash: createHash('sha256').update(text).digest('hex'),
        decision: text,
      })
      .onConflict((conflict) => conflict.columns(['plan', 'hash', 'as_of_ms']).doNothing());
    await intoParts(this.#db, 'decisions', [decision.plan.asOf], () => insert.execute());
  }

  async latestDecision(application: string, at = Number.MAX_VALUE): Promise<Decision | undefined> {
    const row = await this.#db
      .selectFrom('decisions')
      .select('decision')
      .where('application', '=', application)
      .where('as_of_ms', '<=', at)
      // Demand is known late: what was decided by a time goes by the time of the look. Older rows do not know theirs.
      .where(
        sql<boolean>`coalesce((decision #>> '{reasons,served,at}')::double precision, as_of_ms) <= ${at}`,
      )
      .orderBy('as_of_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.decision;
  }

  async tell({ at, application, kind, text }: Omit<Happening, 'id'>): Promise<void> {
    const insert = this.#db
      .insertInto('happenings')
      .values({ application, at_ms: at, kind, text })
      .onConflict((conflict) => conflict.columns(['application', 'at_ms', 'text']).doNothing());
    await intoParts(this.#db, 'happenings', [at], () => insert.execute());
  }

  async happenings(afterId: number): Promise<Happening[]> {
    return this.#db
      .selectFrom('happenings')
      .select(['id', 'at_ms as at', 'application', 'kind', 'text'])
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(HAPPENINGS_PER_READ)
      .execute();
  }

  async loadModelState(application: string): Promise<unknown> {
    const row = await this.#db
      .selectFrom('model_states')
      .select('state')
      .where('application', '=', application)
      .executeTakeFirst();
    return row?.state;
  }

  async saveModelState(application: string, state: unknown): Promise<void> {
    const text = JSON.stringify(state);
    await this.#db
      .insertInto('model_states')
      .values({ application, state: text })
      .onConflict((conflict) => conflict.column('application').doUpdateSet({ state: text }))
      .execute();
  }

  async noteMirrorRun(
    { application, zone, run }: Parameters<Ledger['noteMirrorRun']>[0],
    note: MirrorRunNote,
  ): Promise<void> {
    await noteMirrorRun(this.#db, application, zone, run, note);
  }

  async recordTimeToServe(entry: Parameters<Ledger['recordTimeToServe']>[0]): Promise<void> {
    const { application, zone, from, run, at, ms } = entry;
    await this.#db
      .insertInto('times_to_serve')
      .values({ application, zone, from_tier: from, run, at_ms: at, ms })
      .onConflict((conflict) => conflict.columns(['application', 'zone', 'from_tier', 'run']).doNothing())
      .execute();
  }

  async timesToServe(application: string): Promise<TimesToServe> {
    const [warmMs, shadowMs, coldMs] = await Promise.all(
      (['warm', 'shadow', 'cold'] as const).map((from) => this.#p95(application, from)),
    );
    return {
      warmMs: warmMs ?? DEFAULT_TIMES_TO_SERVE.warmMs,
      shadowMs: shadowMs ?? DEFAULT_TIMES_TO_SERVE.shadowMs,
      coldMs: coldMs ?? DEFAULT_TIMES_TO_SERVE.coldMs,
    };
  }

  /** 95th percentile (nearest rank) of the newest observations; undefined while there are too few. */
  async #p95(application: string, from: 'cold' | 'shadow' | 'warm'): Promise<number | undefined> {
    const newest = this.#db
      .selectFrom('times_to_serve')
      .select('ms')
      .where('application', '=', application)
      .where('from_tier', '=', from)
      .orderBy('id', 'desc')
      .limit(NEWEST_OBSERVATIONS);
    const row = await this.#db
      .selectFrom(newest.as('newest'))
      .select([
        sql<number>`percentile_disc(0.95) within group (order by ms)`.as('p95'),
        sql<number>`count(*)::integer`.as('observations'),
      ])
      .executeTakeFirstOrThrow();
    return row.observations >= ENOUGH_OBSERVATIONS ? row.p95 : undefined;
  }

  async close(): Promise<void> {
    await this.#db.destroy();
    await this.#afterClose();
  }
}
