import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';

/** What a column holds. `time`: ms since the epoch. `json`: whatever the ledger keeps as such. */
export type ColumnKind = 'text' | 'number' | 'count' | 'flag' | 'time' | 'json';
export type ExportColumns = Readonly<Record<string, ColumnKind>>;
/** A cell a column; absent or null where there is nothing to say. */
export type ExportRow = Record<string, unknown>;

/** How one table of the ledger is handed out: in the order of its time, rows unpacked into plain columns. */
export interface ExportedTable {
  table: keyof Tables;
  /** Its column of time, by which it is ordered and a range is taken. */
  time: string;
  /** With the time: what tells the rows of one application apart. */
  keys: readonly string[];
  /** How many of its rows are in memory at once. */
  rowsAPage: number;
  columns: ExportColumns;
  unpack(row: never): ExportRow[];
}

/** Returns what it is given. The types hold `time`, `keys` and `unpack` to the table's own columns. */
export function exported<T extends keyof Tables>(
  table: T,
  rest: Omit<ExportedTable, 'table' | 'time' | 'keys' | 'unpack'> & {
    time: keyof Tables[T] & string;
    keys: readonly (keyof Tables[T] & string)[];
    unpack(row: Selectable<Tables[T]>): ExportRow[];
  },
): ExportedTable {
  return { table, ...rest };
}
