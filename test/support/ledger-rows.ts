import type { ForecastDigest } from '../../src/domain/forecast.ts';
import { EMPTY_MEMORY, type Decision } from '../../src/domain/plan.ts';

/** Rows of the ledger for tests of the store: sound, and told apart by their time. */

export const INTERVAL = { lower: 1, median: 2.5, upper: 4 };

export function forecastAt(asOf: number): ForecastDigest {
  return {
    application: 'shop',
    asOf,
    issuedAt: asOf + 240_000,
    model: 'seasonal-naive',
    quality: 'cold',
    nominalCoverage: 0.95,
    observed: 100,
    windows: { full: INTERVAL, warm: INTERVAL, shadow: INTERVAL },
    sustained: 90,
    peak: { ...INTERVAL, at: asOf + 600_000 },
    fan: `shop@${asOf}`,
  };
}

export function decisionAt(asOf: number, headline: string): Decision {
  return {
    plan: { id: `shop@${asOf}`, application: 'shop', asOf, mirrors: [], primaryMinimum: 3 },
    reasons: {
      headline,
      policy: 'interval',
      observed: 1,
      threshold: 1,
      thresholdFactor: 0.9,
      wanted: { full: 0, fullAndWarm: 0, fullWarmAndShadow: 0, reactive: 1 },
      bindings: [],
      rejected: [],
      zones: [],
      spendPerHour: 0,
    },
    nextLookMs: 60_000,
    memory: EMPTY_MEMORY,
  };
}
