import { parse } from 'csv-parse/sync';
import type { History } from '../../../models/forecaster.ts';
import { UsageError } from '../errors.ts';
import { readText } from '../read-text.ts';

/** A series as its file has it, at its own step. */
export interface SeriesFile {
  history: History;
  /** What was put right on the way, in words. */
  notes: string[];
}

/** Names of the columns to read, where they are others than `timestamp` and `value`. */
export interface SeriesColumns {
  time?: string | undefined;
  value?: string | undefined;
}

interface Row {
  /** Start of the step, ms since the epoch. */
  startMs: number;
  /** NaN where nothing was recorded. */
  value: number;
}

const DAY_MS = 86_400_000;
const LONGEST_STEP_MS = 3_600_000;
const MOST_STEPS = 2_000_000;
const HEADER = 'timestamp,value';

/**
 * Reads a CSV (also .gz) of times and numbers: the columns `timestamp` and `value`, else the first two. Times are ISO
 * 8601 at the START of their step, UTC where they name no zone. Rows may come in any order; of the same step the mean
 * counts; an empty value, NaN or a missing row is a gap, never zero. Throws a UsageError that names file, line, field,
 * value and what would be right.
 */
export function readSeriesFile(path: string, columns: SeriesColumns = {}): SeriesFile {
  const rows = rowsOf(path, readText(path), columns);
  const stepMs = stepOf(path, rows);
  const sorted = rows.toSorted((a, b) => a.startMs - b.startMs);
  const firstMs = Math.floor(sorted[0]!.startMs / stepMs) * stepMs;
  const steps = Math.floor((sorted.at(-1)!.startMs - firstMs) / stepMs) + 1;
  if (steps > MOST_STEPS) {
    throw new UsageError(
      `${path}: timestamps span ${steps} steps of ${stepMs / 1000} s; is one of them wrong? ` +
        `The first is ${iso(sorted[0]!.startMs)}, the last ${iso(sorted.at(-1)!.startMs)}`,
    );
  }
  const totals = new Float64Array(steps);
  const counts = new Uint32Array(steps);
  for (const { startMs, value } of sorted) {
    if (Number.isNaN(value)) continue;
    const step = Math.floor((startMs - firstMs) / stepMs);
    totals[step]! += value;
    counts[step]! += 1;
  }
  const values = totals.map((total, step) => (counts[step]! > 0 ? total / counts[step]! : Number.NaN));
  if (values.every(Number.isNaN)) throw new UsageError(`${path}: no value at all; give at least one number`);
  return {
    history: { startAt: firstMs + stepMs, stepMs, values },
    notes: notesOf(rows, sorted, counts, values),
  };
}

function rowsOf(path: string, text: string, columns: SeriesColumns): Row[] {
  const records = recordsOf(path, text);
  const header = records[0]?.record.map((cell) => cell.toLowerCase()) ?? [];
  for (const name of [columns.time, columns.value])
    if (name !== undefined && !header.includes(name.toLowerCase()))
      throw new UsageError(`${path} has no column ${name}; its first line is: ${header.join(', ')}`);
  const placeOf = (name: string) => header.indexOf(name.toLowerCase());
  const timeIn = placeOf(columns.time ?? 'timestamp');
  const valueIn = placeOf(columns.value ?? 'value');
  const named = (timeIn >= 0 && valueIn >= 0) || columns.time !== undefined || columns.value !== undefined;
  const [timeAt, valueAt] = named ? [Math.max(0, timeIn), valueIn < 0 ? 1 : valueIn] : [0, 1];
  // A first line without a time and without a number is a header of other words.
  const headed = named || (Number.isNaN(timeOf(header[0] ?? '')) && Number.isNaN(Number(header[1])));
  const rows = records.slice(headed ? 1 : 0).map(({ record, line }) => {
    return rowOf(`${path}, line ${line}`, record[timeAt] ?? '', record[valueAt]);
  });
  if (rows.length < 3) {
    throw new UsageError(`${path}: ${rows.length} rows of data; give three or more lines of ${HEADER}`);
  }
  return rows;
}

function recordsOf(path: string, text: string): { record: string[]; line: number }[] {
  const options = { bom: true, trim: true, relax_column_count: true, skip_empty_lines: true, info: true };
  try {
    const found = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[];
    return found.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${path}: no CSV: ${message}; write lines of ${HEADER}`, { cause: error });
  }
}

function rowOf(where: string, time: string, raw: string | undefined): Row {
  const startMs = timeOf(time);
  if (Number.isNaN(startMs)) {
    throw new UsageError(
      `${where}: timestamp '${time}' is no time; write ISO 8601, e.g. 2026-07-01T04:00:00Z`,
    );
  }
  if (raw === undefined) {
    throw new UsageError(
      `${where}: no value after the timestamp; write lines of ${HEADER}, separated by commas`,
    );
  }
  if (/^(nan|null|na)?$/i.test(raw)) return { startMs, value: Number.NaN };
  const value = Number(raw);
  if (!Number.isFinite(value)) {
    throw new UsageError(
      `${where}: value '${raw}' is no number; write one with a point, or nothing for a gap`,
    );
  }
  return { startMs, value };
}

/** ms since the epoch; NaN where it is no ISO time. */
function timeOf(text: string): number {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return Number.NaN;
  const time = text.replace(' ', 'T');
  return Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/i.test(time) || !time.includes('T') ? time : `${time}Z`);
}

/** The most frequent distance between neighbours in time. */
function stepOf(path: string, rows: readonly Row[]): number {
  const times = [...new Set(rows.map(({ startMs }) => startMs))].toSorted((a, b) => a - b);
  const counts = new Map<number, number>();
  for (let i = 1; i < times.length; i++) {
    const distance = times[i]! - times[i - 1]!;
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const stepMs = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0])[0];
  if (stepMs === 0) throw new UsageError(`${path}: all timestamps are the same; give the start of each step`);
  if (stepMs > LONGEST_STEP_MS || DAY_MS % stepMs !== 0) {
    throw new UsageError(
      `${path}: timestamps are mostly ${stepMs / 1000} s apart; forecasts need a step of an hour or less that divides ` +
        'a day: resample to 1m, 5m, 15m or 1h, say',
    );
  }
  return stepMs;
}

function notesOf(
  rows: readonly Row[],
  sorted: readonly Row[],
  counts: Uint32Array,
  values: Float64Array,
): string[] {
  const late = rows.filter(({ startMs }, i) => i > 0 && startMs < rows[i - 1]!.startMs).length;
  const shared = counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
  const gaps = values.filter(Number.isNaN).length;
  const negative = sorted.filter(({ value }) => value < 0).length;
  return [
    late > 0 && `${late} rows came after later ones: sorted`,
    shared > 0 && `${shared} values share a step with others: their mean counts`,
    gaps > 0 && `${gaps} of ${values.length} steps have no value: left as gaps`,
    negative > 0 && `${negative} values are negative: kept as they are`,
  ].filter((note) => note !== false);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
