import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Config } from '../config/config.ts';
import { UsageError } from './errors.ts';
import { columns } from './output.ts';
import { askWorker, streamFromWorker } from './worker-api.ts';

export interface ExportOptions {
  format: 'csv' | 'parquet';
  /** Folder, made where it is not there. */
  out: string;
  /** Every one, if left out. */
  table?: string[];
  /** ms since the epoch. */
  from?: number;
  to?: number;
}

export interface ExportedFile {
  table: string;
  path: string;
  bytes: number;
}

/** Writes a file a table: under another name until it is whole, so that a loss leaves no half file. */
export async function exportLedger(
  config: Config,
  application: string,
  { format, out, table, from, to }: ExportOptions,
): Promise<ExportedFile[]> {
  const known = await askWorker<string[]>(config, '/exports');
  const unknown = table?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--table ${unknown}: the ledger exports ${known.join(', ')}`);
  const query = new URLSearchParams();
  if (from !== undefined) query.set('from', String(from));
  if (to !== undefined) query.set('to', String(to));
  await mkdir(out, { recursive: true });
  const files: ExportedFile[] = [];
  for (const name of table ?? known) {
    const path = join(out, `${application}-${name}.${format}`);
    const base = `/applications/${encodeURIComponent(application)}/exports`;
    const bytes = await save(
      await streamFromWorker(config, `${base}/${name}.${format}?${query.toString()}`),
      path,
    );
    files.push({ table: name, path, bytes });
  }
  return files;
}

async function save(stream: ReadableStream<Uint8Array>, path: string): Promise<number> {
  const unfinished = `${path}.part`;
  try {
    await pipeline(Readable.fromWeb(stream), createWriteStream(unfinished));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return (await stat(path)).size;
}

export function describeExport(files: ExportedFile[]): string {
  return columns(files.map(({ path, bytes }) => [path, `${bytes} bytes`]));
}
