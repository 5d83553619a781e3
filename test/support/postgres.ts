import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/temporal/free-port.ts';

const run = promisify(execFile);
const BINARIES = findBinaries();

/** Whether Debian's packages of a PostgreSQL are installed. */
export const hasPostgres = BINARIES !== undefined;
if (!hasPostgres)
  console.warn('The ledger is not tried on a PostgreSQL: no initdb in /usr/lib/postgresql/*/bin');

export interface RunningPostgres {
  url: string;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own on loopback, in a folder that goes with it. */
export async function startPostgres(): Promise<RunningPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-postgres-'));
  const data = join(directory, 'data');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if ('uid' in user) chownSync(directory, user.uid!, user.gid!);
  const call = (binary: string, args: string[]) =>
    run(join(BINARIES!, binary), ['-D', data, ...args], { ...user, cwd: directory });

  const port = await freePort();
  await call('initdb', ['-U', 'premirror', '-A', 'trust', '-N']);
  const options = `-F -p ${port} -h 127.0.0.1 -k ${directory}`;
  await call('pg_ctl', ['-w', '-l', join(directory, 'log'), '-o', options, 'start']);
  return {
    url: `postgres://premirror@127.0.0.1:${port}/postgres`,
    async stop() {
      await call('pg_ctl', ['-m', 'immediate', 'stop']);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function findBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .map((version) => join(root, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}
