import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { History } from '../models/forecaster.ts';

/** Steps (hours) that M4 Hourly asks for. */
export const M4_STEPS = 48;

const HOUR_MS = 3_600_000;
/** The file names no times: each series ends here, a Monday's midnight. */
const END_MS = Date.UTC(2026, 0, 5);

/**
 * Series of M4's wide `Hourly-train.csv` (also .gz) in `folder`: a line each, its name, then its values, then empty cells.
 * The first line names columns. Throws naming the file, the line, the value and what would be right.
 */
export function readM4(folder: string): { name: string; history: History }[] {
  const path = ['Hourly-train.csv', 'Hourly-train.csv.gz']
    .map((file) => join(folder, file))
    .find((file) => existsSync(file));
  if (path === undefined) throw new Error(`${folder}: no Hourly-train.csv or Hourly-train.csv.gz in it`);
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line, i) => seriesOf(line, `${path}, line ${i + 2}`));
}

function seriesOf(line: string, where: string): { name: string; history: History } {
  const [name, ...cells] = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const length = cells.findLastIndex((cell) => cell !== '' && cell !== 'NA') + 1;
  const values = Float64Array.from(cells.slice(0, length), (cell, i) => {
    const value = cell === '' || cell === 'NA' ? Number.NaN : Number(cell);
    if (Number.isNaN(value) && cell !== '' && cell !== 'NA') {
      throw new Error(`${where}: value ${i + 1} '${cell}' is no number; write one with a point, or nothing`);
    }
    return value;
  });
  if (values.length < M4_STEPS) {
    throw new Error(`${where}: ${values.length} values of ${name}; ${M4_STEPS} or more are needed`);
  }
  return {
    name: name!,
    history: { startAt: END_MS - (values.length - 1) * HOUR_MS, stepMs: HOUR_MS, values },
  };
}
