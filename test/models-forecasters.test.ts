import { describe, expect, it } from 'vitest';
import { createFitter, fitBest, loadInstalledMstlEts } from '../models/fitter.ts';
import { endOf, extend, filled, pathAt, toHistory, until } from '../models/forecaster.ts';
import { seasonalNaive } from '../models/seasonal-naive.ts';
import { DAY_MS, MINUTE_MS, START, at, flashCrowds, historyOf } from './support/models-series.ts';

const DAY = 1440;

function meanError(path: readonly number[], actual: readonly number[]): number {
  return path.reduce((sum, value, i) => sum + Math.abs(value - actual[i]!), 0) / path.length;
}

describe('the forecasters', () => {
  it('MSTL/ETS expects tomorrow to look like the days before, crowd included', async () => {
    const values = flashCrowds(8, 1);
    const { model, asOf, path } = (await loadInstalledMstlEts()).fit(
      historyOf(values.slice(0, 7 * DAY)),
      DAY,
    );
    expect(model).toBe('mstl-ets');
    expect(asOf).toBe(at(7 * DAY - 1));
    const tomorrow = values.slice(7 * DAY);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const flat = meanError(
      tomorrow.map(() => mean),
      tomorrow,
    );
    expect(meanError(path, tomorrow)).toBeLessThan(0.3 * flat);
    expect(path[14 * 60 + 15]).toBeGreaterThan(700);
  });

  it('MSTL/ETS fits a five-minute step by its own period', async () => {
    const values = flashCrowds(5, 2, 5);
    const { path } = (await loadInstalledMstlEts()).fit(historyOf(values, 5 * MINUTE_MS), 288);
    expect(path[(14 * 60 + 15) / 5]).toBeGreaterThan(700);
    expect(path[(11 * 60) / 5]).toBeLessThan(500);
  });

  it('MSTL/ETS refuses less than two days, and names what it needs', async () => {
    const mstl = await loadInstalledMstlEts();
    expect(() => mstl.fit(historyOf(flashCrowds(1, 1)), 10)).toThrow(/two days \(2880 steps\)/);
  });

  it('seasonal naive repeats the last days, the newest weighing most', () => {
    const days = [1, 2, 4].flatMap((level) => Array.from({ length: DAY }, () => level));
    const { model, path } = seasonalNaive.fit(historyOf(days), 2 * DAY);
    expect(model).toBe('seasonal-naive');
    const expected = (4 + 2 / 2 + 1 / 4) / (1 + 1 / 2 + 1 / 4);
    expect(path[0]).toBeCloseTo(expected);
    expect(path[2 * DAY - 1]).toBeCloseTo(expected);
  });

  it('seasonal naive draws the level flat while there is no day to repeat, past the newest gaps', () => {
    const values = [9, 9, 9, 10, 11, 12, 13, 14, Number.NaN, Number.NaN];
    const { model, path } = seasonalNaive.fit(historyOf(values), 3);
    expect(model).toBe('level');
    expect(path).toEqual([12, 12, 12]);
  });

  it('the best model is MSTL/ETS where it can be fitted, else seasonal naive, else the level', async () => {
    const mstl = await loadInstalledMstlEts();
    const modelOn = (days: number) =>
      fitBest(mstl, historyOf(flashCrowds(10, 1).slice(0, days * DAY)), 5).model;
    expect([3, 1.5, 0.5].map(modelOn)).toEqual(['mstl-ets', 'seasonal-naive', 'level']);
  });

  it('a fit never sees what comes after the end of its history', async () => {
    const values = flashCrowds(6, 3);
    const changed = values.map((value, i) => (i >= 5 * DAY ? value * 10 : value));
    const fitter = createFitter();
    const cut = (series: number[]) => until(historyOf(series), at(5 * DAY - 1), 4 * DAY_MS);
    expect(await fitter.fit(cut(changed), 60)).toEqual(await fitter.fit(cut(values), 60));
  });
});

describe('a history', () => {
  const sample = (index: number, value: number) => ({ at: at(index), value });

  it('keeps what is missing as missing, and never as zero', () => {
    const history = toHistory([sample(0, 1), sample(3, 4)], MINUTE_MS)!;
    expect([...history.values]).toEqual([1, NaN, NaN, 4]);
    expect(endOf(history)).toBe(at(3));
  });

  it('fills a gap from the day before for models that know no gaps', () => {
    const values = flashCrowds(2, 1);
    values.fill(Number.NaN, DAY + 100, DAY + 110);
    expect(Array.from(filled(historyOf(values)).slice(DAY + 100, DAY + 110))).toEqual(values.slice(100, 110));
  });

  it('grows by new samples, takes none twice, and forgets the oldest', () => {
    const first = extend(undefined, [sample(0, 1), sample(1, 2)], MINUTE_MS, 3 * MINUTE_MS);
    const again = extend(first, [sample(1, 2), sample(2, 3)], MINUTE_MS, 3 * MINUTE_MS)!;
    expect([...again.values]).toEqual([1, 2, 3]);
    const later = extend(again, [sample(4, 5)], MINUTE_MS, 3 * MINUTE_MS)!;
    expect([...later.values]).toEqual([3, NaN, 5]);
    expect(later.startAt).toBe(at(2));
  });

  it('a path is read by time, and knows nothing outside of itself', () => {
    const fitted = { model: 'm', asOf: START, stepMs: MINUTE_MS, path: [1, 2] };
    expect([0, 1, 2, 3].map((i) => pathAt(fitted, at(i)))).toEqual([undefined, 1, 2, undefined]);
  });
});
