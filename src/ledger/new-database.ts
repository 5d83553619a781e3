import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

const INITIALISE = `
  const { workerData } = require('node:worker_threads');
  const { PGlite } = require(workerData.module);
  PGlite.create(workerData.directory).then((database) => database.close());
`;

/**
 * Makes the files of a new embedded database. In a thread of its own, since what initdb takes is given back only with
 * its thread: the process then has 470 MB resident in place of 750 MB (320 MB once the files are there). Under another
 * name until it is whole, so that a start that was killed half-way leaves no half database.
 */
export async function createDatabaseFiles(path: string): Promise<void> {
  const unfinished = `${path}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const module = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const thread = new Worker(INITIALISE, { eval: true, workerData: { module, directory: unfinished } });
  await once(thread, 'exit');
  await rename(unfinished, path);
}
