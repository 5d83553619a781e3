import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { DecideInput } from '../../src/domain/decide.ts';
import type { ForecastDigest, Interval, NearTermOutlook } from '../../src/domain/forecast.ts';
import { EMPTY_MEMORY } from '../../src/domain/plan.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';

export const MINUTE_MS = 60_000;
export const AS_OF = Date.UTC(2026, 0, 5, 14, 0);
export const DELAY_MS = 2 * MINUTE_MS;

export const SPEC: ApplicationSpec = {
  application: 'shop',
  labels: {},
  mode: 'auto',
  primary: { project: 'p', zone: 'us-central1-a', instanceGroup: 'shop' },
  demand: { metric: 'm', filter: '', stepMs: MINUTE_MS, observationDelayMs: DELAY_MS, perInstance: 50 },
  objectives: { availability: 0.999, latencyMs: 300, violationCost: 40 },
  mirrors: {
    zones: ['us-central1-b', 'us-central1-c'],
    policy: 'interval',
    interval: 0.95,
    limits: { instances: 40, spendPerHour: { amount: 12, currency: 'USD' } },
  },
  routing: { kind: 'loadBalancer', backendService: 'shop' },
  state: 'none',
};

/** A reserve of a tenth, so that the threshold and what instances carry are told apart. */
export const SETTINGS = { ...DEFAULT_SETTINGS, thresholdFactor: 0.9 };

export const PRICES = { full: 0.1, warm: 0.01, shadow: 0.001, currency: 'USD', source: 'a test' };

export function interval(lower: number, median: number, upper: number): Interval {
  return { lower, median, upper };
}

/** A quiet forecast unless said otherwise: 300 req/s now and to come, for a primary that carries 500. */
export function forecast(changes: Partial<ForecastDigest> = {}): ForecastDigest {
  const quiet = interval(280, 300, 320);
  return {
    application: 'shop',
    asOf: AS_OF,
    issuedAt: AS_OF + DELAY_MS,
    model: 'mstl-ets',
    quality: 'calibrated',
    nominalCoverage: 0.95,
    observed: 300,
    windows: { full: quiet, warm: quiet, shadow: quiet },
    sustained: 300,
    peak: { ...quiet, at: AS_OF + 30 * MINUTE_MS },
    fan: `shop@${AS_OF}`,
    ...changes,
  };
}

/** Ten instances of 50 req/s, nothing mirrored, room for 50 in each zone. */
export function input(changes: Partial<DecideInput> = {}): DecideInput {
  return {
    forecast: forecast(),
    fleet: { primary: { serving: 10, minimum: 4, maximum: 30, target: 10 }, mirrors: [] },
    capacity: [
      { zone: 'us-central1-b', quotaLeft: 50 },
      { zone: 'us-central1-c', quotaLeft: 50 },
    ],
    prices: PRICES,
    spec: SPEC,
    settings: SETTINGS,
    memory: EMPTY_MEMORY,
    forced: {},
    paused: false,
    timesToServe: { warmMs: 40_000, shadowMs: 90_000, coldMs: 150_000 },
    ...changes,
  };
}

/** The spec with other limits, zones or the like. */
export function specWith(mirrors: Partial<ApplicationSpec['mirrors']>): ApplicationSpec {
  return { ...SPEC, mirrors: { ...SPEC.mirrors, ...mirrors } };
}

/**
 * The next minutes' demand, the same at all times: evenly round `centre`.
 * @param callsPerHour per instance, from the first that was ever needed
 */
export function nearTerm(centre: number, spread: number, callsPerHour: number[] = []): NearTermOutlook {
  const own = Array.from({ length: 40 }, (_, i) => Math.max(0, centre + spread * ((i + 0.5) / 20 - 1)));
  return {
    timesMs: [0, 5 * MINUTE_MS, 11 * MINUTE_MS],
    values: [own, own, own],
    weights: own.map(() => 1 / 40),
    callsPerHour,
  };
}
