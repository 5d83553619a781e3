import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../temporal/package-root.ts';

/** Path of a process's compiled entry, e.g. `src/worker/main`. Throws saying how to build when it is absent. */
export function compiledEntry(module: string): string {
  const path = join(packageRoot(), 'dist', `${module}.js`);
  if (!existsSync(path)) throw new Error(`${path} is missing; run: npm run build`);
  return path;
}

/** The files of one run: logs, the processes' configuration, the ledger. */
export interface RunDirectory {
  path: string;
  /** Folder of all runs, absolute: what outlives a run lies here. */
  dataDirectory: string;
  /** Names the run, e.g. 20260916-134000; also its Temporal namespace's suffix. */
  life: string;
  file(name: string): string;
}

/** Creates the directory of a run under `dataDirectory` (`.premirror` without it), named by the wall clock. */
export async function createRunDirectory(dataDirectory = '.premirror'): Promise<RunDirectory> {
  const life = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const path = resolve(dataDirectory, 'runs', life);
  await mkdir(path, { recursive: true });
  return { path, dataDirectory: resolve(dataDirectory), life, file: (name) => join(path, name) };
}
