import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { M4_STEPS, readM4 } from '../bench/forecast-m4.ts';
import { numberedRows } from '../bench/forecast-rows.ts';
import { endOf } from '../models/forecaster.ts';
import { loadContenders } from '../models/line-up.ts';
import { LEVELS } from '../models/quantile-forecast.ts';

/** M4's wide file in, the referee's file out: figures on data that we have never seen are made this way. */

const folder = mkdtempSync(join(tmpdir(), 'premirror-m4-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HOUR_MS = 3_600_000;
const value = (i: number) => 100 + 50 * Math.sin((2 * Math.PI * i) / 24) + (i % 5);

function wide(name: string, lines: string[]): void {
  const text = ['"V1","V2","V3"', ...lines].join('\n');
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
}

it('forecasts the 48 hours after the end of each series of a wide file', async () => {
  const cells = (count: number) => Array.from({ length: count }, (_, i) => `"${value(i)}"`);
  wide('Hourly-train.csv.gz', [
    ['"H1"', ...cells(96)].join(','),
    ['"H2"', ...cells(72), ...Array.from({ length: 24 }, () => '')].join(','),
  ]);
  const series = readM4(folder);
  expect(series.map(({ name, history }) => [name, history.values.length])).toEqual([
    ['H1', 96],
    ['H2', 72],
  ]);
  expect([...series[1]!.history.values]).toEqual(Array.from({ length: 72 }, (_, i) => value(i)));
  const [premirror] = await loadContenders(['premirror'], M4_STEPS * HOUR_MS);
  for (const { name, history } of series) {
    const forecast = (await premirror!.start()(history, []))!;
    const lines = numberedRows(name, 'premirror', forecast, M4_STEPS).trim().split('\n');
    expect(lines.map((line) => line.split(',')[2])).toEqual(
      Array.from({ length: 48 }, (_, i) => String(i + 1)),
    );
    for (const [i, line] of lines.entries()) {
      const cellsOf = line.split(',').slice(4).map(Number);
      expect(cellsOf).toHaveLength(LEVELS.length);
      const next = value((endOf(history) - history.startAt) / HOUR_MS + 1 + i);
      expect(cellsOf[0]).toBeLessThan(next + 10);
      expect(cellsOf.at(-1)).toBeGreaterThan(next - 10);
    }
  }
});

it('says what is wrong with a file, and where', () => {
  expect(() => readM4('/nowhere')).toThrow(/no Hourly-train\.csv/);
  wide('Hourly-train.csv', ['"H1",1,2,x']);
  expect(() => readM4(folder)).toThrow(/Hourly-train\.csv, line 2: value 3 'x' is no number/);
  wide('Hourly-train.csv', ['"H1",1,2,3']);
  expect(() => readM4(folder)).toThrow(/line 2: 3 values of H1; 48 or more are needed/);
});
