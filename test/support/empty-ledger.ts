import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabaseFiles } from '../../src/ledger/new-database.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { StoredLedger } from '../../src/ledger/sql-ledger.ts';

const CACHE = 'node_modules/.cache/premirror';

/**
 * An embedded ledger without a row, gone when closed. Its database is a copy of one that is made once: making one takes
 * seconds of computing, and most tests only want somewhere to write.
 */
export async function openEmptyLedger(): Promise<StoredLedger> {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-ledger-'));
  cpSync(await emptyDatabase(), join(directory, 'data'), { recursive: true });
  const ledger = await openLedger({ directory });
  const close = ledger.close.bind(ledger);
  return Object.assign(ledger, {
    async close() {
      await close();
      rmSync(directory, { recursive: true });
    },
  });
}

async function emptyDatabase(): Promise<string> {
  const { version } = JSON.parse(readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8')) as {
    version: string;
  };
  const files = join(CACHE, `empty-database-${version}`);
  if (existsSync(files)) return files;
  await mkdir(CACHE, { recursive: true });
  const own = `${files}.${process.pid}`;
  await createDatabaseFiles(own);
  // Another test may have been quicker: its files are as good.
  await rename(own, files).catch(() => rmSync(own, { recursive: true }));
  return files;
}
