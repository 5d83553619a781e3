import type { Settings } from './plan.ts';

export const DEFAULT_SETTINGS: Settings = {
  thresholdFactor: 0.9,
  stabilisationMs: 10 * 60_000,
  scaleDownFraction: 0.5,
  nearLookMs: 60_000,
  farLookMs: 2 * 60_000,
  breakEvenMs: 30 * 60_000,
};
