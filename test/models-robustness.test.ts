import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createFitter } from '../models/fitter.ts';
import type { History } from '../models/forecaster.ts';
import { until } from '../models/forecaster.ts';
import { newPipeline, runPipeline } from '../models/pipeline.ts';
import { expertsOver, loadNets } from '../models/installed.ts';
import { createPremirror } from '../models/premirror.ts';
import { LEVELS } from '../models/quantile-forecast.ts';
import { seasonalNaive } from '../models/seasonal-naive.ts';
import { samplesIn } from '../models/warm-up.ts';
import { DAY_MS, historyOf } from './support/models-series.ts';

/** Capacity is bought by these numbers: whatever a metric does, they are finite and do not cross. */

const FIVE_MINUTES_MS = 300_000;
const HOUR_MS = 3_600_000;
const PER_DAY = 288;

const wild: Record<string, (i: number) => number> = {
  constant: () => 7,
  nought: () => 0,
  negative: (i) => -50 + 20 * Math.sin(i / 40),
  'of size 1e12': (i) => 1e12 * (2 + Math.sin(i / 40)),
  'switching its regime': (i) => (Math.floor(i / 300) % 2 ? 1 : 1000) + (i % 7),
  'mostly missing': (i) => (i % 97 ? Number.NaN : i),
  'all missing but the last': (i) => (i === 3 * PER_DAY - 1 ? 5 : Number.NaN),
  'silent for a day': (i) => (i > 400 && i < 700 ? Number.NaN : 50 + (i % PER_DAY)),
};

function series(kind: string, length = 3 * PER_DAY): History {
  return historyOf(
    Array.from({ length }, (_, i) => wild[kind]!(i)),
    FIVE_MINUTES_MS,
  );
}

function expectOrdered(row: readonly number[]): void {
  expect(row).toHaveLength(LEVELS.length);
  expect(row.every(Number.isFinite)).toBe(true);
  expect(row.every((value, i) => i === 0 || value >= row[i - 1]! - 1e-9 * Math.abs(value))).toBe(true);
}

describe('the combination over the installed nets', async () => {
  const experts = expertsOver(await loadNets());
  const premirror = () => createPremirror(experts, { beatMs: DAY_MS / 4, replayMs: DAY_MS });

  it.each(Object.keys(wild))('is finite and in order on a series that is %s', async (kind) => {
    const forecast = await premirror().forecast(series(kind));
    for (let step = 0; step < PER_DAY; step += 7) expectOrdered(forecast.at(step)!);
    for (const hours of [1, 4, 24]) expectOrdered(forecast.maximum(hours * HOUR_MS)!);
  });

  it('is finite and in order on three points', async () => {
    const forecast = await premirror().forecast(historyOf([3, Number.NaN, 5], FIVE_MINUTES_MS));
    for (let step = 0; step < PER_DAY; step += 7) expectOrdered(forecast.at(step)!);
  });

  it('says what is missing where nothing was ever seen', async () => {
    const nothing = historyOf([Number.NaN, Number.NaN, Number.NaN], FIVE_MINUTES_MS);
    await expect(premirror().forecast(nothing)).rejects.toThrow(/wait for more samples/);
  });
});

describe('the pipeline', () => {
  const windowsMs = [15 * 60_000, HOUR_MS];

  /** Fed in lumps, as ticks do, with a fit that falls back wherever a model is defeated. */
  async function fed(history: History, lumps: number) {
    const fitter = createFitter();
    let state = newPipeline(history.stepMs, 0.95);
    let output;
    for (let lump = 1; lump <= lumps; lump++) {
      const asOf =
        history.startAt + (Math.round((lump * history.values.length) / lumps) - 1) * history.stepMs;
      const known = until(history, asOf, Infinity);
      const seen = known.values.some(Number.isFinite);
      const fit = seen
        ? await fitter.fit(known, PER_DAY).catch(() => seasonalNaive.fit(known, PER_DAY))
        : undefined;
      const samples = samplesIn(known, state.asOf ?? -Infinity, asOf);
      output = runPipeline(state, {
        samples,
        asOf,
        windowsMs,
        horizonMs: DAY_MS,
        sustainedMs: HOUR_MS,
        ...(fit && { fit }),
      });
      state = output.state;
    }
    return output!;
  }

  function expectSound({ fan, windows, peak, sustained, observed }: Awaited<ReturnType<typeof fed>>): void {
    for (const { lower, median, upper } of [...fan, ...windows, peak]) {
      expect([lower, median, upper].every(Number.isFinite)).toBe(true);
      expect(lower).toBeLessThanOrEqual(median);
      expect(median).toBeLessThanOrEqual(upper);
    }
    expect(Number.isFinite(sustained) && Number.isFinite(observed)).toBe(true);
  }

  it.each(Object.keys(wild))('is finite and in order on a series that is %s', async (kind) => {
    expectSound(await fed(series(kind), 2));
  });

  it('is finite and in order whatever the numbers and gaps', async () => {
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.double({ min: -1e12, max: 1e12, noNaN: true }) },
      fc.constant(Number.NaN),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 60 }), async (values) => {
        expectSound(await fed(historyOf(values, FIVE_MINUTES_MS), Math.min(3, values.length)));
      }),
      { numRuns: 40, seed: 8 },
    );
  });
});
