import { describe, expect, test } from 'vitest';
import { contenderRows, optimumRow } from '../src/backtest/compare.ts';
import { DEFAULT_MODEL } from '../src/backtest/model.ts';
import { hpa } from '../src/backtest/rivals/hpa.ts';
import type { Rival } from '../src/backtest/rivals/rival.ts';
import { parseDemand, trialOf } from '../src/backtest/series.ts';
import { renderTable } from '../src/backtest/table.ts';

/** From a recorded series to the table: nothing of the judged part may reach what is tuned or scaled. */
const MINUTE = 60_000;

describe('recorded demand', () => {
  test('is put on a grid of minutes: samples of one minute averaged, holes and coarse steps held', () => {
    const csv = 'value,timestamp\n4,2026-01-01T00:00:10Z\n6,2026-01-01T00:00:40Z\n9,2026-01-01T00:03:00Z\n';
    const recorded = parseDemand(csv);
    expect(recorded.startMs).toBe(Date.UTC(2026, 0, 1));
    expect([...recorded.values]).toEqual([5, 5, 5, 9]);
  });

  test.each([
    ['time,value\n2026-01-01T00:00:00Z,1', /line 1 is "time,value": the columns timestamp and value/],
    ['timestamp,value\n2026-01-01T00:00:00Z,1\nyesterday,2', /line 3 is "yesterday,2"/],
    ['timestamp,value\n2026-01-01T00:00:00Z,-1', /line 2 .* value of 0 or more/],
    ['timestamp,value\n', /no samples/],
  ])('that cannot be read is refused with its line', (csv, message) => {
    expect(() => parseDemand(csv)).toThrow(message);
  });

  test('is judged after its first 60%, by the scale of its training part alone', () => {
    const values = Float64Array.from({ length: 1000 }, (_, t) => (t < 600 ? 40 : 4000));
    const trial = trialOf({ startMs: 0, values });
    expect(trial.split).toBe(600);
    expect(trial.perInstance).toBe(2);
    expect(trial.demand[0]).toBe(20);
    expect(trialOf({ startMs: 0, values }, { testFromMs: 100 * MINUTE }).split).toBe(100);
    expect(() => trialOf({ startMs: 0, values }, { testFromMs: 2000 * MINUTE })).toThrow(
      /step 2000 of 1000: leave samples on both sides/,
    );
    expect(() => trialOf({ startMs: 0, values: new Float64Array(10) })).toThrow(/demand per instance is 0/);
  });
});

describe('a contender', () => {
  const demand = Float64Array.from({ length: 400 }, (_, t) => 6 + 3 * Math.sin(t / 30) + Math.sin(t * t));
  const trial = { demand, split: 200, perInstance: 1 };

  test('is given the settings that cost least in training, even where others would do better when judged', () => {
    const fixed: Rival = {
      name: 'fixed',
      about: 'for this test',
      candidates: () =>
        [2, 7, 12, 40].map((size) => ({
          settings: `size ${size}`,
          policy: () => ({ primary: size, full: 0, warm: 0, shadow: 0 }),
        })),
    };
    const calmThenHigh = { ...trial, demand: demand.map((value, t) => (t < 200 ? value / 5 : value)) };
    const [row] = contenderRows(fixed, calmThenHigh, DEFAULT_MODEL, 1);
    expect(row?.settings).toBe('size 2');
  });

  test('that tracks a utilisation stands twice: with careful targets, and with all of them', () => {
    const rows = contenderRows(hpa, trial, DEFAULT_MODEL, 1);
    expect(rows.map((row) => row.name)).toEqual(['hpa', 'hpa ~']);
    expect(Number(rows[0]?.settings.replace('target ', ''))).toBeLessThanOrEqual(0.9);
  });

  test('stands in the table with its regret, below an optimum of none', () => {
    const best = optimumRow(trial, DEFAULT_MODEL);
    const rows = contenderRows(hpa, trial, DEFAULT_MODEL, best.score.cost);
    const lines = renderTable([best, ...rows]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^policy +cost +regret +unserved h +unserved +min >5% short +VMs used\/d/);
    expect(lines[1]).toMatch(/^optimum +[\d.]+ +0\.000 .* - +- +\d+$/);
    const [, cost, regret] = /^hpa +([\d.]+) +([\d.]+)/.exec(lines[2]!) ?? [];
    expect(Number(cost)).toBeGreaterThan(best.score.cost);
    expect(Number(regret)).toBeCloseTo(rows[0]!.score.cost / best.score.cost - 1, 3);
  });
});
