import type { Settings } from './plan.ts';

export const DEFAULT_SETTINGS: Settings = {
  thresholdFactor: 1.15,
  stabilisationMs: 10 * 60_000,
  scaleDownFraction: 0.5,
  nearLookMs: 60_000,
  farLookMs: 2 * 60_000,
  breakEvenMs: 30 * 60_000,
  parkingMs: 60 * 60_000,
};
