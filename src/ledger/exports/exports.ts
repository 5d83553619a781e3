import { sql, type Kysely } from 'kysely';
import type { Tables } from '../tables.ts';
import type { ExportColumns, ExportedTable, ExportRow } from './table.ts';
import { EXPORTED_TABLES } from './tables.ts';

/** A table of one application on its way out. */
export interface Export {
  columns: ExportColumns;
  /** In the order of time. The next page is read when it is asked for. */
  pages: AsyncIterable<ExportRow[]>;
}

export interface ExportRange {
  /** ms since the epoch: from <= time < to. A day's row counts by the day's start, an event by its start. */
  from: number;
  to: number;
}

/** The ledger's tables as people take them away: one page in memory at a time, however much there is. */
export class Exports {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  get names(): string[] {
    return Object.keys(EXPORTED_TABLES);
  }

  /** Undefined when there is no table of this name. */
  open(name: string, application: string, range: ExportRange): Export | undefined {
    if (!Object.hasOwn(EXPORTED_TABLES, name)) return undefined;
    const table = EXPORTED_TABLES[name]!;
    return { columns: table.columns, pages: pagesOf(this.#db, table, application, range) };
  }
}

/** Each page goes on after the last row of the one before: nothing is held open between them, and what is written meanwhile moves none. */
async function* pagesOf(
  db: Kysely<Tables>,
  { table, time, keys, rowsAPage, unpack }: ExportedTable,
  application: string,
  { from, to }: ExportRange,
): AsyncGenerator<ExportRow[]> {
  const order = [time, ...keys];
  const columns = sql.join(order.map((column) => sql.ref(column)));
  let after = sql`true`;
  for (;;) {
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)}
      where application = ${application} and ${sql.ref(time)} >= ${from} and ${sql.ref(time)} < ${to} and ${after}
      order by ${columns} limit ${sql.lit(rowsAPage)}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.flatMap((row) => unpack(row as never));
    after = sql`(${columns}) > (${sql.join(order.map((column) => last[column]))})`;
  }
}
