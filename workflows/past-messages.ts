import { defineQuery } from '@temporalio/workflow';

// ---- backfill/<application>/... -----------------------------------------------------------------------------------

export interface BackfillInput {
  application: string;
  /** First day, and the day after the last one: "2026-11-01", UTC, application time. Absent: the day that a Schedule names. */
  from?: string;
  to?: string;
  /** Carried over continue-as-new. */
  state?: BackfillProgress;
}

export interface BackfillProgress {
  v: 1;
  daysDone: number;
  daysInAll: number;
  looks: number;
  /** In the prices' currency. */
  cost: number;
  optimalCost: number;
  /** Points of the forecasts an hour ahead, and how many of them lay within the interval. */
  points: number;
  covered: number;
  /** Start of the next day, ms since the epoch. */
  next: number;
}

// ---- feedback/<application> ---------------------------------------------------------------------------------------

export interface FeedbackInput {
  application: string;
  /** Not learn, but go back to the settings that every application starts with. */
  reset?: boolean;
}

export const backfillProgressQuery = defineQuery<BackfillProgress>('progress');
