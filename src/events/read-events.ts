import { readFile } from 'node:fs/promises';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import type { AnnouncedEvent } from '../domain/event.ts';

/** Columns of the CSV, in any order, and keys of the YAML. */
const FIELDS = ['announced', 'start', 'end', 'name', 'kind', 'expected_uplift'] as const;
type Field = (typeof FIELDS)[number];
type Row = Partial<Record<Field, string>>;

/**
 * Events of a file, by start: `.csv` with the columns announced, start, end, name, kind, expected_uplift, or `.yaml`/
 * `.yml` with a list of objects with those keys. Times are ISO 8601, UTC where they name no zone; without `announced`
 * an event counts as always known. Throws with file, event, field, value and what would be right.
 */
export async function readEvents(path: string): Promise<AnnouncedEvent[]> {
  return eventsOfFile(path, await readFile(path, 'utf8'));
}

/** Events of the text of the file at `path`, whose ending tells its format. */
export function eventsOfFile(path: string, text: string): AnnouncedEvent[] {
  if (/\.csv$/i.test(path)) return eventsOfCsv(text, path);
  if (/\.ya?ml$/i.test(path)) return eventsOfYaml(text, path);
  throw new Error(`${path}: events are read from .csv, .yaml or .yml files`);
}

/** Events of a CSV text; `place` names it in errors. */
export function eventsOfCsv(text: string, place: string): AnnouncedEvent[] {
  const [head = [], ...lines] = parsed(place, () => parseCsv(text, { ...CSV, skip_empty_lines: true }));
  for (const needed of ['start', 'end', 'kind']) {
    if (!head.includes(needed)) {
      throw new Error(`${place}: no column '${needed}'; the header names ${FIELDS.join(', ')}`);
    }
  }
  const rows = lines.map((cells) => Object.fromEntries(head.map((column, i) => [column, cells[i]])) as Row);
  return eventsOf(rows, place, 2);
}

/** As spreadsheets write it; a row may leave its last cells out. */
const CSV = { bom: true, trim: true, relax_column_count: true } as const;

/** Events of a YAML text: a list; `place` names it in errors. */
export function eventsOfYaml(text: string, place: string): AnnouncedEvent[] {
  const list: unknown = parsed(place, () => parseYaml(text, { schema: 'failsafe', logLevel: 'error' }));
  if (!Array.isArray(list))
    throw new Error(`${place}: a list of events is expected, each with start, end, kind`);
  return eventsOf(list.map(toRow), place, 1);
}

function parsed<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // What follows the first line repeats the text.
    throw new Error(`${place}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
}

function toRow(entry: unknown): Row {
  const texts = Object.entries((entry ?? {}) as object).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Row;
}

function eventsOf(rows: readonly Row[], place: string, first: number): AnnouncedEvent[] {
  return rows
    .map((row, i) => eventOf(row, `${place}, ${first === 2 ? 'line' : 'event'} ${i + first}`))
    .sort((a, b) => a.start - b.start);
}

function eventOf(row: Row, place: string): AnnouncedEvent {
  const start = timeOf(row, 'start', place);
  const end = timeOf(row, 'end', place);
  if (end <= start) {
    throw new Error(`${place}: end ${row.end} is not after start ${row.start}; give the end of the event`);
  }
  const kind = row.kind;
  if (!kind) throw new Error(`${place}: kind is empty; name what it is (sale, holiday, match ...)`);
  const uplift = upliftOf(row, place);
  return {
    announced: row.announced ? timeOf(row, 'announced', place) : -8.64e15,
    start,
    end,
    name: row.name ?? kind,
    kind,
    ...(uplift === undefined ? {} : { expectedUplift: uplift }),
  };
}

function timeOf(row: Row, field: 'announced' | 'start' | 'end', place: string): number {
  const text = row[field] ?? '';
  const iso = text.replace(' ', 'T');
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) || !iso.includes('T') ? iso : `${iso}Z`);
  if (Number.isNaN(time)) {
    throw new Error(`${place}: ${field} '${text}' is no time; write ISO 8601, e.g. 2026-11-27T18:00:00Z`);
  }
  return time;
}

function upliftOf(row: Row, place: string): number | undefined {
  const text = row.expected_uplift;
  if (!text) return undefined;
  const uplift = Number(text);
  if (!(uplift > 0) || !Number.isFinite(uplift)) {
    throw new Error(`${place}: expected_uplift '${text}' is no factor; write a number above 0, e.g. 1.8`);
  }
  return uplift;
}
