import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { arrivalsOf, MINUTE_MS, scaleToInstances } from '../src/cli/up/twin-demand.ts';
import { quantile } from '../src/domain/quantile.ts';
import { EXAMPLE_START_MS, exampleSeries } from '../src/cli/up/example-series.ts';
import { readSeries } from '../src/cli/up/recorded-series.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function levelAt(samples: { at: number; value: number }[], fromMs: number, untilMs: number): number {
  const values = samples.filter((s) => s.at > fromMs && s.at <= untilMs).map((s) => s.value);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('the built-in example', () => {
  const series = exampleSeries(7);

  it('is the same for the same seed and another for another', () => {
    expect(exampleSeries(7)).toEqual(series);
    expect(exampleSeries(8).live).not.toEqual(series.live);
  });

  it('has more than eight days of history without a gap, up to the start', () => {
    expect(series.history.length).toBeGreaterThanOrEqual((8 * DAY_MS) / MINUTE_MS);
    expect(series.history.at(-1)?.at).toBe(EXAMPLE_START_MS);
    expect(series.live[0]?.at).toBe(EXAMPLE_START_MS + MINUTE_MS);
  });

  it('meets the flash crowd on every day of its history, and 20 minutes after the start', () => {
    const all = [...series.history, ...series.live];
    for (let day = -8; day <= 0; day++) {
      const crowdMs = EXAMPLE_START_MS + day * DAY_MS + 20 * MINUTE_MS;
      const before = levelAt(all, crowdMs - 15 * MINUTE_MS, crowdMs - 3 * MINUTE_MS);
      const during = levelAt(all, crowdMs + 7 * MINUTE_MS, crowdMs + 26 * MINUTE_MS);
      expect(during / before).toBeGreaterThan(2.2);
      expect(during / before).toBeLessThan(3.3);
    }
  });

  it('has a second spike of like size that no day of its history had', () => {
    const around = (day: number) =>
      levelAt(
        [...series.history, ...series.live],
        EXAMPLE_START_MS + day * DAY_MS + 72 * MINUTE_MS,
        EXAMPLE_START_MS + day * DAY_MS + 80 * MINUTE_MS,
      );
    for (let day = -8; day < 0; day++) expect(around(0) / around(day)).toBeGreaterThan(2.2);
  });
});

describe('a recorded series', () => {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-series-'));
  const file = (name: string, lines: string[]) => {
    const path = join(directory, name);
    const text = ['timestamp,value', ...lines].join('\n');
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
    return path;
  };
  const minute = (n: number) => new Date(Date.UTC(2021, 9, 6) + n * MINUTE_MS).toISOString();
  const start = Date.UTC(2021, 9, 6);

  it('is split where the test starts: a step that ends there is history already', () => {
    const path = file(
      'plain.csv.gz',
      [0, 1, 2, 3].map((n) => `${minute(n)},${n + 1}`),
    );
    const series = readSeries(path, start + 2 * MINUTE_MS);
    expect(series.history).toEqual([
      { at: start + MINUTE_MS, value: 1 },
      { at: start + 2 * MINUTE_MS, value: 2 },
    ]);
    expect(series.live.map((s) => s.value)).toEqual([3, 4]);
  });

  it('keeps its gaps: missing rows and empty values are no zeros, and nothing is sent in them', () => {
    const path = file('gaps.csv', [`${minute(0)},1`, `${minute(1)},1`, `${minute(2)},`, `${minute(5)},4`]);
    const series = readSeries(path, start + MINUTE_MS);
    expect(series.live.map((s) => (s.at - start) / MINUTE_MS)).toEqual([2, 6]);
    expect(arrivalsOf(series, start + DAY_MS).map((s) => s.value)).toEqual([1, 0, 0, 0, 4]);
  });

  it('holds the value of a longer step over its minutes', () => {
    const path = file('five.csv', [`${minute(0)},5`, `${minute(5)},10`, `${minute(10)},20`]);
    const series = readSeries(path, start + 5 * MINUTE_MS);
    expect(series.history.map((s) => s.value)).toEqual([5, 5, 5, 5, 5]);
    expect(series.live.map((s) => s.value)).toEqual([10, 10, 10, 10, 10, 20, 20, 20, 20, 20]);
  });

  it.each([
    ['time', ['yesterday,1', `${minute(1)},2`], "timestamp 'yesterday'"],
    ['value', [`${minute(0)},-1`, `${minute(1)},2`], "value '-1'"],
    ['order', [`${minute(1)},1`, `${minute(0)},2`], 'sort the file by time'],
  ])('refuses a wrong %s, naming line and value', (name, lines, message) => {
    expect(() => readSeries(file(`${name}.csv`, lines), start)).toThrow(message);
  });

  it('is scaled by its history alone: the 0.99 quantile fills 20 instances, whatever comes after', () => {
    const make = (last: number) =>
      file(`scale-${last}.csv`, [
        ...Array.from({ length: 200 }, (_, n) => `${minute(n)},${1 + (n % 50)}`),
        `${minute(200)},${last}`,
      ]);
    const scaled = [7, 7000].map((last) =>
      scaleToInstances(readSeries(make(last), start + 200 * MINUTE_MS), 20, 10),
    );
    expect(scaled[0]?.history).toEqual(scaled[1]?.history);
    const values = scaled[0]?.history.map((s) => s.value) ?? [];
    expect(quantile(values, 0.99)).toBeCloseTo(200, 9);
  });
});
