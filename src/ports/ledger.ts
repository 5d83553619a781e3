import type { FanPoint, ForecastDigest } from '../domain/forecast.ts';
import type { Decision } from '../domain/plan.ts';
import type { TierCounts, TimesToServe } from '../domain/tier.ts';

/** Something that happened, told in plain words. */
export interface Happening {
  id: number;
  /** ms since the epoch, application time. */
  at: number;
  application: string;
  kind: 'forecast' | 'decision' | 'mirror' | 'route' | 'scale' | 'sweep' | 'operator';
  text: string;
}

/** What is noted of one mirror run. Notes may be repeated and come in any order. */
export interface MirrorRunNote {
  /** ms since the epoch, application time. The first note's is when the run began. */
  at: number;
  /** What the mirror holds now. */
  held?: TierCounts;
  /** Traffic flows to it from now on. */
  serving?: true;
  /** Nothing is left of it. */
  ended?: true;
}

/** The store. Writes are idempotent per natural key: repeating one changes nothing. */
export interface Ledger {
  saveForecast(digest: ForecastDigest, fan: FanPoint[]): Promise<void>;
  fan(key: string): Promise<FanPoint[]>;
  saveDecision(decision: Decision): Promise<void>;
  /** The newest, or the newest that had been decided by `at`, ms since the epoch. */
  latestDecision(application: string, at?: number): Promise<Decision | undefined>;
  /** Same (application, at, text) twice is one happening. */
  tell(happening: Omit<Happening, 'id'>): Promise<void>;
  happenings(afterId: number): Promise<Happening[]>;
  /** Serialised state of the forecast pipeline per application (calibration and the like). */
  loadModelState(application: string): Promise<unknown>;
  saveModelState(application: string, state: unknown): Promise<void>;
  /** One raising of a mirror, from command to retirement: the row is made at its first note. */
  noteMirrorRun(of: { application: string; zone: string; run: string }, note: MirrorRunNote): Promise<void>;
  /** One observed time from command to serving, ms of application time, ended `at`. `run` makes it idempotent. */
  recordTimeToServe(entry: {
    application: string;
    zone: string;
    from: 'cold' | 'shadow' | 'warm';
    run: string;
    at: number;
    ms: number;
  }): Promise<void>;
  /** 95th percentile of what was observed per tier; documented defaults while there are fewer than five. */
  timesToServe(application: string): Promise<TimesToServe>;
}
