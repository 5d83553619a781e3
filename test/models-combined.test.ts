import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibratedAhead } from '../bench/forecast-online.ts';
import { seasonalNaiveExpert } from '../models/combined/naive-expert.ts';
import {
  fadeRecalibration,
  newRecalibration,
  observe,
  placesToRead,
  readAt,
} from '../models/combined/recalibration.ts';
import type { History } from '../models/forecaster.ts';
import { mixture } from '../models/mixture.ts';
import { GAUSS } from '../models/mixture/spread.ts';
import { createPremirror } from '../models/premirror.ts';
import type { QuantileForecast } from '../models/quantile-forecast.ts';
import { LEVELS, MEDIAN, pinball } from '../models/quantile-forecast.ts';
import { DAY_MS, flashCrowds, historyOf, normal, seeded } from './support/models-series.ts';

const FIVE_MINUTES_MS = 300_000;
const HOUR_MS = 3_600_000;
const experts = [mixture, seasonalNaiveExpert];
const fresh = () => createPremirror(experts, { replayMs: 2 * DAY_MS, beatMs: 6 * HOUR_MS });
const fiveMinutes = (values: readonly number[]) => historyOf(values, FIVE_MINUTES_MS);

function rowsOf(forecast: QuantileForecast): number[][] {
  const rows: number[][] = [];
  for (let step = 0; forecast.at(step); step++) rows.push(forecast.at(step)!);
  for (let hours = 1; hours <= 24; hours++) rows.push(forecast.maximum(hours * HOUR_MS)!);
  return rows;
}

function expectSound(forecast: QuantileForecast): void {
  for (const row of rowsOf(forecast)) {
    expect(row.every(Number.isFinite)).toBe(true);
    expect(row.every((value, i) => i === 0 || value >= row[i - 1]! - 1e-9 * Math.abs(value))).toBe(true);
  }
}

describe('the combination', () => {
  // Capacity is bought by these numbers: see models-robustness.test.ts for series of every kind.
  it('is finite and in order whatever the numbers and gaps', async () => {
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.double({ min: -1e12, max: 1e12, noNaN: true }) },
      fc.constant(Number.NaN),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 80, maxLength: 200 }), async (values) => {
        expectSound(await fresh().forecast(historyOf([...values, 1], HOUR_MS)));
      }),
      { numRuns: 20, seed: 3 },
    );
  });

  // No look-ahead: a forecast rests on what was known at its origin, however much is known by now.
  it('forecasts the same whatever comes later, and whether walked there or started there', async () => {
    const values = flashCrowds(7, 3, 5);
    const origin = 5 * 288;
    const history = fiveMinutes(values);
    const known: History = { ...history, values: history.values.subarray(0, origin) };
    const before = await fresh().forecast(known);
    history.values.fill(1e9, origin);
    expect(rowsOf(await fresh().forecast(known))).toEqual(rowsOf(before));
  });

  it('asked again at once, it answers the same', async () => {
    const premirror = fresh();
    const history = fiveMinutes(flashCrowds(5, 3, 5));
    expect(rowsOf(await premirror.forecast(history))).toEqual(rowsOf(await premirror.forecast(history)));
  });

  it('comes to trust the expert that does better', async () => {
    const random = seeded(4);
    // Levels that jump from day to day: yesterday is a bad guide, the present level a good one.
    const levels = Array.from({ length: 14 }, () => 100 + 400 * random());
    const values = Array.from({ length: 12 * 288 }, (_, i) => levels[Math.floor(i / 288)]! + normal(random));
    const history = fiveMinutes(values.slice(0, 11 * 288 + 144));
    const losses = await Promise.all(
      [createPremirror(experts), createPremirror([seasonalNaiveExpert])].map(async (of) => {
        const forecast = await of.forecast(history);
        return Array.from({ length: 12 }, (_, i) => pinball(forecast.at(i)!, values[11 * 288 + 144 + i]!));
      }),
    );
    const [combined, naive] = losses.map((of) => of.reduce((sum, loss) => sum + loss, 0));
    expect(combined).toBeLessThan(0.3 * naive!);
  });

  it('refuses steps beyond an hour, saying what to do', async () => {
    await expect(fresh().forecast(historyOf([1, 2, 3], 2 * HOUR_MS))).rejects.toThrow(/resample/);
  });
});

describe('recalibration', () => {
  const row = GAUSS.map((z) => 10 + z);

  it('leaves a fan alone before it has seen anything', () => {
    readAt(row, 0, placesToRead(newRecalibration(30))).forEach((value, i) => {
      expect(value).toBeCloseTo(row[i]!, 5);
    });
  });

  // A fan half as wide as the truth must become twice as wide, on either side by its own.
  it('widens a fan that is too narrow until it holds what it claims', () => {
    const random = seeded(9);
    const of = newRecalibration(30);
    const outcome = () => {
      const z = normal(random);
      return 10 + (z > 0 ? 2 * z : z);
    };
    for (let i = 0; i < 4000; i++) {
      fadeRecalibration(of, 0.9995);
      observe(of, 1, row, 0, outcome());
    }
    const told = readAt(row, 0, placesToRead(of));
    const outcomes = Array.from({ length: 4000 }, outcome);
    const share = (level: number) =>
      outcomes.filter((value) => value <= told[LEVELS.indexOf(level as 0.5)]!).length / outcomes.length;
    expect(share(0.975)).toBeGreaterThan(0.96);
    expect(share(0.975)).toBeLessThan(0.99);
    expect(share(0.025)).toBeGreaterThan(0.012);
    expect(share(0.025)).toBeLessThan(0.04);
  });
});

/** Whether each outcome lay inside the tracked interval of a fan that never changes. */
function trackedOf(values: readonly number[], fan: readonly number[]): boolean[] {
  const calibrate = calibratedAhead(12);
  const all = fiveMinutes(values);
  const inside: boolean[] = [];
  for (let origin = 100; origin + 12 <= values.length; origin++) {
    const history = { ...all, values: all.values.subarray(0, origin) };
    const told = calibrate(history, {
      model: 'fixed',
      asOf: history.startAt + (origin - 1) * FIVE_MINUTES_MS,
      stepMs: FIVE_MINUTES_MS,
      levels: LEVELS,
      at: () => [...fan],
      maximum: () => [...fan],
    });
    expect(told[MEDIAN]).toBe(fan[MEDIAN]);
    expect(told.every((value, i) => Number.isFinite(value) && (i === 0 || value >= told[i - 1]!))).toBe(true);
    const actual = values[origin + 11]!;
    inside.push(actual >= told[LEVELS.indexOf(0.025)]! && actual <= told[LEVELS.indexOf(0.975)]!);
  }
  return inside;
}

const shareOf = (inside: readonly boolean[]) => inside.filter(Boolean).length / inside.length;

describe('tracking an hour ahead', () => {
  const fan = GAUSS.map((z) => 100 + z);
  const days = (count: number, sizeOn: (day: number) => number, seed: number) => {
    const random = seeded(seed);
    const sizes = Array.from({ length: count * 288 }, (_, i) => sizeOn(Math.floor(i / 288)));
    return sizes.map((size) => 100 + size * normal(random));
  };

  // The long run is what is guaranteed: also where the noise triples half way.
  it('keeps the share of misses near a twentieth across a change of noise', () => {
    const values = days(40, (day) => (day > 20 ? 3 : 1), 2);
    expect(Math.abs(shareOf(trackedOf(values, fan)) - 0.95)).toBeLessThan(0.006);
  });

  // A wild day that comes now and then is too rare for the memory of days; by the morning the interval must have followed.
  it('covers the rest of a wild day once its first hours were missed', () => {
    const inside = trackedOf(
      days(40, (day) => (day % 8 === 7 ? 2 : 1), 5),
      fan,
    );
    const wild = inside.filter((_, i) => Math.floor((i + 111) / 288) % 8 === 7 && (i + 111) % 288 >= 72);
    expect(shareOf(wild)).toBeGreaterThan(0.88);
    expect(Math.abs(shareOf(inside) - 0.95)).toBeLessThan(0.006);
  });

  it('is finite and in order whatever comes, and whatever is missing', () => {
    const value = fc.oneof(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(fc.array(value, { minLength: 400, maxLength: 600 }), (values) => {
        trackedOf(values, fan);
      }),
      { numRuns: 20, seed: 3 },
    );
  });
});
