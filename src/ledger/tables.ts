import type { ColumnType, Generated } from 'kysely';
import type { ChatterStep } from '../domain/chatter.ts';
import type { SourceState } from '../domain/event-source.ts';
import type { ForecastDigest } from '../domain/forecast.ts';
import type { Decision, Settings } from '../domain/plan.ts';
import type { EventOutcome } from '../domain/uplift.ts';
import type { Origin } from '../ports/history.ts';
import type { Happening } from '../ports/ledger.ts';
import type { MetricName } from '../ports/metrics.ts';

/** JSON is written as text and read parsed: the same in both drivers, arrays included. */
type Json<T> = ColumnType<T, string, string>;

/** One step of a fan. A list, since an object would be twice the size. */
export type FanRow = [at: number, lower: number, median: number, upper: number];

/** Times are ms since the epoch, application time, in double precision: exact, and a number in both drivers. */
export interface Tables {
  forecasts: {
    /** ForecastDigest.fan. */
    key: string;
    application: string;
    as_of_ms: number;
    digest: Json<ForecastDigest>;
    fan: Json<FanRow[]>;
  };
  decisions: {
    id: Generated<number>;
    application: string;
    plan: string;
    as_of_ms: number;
    /** Hash of `decision`: the same plan may be decided again, with other reasons, when the fleet has changed. */
    hash: string;
    decision: Json<Decision>;
  };
  happenings: {
    id: Generated<number>;
    application: string;
    at_ms: number;
    kind: Happening['kind'];
    text: string;
  };
  model_states: { application: string; state: Json<unknown> };
  times_to_serve: {
    id: Generated<number>;
    application: string;
    zone: string;
    from_tier: 'cold' | 'shadow' | 'warm';
    run: string;
    ms: number;
    /** 0 in rows that are older than this column. */
    at_ms: number;
  };
  mirror_runs: {
    application: string;
    /** Id of its workflow. */
    run: string;
    zone: string;
    began_ms: number;
    serving_ms: number | null;
    ended_ms: number | null;
    most_full: number;
    most_warm: number;
    most_shadow: number;
  };
  events: {
    application: string;
    source: string;
    id: string;
    announced_ms: number;
    start_ms: number;
    end_ms: number;
    name: string;
    kind: string;
    uplift: number | null;
    /** Known to be called off, or replaced by a newer version, from here on. */
    withdrawn_ms: number | null;
  };
  event_sources: { application: string; source: string; state: Json<SourceState> };
  chatter: {
    application: string;
    source: string;
    /** END of the step. */
    at_ms: number;
    step: Json<ChatterStep>;
  };
  event_outcomes: { application: string; outcomes: Json<EventOutcome[]> };
  demand_days: {
    application: string;
    /** Metric, filter and step: another one is another series. */
    series: string;
    day_ms: number;
    step_ms: number;
    complete: boolean;
    /** Lists, since objects would be twice the size. */
    samples: Json<[step: number, value: number][]>;
  };
  /** A row a minute and metric; `at_ms` is the END of the minute. */
  metrics: { application: string; metric: MetricName; at_ms: number; value: number; instances: number };
  /** Looks that were worked out afterwards; `at_ms` is when they would have been taken. */
  backfilled: {
    application: string;
    at_ms: number;
    digest: Json<ForecastDigest>;
    fan: Json<FanRow[]>;
    decision: Json<Decision>;
  };
  scores: {
    application: string;
    origin: Origin;
    day_ms: number;
    lead_ms: number;
    points: number;
    coverage: number;
    interval_score: number;
    crps: number;
    bias: number;
  };
  balances: {
    application: string;
    origin: Origin;
    day_ms: number;
    cost: number;
    optimal_cost: number;
    unserved_hours: number;
    missed_spikes: number;
    false_alarms: number;
  };
  settings_changes: {
    application: string;
    at_ms: number;
    before: Json<Settings>;
    after: Json<Settings>;
    why: string;
    evidence: Json<unknown>;
  };
}
