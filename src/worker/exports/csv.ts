import { stringify } from 'csv-stringify/sync';
import type { Export } from '../../ledger/exports/exports.ts';
import type { ColumnKind } from '../../ledger/exports/table.ts';
import { timeOf } from './time.ts';

/**
 * CSV with a header, a page of text at a time. Times are ISO 8601, JSON is text. A text that a spreadsheet would take for
 * a formula begins with an apostrophe: names of events come from outside.
 */
export async function* toCsv({ columns, pages }: Export): AsyncGenerator<string> {
  const entries = Object.entries(columns);
  yield stringify([entries.map(([name]) => name)]);
  for await (const rows of pages)
    yield stringify(
      rows.map((row) => entries.map(([name, kind]) => cellOf(kind, row[name]))),
      { escape_formulas: true, cast: { boolean: String } },
    );
}

function cellOf(kind: ColumnKind, value: unknown): unknown {
  if (value === undefined || value === null) return '';
  if (kind === 'time') return timeOf(value)?.toISOString() ?? '';
  return kind === 'json' ? JSON.stringify(value) : value;
}
