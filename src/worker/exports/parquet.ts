import { TransformStream, type ReadableStream } from 'node:stream/web';
import { ByteWriter, parquetWriteRows, type BasicType } from 'hyparquet-writer';
import type { Export } from '../../ledger/exports/exports.ts';
import type { ColumnKind, ExportRow } from '../../ledger/exports/table.ts';
import { timeOf } from './time.ts';

const TYPES: Record<ColumnKind, BasicType> = {
  text: 'STRING',
  number: 'DOUBLE',
  count: 'INT32',
  flag: 'BOOLEAN',
  time: 'TIMESTAMP',
  json: 'JSON',
};
/** Rows a row group: what is in memory, and what a reader can skip. */
const ROWS_A_GROUP = 10_000;

/** A Parquet file, compressed with Snappy, a row group at a time as fast as it is read. */
export function toParquet({ columns, pages }: Export): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sink = writable.getWriter();
  const writer = new ByteWriter();
  const flush = async () => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    await sink.ready;
    await sink.write(bytes);
  };
  const finish = async () => {
    await flush();
    await sink.close();
  };
  const written = parquetWriteRows({
    rows: cells(columns, pages),
    columns: Object.entries(columns).map(([name, kind]) => ({ name, type: TYPES[kind] })),
    writer: Object.assign(writer, { flush, finish }),
    rowGroupSize: ROWS_A_GROUP,
  });
  // An error here ends the download with it. A reader who leaves ends the writing, and then nothing is left to abort.
  Promise.resolve(written).catch((error: unknown) => sink.abort(error).catch(() => undefined));
  return readable;
}

async function* cells(columns: Export['columns'], pages: Export['pages']): AsyncGenerator<ExportRow> {
  const times = Object.keys(columns).filter((name) => columns[name] === 'time');
  for await (const rows of pages)
    for (const row of rows) {
      const cell = { ...row };
      for (const name of times) cell[name] = timeOf(row[name]);
      yield cell;
    }
}
