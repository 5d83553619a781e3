import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PostgresDialect } from 'kysely';
import { PGliteDialect } from 'kysely-pglite-dialect';
import pg from 'pg';
import { migrate } from './migrations.ts';
import { createDatabaseFiles } from './new-database.ts';
import { claimDirectory } from './owner.ts';
import { SqlLedger, type StoredLedger } from './sql-ledger.ts';
import type { Tables } from './tables.ts';

/** Where the ledger is: a PostgreSQL by URL, else an embedded one in a directory, or in `memory`. */
export interface LedgerPlace {
  directory: string;
  url?: string | undefined;
}

/**
 * Opens the ledger and brings its tables up to date. An embedded one belongs to one process: throws, naming its owner,
 * when another process has it open.
 */
export async function openLedger(place: LedgerPlace): Promise<StoredLedger> {
  if (place.url) {
    const pool = new pg.Pool({ connectionString: place.url, max: 8 });
    // A lost idle connection would end the process; the next query opens another, or fails where it can be handled.
    pool.on('error', () => undefined);
    return start(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }));
  }
  if (place.directory === 'memory') return start(embedded(await PGlite.create()));

  await mkdir(place.directory, { recursive: true });
  const release = await claimDirectory(place.directory);
  try {
    const files = join(place.directory, 'data');
    if (!existsSync(files)) await createDatabaseFiles(files);
    return await start(embedded(await PGlite.create(files)), release);
  } catch (error) {
    await release();
    throw error;
  }
}

function embedded(lite: PGlite): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PGliteDialect(lite) });
}

async function start(db: Kysely<Tables>, release?: () => Promise<void>): Promise<StoredLedger> {
  const ledger = new SqlLedger(db, release);
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return ledger;
}
