import type { FanPoint, ForecastDigest } from '../domain/forecast.ts';
import type { Decision, Settings } from '../domain/plan.ts';
import type { Sample } from './demand.ts';

/** One UTC day of demand as it was last read. */
export interface DemandDay {
  /** Start of the day, ms since the epoch. */
  day: number;
  stepMs: number;
  samples: Sample[];
  /** No sample of it is outstanding: it is not read again. */
  complete: boolean;
}

/** Whether something was lived through, or worked out afterwards as of then. Never mixed. */
export type Origin = 'live' | 'backfill';

/** A past look: what was forecast at it, and decided. */
export interface PastLook {
  forecast: ForecastDigest;
  fan: FanPoint[];
  decision: Decision;
}

/** How the forecasts of one lead did on one day; lower is better but for `coverage`. */
export interface LeadScore {
  leadMs: number;
  /** Points compared. */
  points: number;
  /** Share within the interval, 0..1. */
  coverage: number;
  /** Mean interval score (Gneiting and Raftery 2007), in the demand's unit. */
  intervalScore: number;
  /** Twice the mean quantile loss over the kept quantiles (lower, median, upper): the CRPS as far as those tell, in the demand's unit. */
  crps: number;
  /** Mean of demand less median, in the demand's unit: positive when forecasts are too low. */
  bias: number;
}

/** What one day cost, beside what it would have cost with full knowledge of demand. */
export interface DayBalance {
  /** In the prices' currency, violations included. */
  cost: number;
  /** The cheapest course that hindsight allows, starting as the day started. */
  optimalCost: number;
  /** Instance-hours of demand that nobody served. */
  unservedHours: number;
  /** Stretches in which demand went unserved. */
  missedSpikes: number;
  /** Stretches in which mirrors were full and the primary alone would have carried demand. */
  falseAlarms: number;
}

/** One move of the settings, by feedback or by a person. */
export interface SettingsChange {
  at: number;
  before: Settings;
  after: Settings;
  why: string;
  evidence: unknown;
}

/** Instances that were seen to serve, the primary's and mirrors'. */
export interface Served {
  /** ms since the epoch. */
  at: number;
  instances: number;
}

/** The part of the store that looks back. Writes replace per natural key: repeating one changes nothing. */
export interface History {
  saveDemandDay(application: string, series: string, day: DemandDay): Promise<void>;
  /** Days with from <= day < to, ascending. */
  demandDays(application: string, series: string, from: number, to: number): Promise<DemandDay[]>;

  /** Backfilled looks, kept apart from the live ones. */
  saveBackfilled(application: string, looks: readonly PastLook[]): Promise<void>;
  /** With from <= issuedAt < to, ascending. */
  backfilled(application: string, from: number, to: number): Promise<PastLook[]>;

  /** What was forecast live with from <= asOf < to, ascending: at most one per `everyMs`. */
  forecastsOf(
    application: string,
    from: number,
    to: number,
    everyMs: number,
  ): Promise<{ forecast: ForecastDigest; fan: FanPoint[] }[]>;
  /** What was forecast live with from <= asOf < to, ascending, every one, without the fans. */
  digestsOf(application: string, from: number, to: number): Promise<ForecastDigest[]>;
  /** The newest live decision of each plan with from <= asOf < to, ascending. */
  decisionsOf(application: string, from: number, to: number): Promise<Decision[]>;

  /** What each live decision with from <= asOf < to saw serving, ascending. */
  servedOf(application: string, from: number, to: number): Promise<Served[]>;

  saveScores(application: string, origin: Origin, day: number, scores: readonly LeadScore[]): Promise<void>;
  scores(
    application: string,
    origin: Origin,
    from: number,
    to: number,
  ): Promise<(LeadScore & { day: number })[]>;

  saveBalance(application: string, origin: Origin, day: number, balance: DayBalance): Promise<void>;
  balances(
    application: string,
    origin: Origin,
    from: number,
    to: number,
  ): Promise<(DayBalance & { day: number })[]>;

  saveSettingsChange(application: string, change: SettingsChange): Promise<void>;
  /** Newest first. */
  settingsChanges(application: string, limit: number): Promise<SettingsChange[]>;

  /** Deletes and thins what is older than it is kept; see docs/ledger.md. Resolves to the rows deleted. */
  prune(now: number): Promise<number>;
}
