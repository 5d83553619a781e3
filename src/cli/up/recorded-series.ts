import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Sample } from '../../ports/demand.ts';
import type { TwinDemand } from './twin-demand.ts';
import { MINUTE_MS, splitAt } from './twin-demand.ts';

/**
 * Reads `timestamp,value` (CSV, also gzipped; timestamps ISO 8601, at the START of their step) and brings it to
 * one-minute steps: longer steps hold their value, shorter ones are averaged. Missing rows and empty values stay gaps.
 * Values are a shape only (`scaleToInstances`). Throws naming the file, the line and what would be right.
 */
export function readSamples(path: string): Sample[] {
  const bytes = readFileSync(path);
  return toMinutes(parseRows(path, (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')));
}

/** The series of a file, all before `testFromMs` being history. Throws when either part is empty. */
export function readSeries(path: string, testFromMs: number): TwinDemand {
  const series = splitAt(basename(path), readSamples(path), testFromMs);
  const testFrom = new Date(testFromMs).toISOString();
  if (series.history.length === 0)
    throw new Error(`${path}: nothing lies before --test-from ${testFrom}; choose a later time`);
  if (series.live.length === 0)
    throw new Error(`${path}: nothing lies after --test-from ${testFrom}; choose an earlier time`);
  return series;
}

interface Row {
  startMs: number;
  value: number;
}

function parseRows(path: string, text: string): Row[] {
  const rows: Row[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || (index === 0 && line.startsWith('timestamp'))) continue;
    const [time = '', raw = ''] = line.split(',');
    const startMs = Date.parse(time);
    const where = `${path}, line ${index + 1}`;
    if (Number.isNaN(startMs))
      throw new Error(`${where}: timestamp '${time}' is no time; use ISO 8601, e.g. 1995-07-01T04:00:00Z`);
    if (raw.trim() === '' || raw.trim().toLowerCase() === 'nan') continue;
    const value = Number(raw);
    if (!Number.isFinite(value) || value < 0)
      throw new Error(
        `${where}: value '${raw}' is no demand; use a number of 0 or more, or nothing for a gap`,
      );
    if (startMs <= (rows.at(-1)?.startMs ?? -Infinity))
      throw new Error(`${where}: timestamp '${time}' does not follow the line before; sort the file by time`);
    rows.push({ startMs, value });
  }
  if (rows.length < 2) throw new Error(`${path}: ${rows.length} rows; at least two are needed`);
  return rows;
}

/** The most frequent distance between neighbouring rows, ms. */
function stepOf(rows: Row[]): number {
  const counts = new Map<number, number>();
  for (let i = 1; i < rows.length; i++) {
    const distance = (rows[i]?.startMs ?? 0) - (rows[i - 1]?.startMs ?? 0);
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function toMinutes(rows: Row[]): Sample[] {
  const stepMs = stepOf(rows);
  const minutes = new Map<number, { sum: number; count: number }>();
  for (const { startMs, value } of rows) {
    const first = Math.floor(startMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    for (let at = first; at < first + Math.max(stepMs, MINUTE_MS); at += MINUTE_MS) {
      const minute = minutes.get(at) ?? { sum: 0, count: 0 };
      minutes.set(at, { sum: minute.sum + value, count: minute.count + 1 });
    }
  }
  return [...minutes].sort(([a], [b]) => a - b).map(([at, { sum, count }]) => ({ at, value: sum / count }));
}
