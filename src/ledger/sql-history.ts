import { sql, type Kysely } from 'kysely';
import type { FanPoint, ForecastDigest } from '../domain/forecast.ts';
import type { Decision } from '../domain/plan.ts';
import type {
  DayBalance,
  DemandDay,
  History,
  LeadScore,
  Origin,
  PastLook,
  Served,
  SettingsChange,
} from '../ports/history.ts';
import { toFan, toFanRows } from './fan-rows.ts';
import { intoParts } from './parts.ts';
import { prune } from './retention.ts';
import type { Tables } from './tables.ts';

/** The part of the ledger that looks back, in the SQL that PGlite and PostgreSQL share. */
export class SqlHistory implements History {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async saveDemandDay(application: string, series: string, demand: DemandDay): Promise<void> {
    const { day, stepMs, complete } = demand;
    const samples = JSON.stringify(
      demand.samples.map(({ at, value }) => [Math.round((at - day) / stepMs), value]),
    );
    const insert = this.#db
      .insertInto('demand_days')
      .values({ application, series, day_ms: day, step_ms: stepMs, complete, samples })
      .onConflict((conflict) =>
        conflict
          .columns(['application', 'series', 'day_ms'])
          .doUpdateSet({ step_ms: stepMs, complete, samples }),
      );
    await intoParts(this.#db, 'demand_days', [day], () => insert.execute());
  }

  async demandDays(application: string, series: string, from: number, to: number): Promise<DemandDay[]> {
    const rows = await this.#db
      .selectFrom('demand_days')
      .select(['day_ms', 'step_ms', 'complete', 'samples'])
      .where('application', '=', application)
      .where('series', '=', series)
      .where('day_ms', '>=', from)
      .where('day_ms', '<', to)
      .orderBy('day_ms')
      .execute();
    return rows.map(({ day_ms: day, step_ms: stepMs, complete, samples }) => ({
      day,
      stepMs,
      complete,
      samples: samples.map(([step, value]) => ({ at: day + step * stepMs, value })),
    }));
  }

  async saveBackfilled(application: string, looks: readonly PastLook[]): Promise<void> {
    if (looks.length === 0) return;
    const insert = this.#db
      .insertInto('backfilled')
      .values(
        looks.map(({ forecast, fan, decision }) => ({
          application,
          at_ms: forecast.issuedAt,
          digest: JSON.stringify(forecast),
          fan: JSON.stringify(toFanRows(fan)),
          decision: JSON.stringify(decision),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['application', 'at_ms']).doUpdateSet((row) => ({
          digest: row.ref('excluded.digest'),
          fan: row.ref('excluded.fan'),
          decision: row.ref('excluded.decision'),
        })),
      );
    const times = looks.map(({ forecast }) => forecast.issuedAt);
    await intoParts(this.#db, 'backfilled', times, () => insert.execute());
  }

  async backfilled(application: string, from: number, to: number): Promise<PastLook[]> {
    const rows = await this.#db
      .selectFrom('backfilled')
      .select(['digest', 'fan', 'decision'])
      .where('application', '=', application)
      .where('at_ms', '>=', from)
      .where('at_ms', '<', to)
      .orderBy('at_ms')
      .execute();
    return rows.map(({ digest, fan, decision }) => ({ forecast: digest, fan: toFan(fan), decision }));
  }

  async forecastsOf(
    application: string,
    from: number,
    to: number,
    everyMs: number,
  ): Promise<{ forecast: ForecastDigest; fan: FanPoint[] }[]> {
    // Written into the SQL: with a parameter, PostgreSQL would take `distinct on` and `order by` for two expressions.
    const beat = sql<number>`floor(as_of_ms / ${sql.lit(everyMs)})`;
    const rows = await this.#db
      .selectFrom('forecasts')
      .distinctOn(beat)
      .select(['digest', 'fan'])
      .where('application', '=', application)
      .where('as_of_ms', '>=', from)
      .where('as_of_ms', '<', to)
      .orderBy(beat)
      .orderBy('as_of_ms')
      .execute();
    return rows.map(({ digest, fan }) => ({ forecast: digest, fan: toFan(fan) }));
  }

  async digestsOf(application: string, from: number, to: number): Promise<ForecastDigest[]> {
    const rows = await this.#db
      .selectFrom('forecasts')
      .select('digest')
      .where('application', '=', application)
      .where('as_of_ms', '>=', from)
      .where('as_of_ms', '<', to)
      .orderBy('as_of_ms')
      .execute();
    return rows.map(({ digest }) => digest);
  }

  async decisionsOf(application: string, from: number, to: number): Promise<Decision[]> {
    const rows = await this.#db
      .selectFrom('decisions')
      .distinctOn('as_of_ms')
      .select('decision')
      .where('application', '=', application)
      .where('as_of_ms', '>=', from)
      .where('as_of_ms', '<', to)
      .orderBy('as_of_ms')
      .orderBy('id', 'desc')
      .execute();
    return rows.map(({ decision }) => decision);
  }

  async servedOf(application: string, from: number, to: number): Promise<Served[]> {
    const rows = await this.#db
      .selectFrom('decisions')
      .select(sql<Served>`decision #> '{reasons,served}'`.as('served'))
      .where('application', '=', application)
      .where('as_of_ms', '>=', from)
      .where('as_of_ms', '<', to)
      // Decisions of older versions say nothing of it.
      .where(sql<boolean>`decision #> '{reasons,served}' is not null`)
      .orderBy('as_of_ms')
      .orderBy('id')
      .execute();
    return rows.map(({ served }) => served);
  }

  async saveScores(
    application: string,
    origin: Origin,
    day: number,
    scores: readonly LeadScore[],
  ): Promise<void> {
    for (const { leadMs, points, coverage, intervalScore, crps, bias } of scores) {
      const measured = { points, coverage, interval_score: intervalScore, crps, bias };
      await this.#db
        .insertInto('scores')
        .values({ application, origin, day_ms: day, lead_ms: leadMs, ...measured })
        .onConflict((conflict) =>
          conflict.columns(['application', 'origin', 'day_ms', 'lead_ms']).doUpdateSet(measured),
        )
        .execute();
    }
  }

  async scores(
    application: string,
    origin: Origin,
    from: number,
    to: number,
  ): Promise<(LeadScore & { day: number })[]> {
    return this.#db
      .selectFrom('scores')
      .select([
        'day_ms as day',
        'lead_ms as leadMs',
        'points',
        'coverage',
        'interval_score as intervalScore',
        'crps',
        'bias',
      ])
      .where('application', '=', application)
      .where('origin', '=', origin)
      .where('day_ms', '>=', from)
      .where('day_ms', '<', to)
      .orderBy('day_ms')
      .orderBy('lead_ms')
      .execute();
  }

  async saveBalance(application: string, origin: Origin, day: number, balance: DayBalance): Promise<void> {
    const measured = {
      cost: balance.cost,
      optimal_cost: balance.optimalCost,
      unserved_hours: balance.unservedHours,
      missed_spikes: balance.missedSpikes,
      false_alarms: balance.falseAlarms,
    };
    await this.#db
      .insertInto('balances')
      .values({ application, origin, day_ms: day, ...measured })
      .onConflict((conflict) => conflict.columns(['application', 'origin', 'day_ms']).doUpdateSet(measured))
      .execute();
  }

  async balances(
    application: string,
    origin: Origin,
    from: number,
    to: number,
  ): Promise<(DayBalance & { day: number })[]> {
    return this.#db
      .selectFrom('balances')
      .select([
        'day_ms as day',
        'cost',
        'optimal_cost as optimalCost',
        'unserved_hours as unservedHours',
        'missed_spikes as missedSpikes',
        'false_alarms as falseAlarms',
      ])
      .where('application', '=', application)
      .where('origin', '=', origin)
      .where('day_ms', '>=', from)
      .where('day_ms', '<', to)
      .orderBy('day_ms')
      .execute();
  }

  async saveSettingsChange(application: string, change: SettingsChange): Promise<void> {
    await this.#db
      .insertInto('settings_changes')
      .values({
        application,
        at_ms: change.at,
        before: JSON.stringify(change.before),
        after: JSON.stringify(change.after),
        why: change.why,
        evidence: JSON.stringify(change.evidence ?? null),
      })
      .onConflict((conflict) => conflict.columns(['application', 'at_ms']).doNothing())
      .execute();
  }

  async settingsChanges(application: string, limit: number): Promise<SettingsChange[]> {
    return this.#db
      .selectFrom('settings_changes')
      .select(['at_ms as at', 'before', 'after', 'why', 'evidence'])
      .where('application', '=', application)
      .orderBy('at_ms', 'desc')
      .limit(limit)
      .execute();
  }

  async prune(now: number): Promise<number> {
    return prune(this.#db, now);
  }
}
