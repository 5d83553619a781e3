import type { ColumnType, Generated } from 'kysely';
import type { ForecastDigest } from '../domain/forecast.ts';
import type { Decision } from '../domain/plan.ts';
import type { Happening } from '../ports/ledger.ts';

/** JSON is written as text and read parsed: the same in both drivers, arrays included. */
type Json<T> = ColumnType<T, string, string>;

/** Times are ms since the epoch, application time, in double precision: exact, and a number in both drivers. */
export interface Tables {
  forecasts: {
    /** ForecastDigest.fan. */
    key: string;
    application: string;
    as_of_ms: number;
    digest: Json<ForecastDigest>;
    /** [at, lower, median, upper] per step: half the size of objects. */
    fan: Json<[at: number, lower: number, median: number, upper: number][]>;
  };
  decisions: {
    id: Generated<number>;
    application: string;
    plan: string;
    as_of_ms: number;
    /** Hash of `decision`: one plan id may be decided again when what is has changed. */
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
  };
}
