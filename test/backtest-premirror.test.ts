import { beforeAll, describe, expect, test } from 'vitest';
import type { Fitter } from '../models/fitter.ts';
import { createFitter } from '../models/fitter.ts';
import { seasonalNaive } from '../models/seasonal-naive.ts';
import type { ForecastsAlong } from '../src/backtest/forecasts-along.ts';
import { forecastsAlong } from '../src/backtest/forecasts-along.ts';
import { DEFAULT_MODEL, STEPS_PER_DAY, STEP_MS, lagSteps } from '../src/backtest/model.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { premirrorContender, replayWorld } from '../src/backtest/premirror-contender.ts';
import { RollingReplay } from '../src/backtest/rolling-replay.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';

/** The product's own forecasts and decisions over recorded demand: causal, of the same kind as live, and worth something. */

type Policy = ApplicationSpec['mirrors']['policy'];

const START = Date.UTC(2026, 0, 5);
const STEPS = 1.7 * STEPS_PER_DAY;
const model = DEFAULT_MODEL;
const lag = lagSteps(model);

/** A day's course with a little noise, and half an hour's peak every day at 06:00. */
const demand = Float64Array.from({ length: STEPS }, (_, t) => {
  const minute = t % STEPS_PER_DAY;
  const course = 6 - 4 * Math.sin((2 * Math.PI * minute) / STEPS_PER_DAY);
  return (course + (minute >= 360 && minute < 390 ? 8 : 0)) * (1 + 0.03 * Math.sin(t * t));
});

/** The same until a step, then far more. */
const forkedAt = (fork: number, steps: number) =>
  demand.slice(0, steps).map((value, t) => (t < fork ? value : 3 * value + 5));

/** The quickest of the product's own models: what is tested here does not depend on which one fits. */
const fitter: Fitter = {
  ...createFitter(),
  fit: async (history, steps) => seasonalNaive.fit(history, steps),
};

const along = (series: Float64Array, policy: Policy) =>
  forecastsAlong(series, START, replayWorld(model, policy), DEFAULT_SETTINGS, {
    fitter,
    fitEveryMs: 3_600_000,
    nearTerm: policy === 'cost',
  });

const decided = (series: Float64Array, forecasts: ForecastsAlong, policy: Policy, retuneHours?: number) =>
  decideAlong(
    premirrorContender(model, replayWorld(model, policy), forecasts, START, {
      settings: DEFAULT_SETTINGS,
      ...(retuneHours ? { retuneHours } : {}),
    }),
    series,
    lag,
  );

let forecasts: ForecastsAlong;
beforeAll(async () => {
  forecasts = await along(demand, 'interval');
}, 60_000);

describe('the decision over recorded demand', () => {
  test.each([
    ['interval', STEPS, 24],
    ['cost', 0.7 * STEPS_PER_DAY, undefined],
  ] as const)('knows nothing before it can be observed, by policy %s', async (policy, steps, retuneHours) => {
    const fork = steps - 200;
    const series = demand.slice(0, steps);
    const other = forkedAt(fork, steps);
    const before = decided(series, await along(series, policy), policy, retuneHours);
    const after = decided(other, await along(other, policy), policy, retuneHours);
    for (const tier of ['primary', 'full', 'warm', 'shadow'] as const)
      expect(after[tier].subarray(0, fork + lag)).toEqual(before[tier].subarray(0, fork + lag));
    expect(after.full.subarray(fork + lag)).not.toEqual(before.full.subarray(fork + lag));
  });

  test('rests on forecasts as the worker makes them: windows from the newest final sample on', () => {
    const digest = forecasts.at(1500)!;
    expect(digest.asOf).toBe(START + 1500 * STEP_MS);
    expect(digest.issuedAt - digest.asOf).toBe(model.observationDelayMs);
    expect(digest.observed).toBe(demand[1499]);
    expect(digest.windows.full.upper).toBeLessThanOrEqual(digest.windows.shadow.upper);
    expect(forecasts.at(0)).toBeUndefined();
  });

  test('is at hand for the peak of the second day, which reaction alone meets too late', () => {
    const { primary, full, warm, shadow } = decided(demand, forecasts, 'interval');
    const peak = STEPS_PER_DAY + 360;
    const atHand = primary[peak]! + full[peak]! + warm[peak]! + shadow[peak]!;
    expect(atHand).toBeGreaterThanOrEqual(Math.ceil(demand[peak]!) - 1);
    expect(Math.ceil(demand[peak - lag]!)).toBeLessThan(Math.ceil(demand[peak]!) - 1);
  });
});

test('a replay that goes on hour by hour is the one from the start, however far it looks back', () => {
  const world = replayWorld(model, 'interval');
  const [hourly, once, short] = [1000, 1000, 24].map((hours) => new RollingReplay(world, hours)) as [
    RollingReplay,
    RollingReplay,
    RollingReplay,
  ];
  expect(once.replay(DEFAULT_SETTINGS)).toEqual([]);
  for (let t = lag; t < STEPS; t++) {
    const startMs = START + t * STEP_MS;
    const look = () => forecasts.at(t - lag + 1)!;
    for (const replay of [hourly, once, short])
      replay.live({ startMs, seen: demand[t - lag]!, demand: demand[t]!, look });
    if ((t - lag + 1) % 60 === 0) for (const replay of [hourly, short]) replay.replay(DEFAULT_SETTINGS);
  }
  const whole = once.replay(DEFAULT_SETTINGS);
  expect(whole).toHaveLength(Math.floor((STEPS - lag) / 60));
  expect(hourly.replay(DEFAULT_SETTINGS)).toEqual(whole);
  expect(short.replay(DEFAULT_SETTINGS)).toEqual(whole.slice(-24));
});
