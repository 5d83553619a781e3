import type { CountedEvent } from './counted-event.ts';

/** The interval's ends and the median of one quantity, in the demand's unit. */
export interface Interval {
  lower: number;
  median: number;
  upper: number;
}

/** The interval of a window's maximum. */
export interface WindowInterval extends Interval {
  /** End of the window, ms since the epoch. */
  end?: number;
}

/**
 * The minutes ahead as distributions, and how often demand calls for instances that nobody foresaw: what the `cost` policy
 * weighs. Plain data, a few KB.
 */
export interface NearTermOutlook {
  /** Times after `issuedAt`, ascending, ms. Lines are drawn between them. */
  timesMs: number[];
  /** Per time, demand as equally indexed values, ascending, in the demand's unit. */
  values: number[][];
  /** Probability of each value; they sum to 1. */
  weights: number[];
  /** Per instance, counted from the first that demand ever needed: how often an hour it is needed while it does not serve. */
  callsPerHour: number[];
  /** What of announced events and bursts of talk these minutes count with; absent for nothing. */
  events?: CountedEvent[];
}

/**
 * What the decision needs of a forecast, a few hundred bytes; the whole fan stays in the ledger.
 * A window's interval is that of the MAXIMUM demand over [asOf, now + length of the window]:
 * pointwise quantiles under-cover a maximum (DESIGN.md §4).
 */
export interface ForecastDigest {
  application: string;
  /** End of the newest final sample, ms since the epoch. "Now" in every decision. */
  asOf: number;
  /** When it was issued, ms since the epoch (application time). */
  issuedAt: number;
  model: string;
  /** `calibrated`: the interval rests on matured residuals. `cold`: too few yet. `fallback`: the heavy model is absent or failed. */
  quality: 'calibrated' | 'cold' | 'fallback';
  nominalCoverage: number;
  /** Demand of the newest final sample; of a younger one where that shows more already. */
  observed: number;
  /** The observation delay as it is, where samples were seen to change for longer than the specification says. */
  observationDelayMs?: number;
  windows: {
    /** Over [asOf, now + time to serve of warm + time to the next look]. */
    full: WindowInterval;
    /** Over [asOf, now + time to serve of shadow + time to the next look]. */
    warm: WindowInterval;
    /** Over [asOf, now + time to serve from cold + time to the next look]. */
    shadow: WindowInterval;
  };
  /** What was forecast for the newest sample an hour before it, if anything: tells an unexpected drop. */
  expected?: Interval;
  /** Demand that lasts: lower quantile over time of the median path across the break-even window. For `scale`. */
  sustained: number;
  /** Highest median within the whole horizon, for people. */
  peak: Interval & { at: number };
  /** Absent: nothing was observed yet, or the digest is older than this field. */
  nearTerm?: NearTermOutlook;
  /** Key of the whole fan in the ledger. */
  fan: string;
}

/** One step of the whole fan. `at` is the END of the step, ms since the epoch. */
export interface FanPoint extends Interval {
  at: number;
}
