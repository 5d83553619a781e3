import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environment } from '../../src/config/config.ts';
import { packageRoot } from '../../src/temporal/package-root.ts';

const run = promisify(execFile);

/** Google's packages come to some 240 MB unpacked. */
const INSTALL_LIMIT_MS = 300_000;
const INSTALL_OPTIONS = ['--quiet', '--only-binary=:all:', '--require-hashes'];
const TOOLS: readonly [command: string, args: string[]][] = [
  ['python3', ['-m', 'pip', 'install', '--disable-pip-version-check', '--root-user-action=ignore']],
  ['uv', ['pip', 'install', '--python', 'python3']],
];

/** Why Python packages cannot be had, and what to do about it. */
export class NoPythonError extends Error {
  override name = 'NoPythonError';
}

/**
 * Folder with the packages of a requirements file (below the repository), for PYTHONPATH: from the project's cache, or
 * installed into it by pip or uv, hashes required. Throws NoPythonError when neither can.
 */
export async function pythonPackages(requirements: string, ...options: string[]): Promise<string> {
  const file = join(packageRoot(), requirements);
  const { cacheDirectory, home } = environment();
  const cache = cacheDirectory ?? join(home ?? '.', '.cache', 'premirror');
  const version = await pythonVersion();
  const key = createHash('sha256').update(readFileSync(file)).update(version).digest('hex').slice(0, 12);
  const folder = join(cache, `python-packages-${key}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const tried: string[] = [];
  for (const [command, args] of TOOLS) {
    const target = await mkdtemp(`${folder}.part-`);
    try {
      const where = ['--target', target, '-r', file];
      await run(command, [...args, ...INSTALL_OPTIONS, ...options, ...where], { timeout: INSTALL_LIMIT_MS });
      // Whoever comes second finds it done.
      await rename(target, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error;
      });
      return folder;
    } catch (error) {
      tried.push(`${command}: ${lastLine(error)}`);
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  }
  throw new NoPythonError(
    `The packages of ${requirements} cannot be had (${tried.join('; ')}): install pip or uv, and see to it that PyPI can be reached`,
  );
}

async function pythonVersion(): Promise<string> {
  try {
    const { stdout } = await run('python3', [
      '-c',
      'import sys; print(sys.version_info[:2] >= (3, 10), sys.version)',
    ]);
    if (stdout.startsWith('True')) return stdout;
    throw new Error(`python3 is ${stdout.slice(6).trim()}`);
  } catch (error) {
    throw new NoPythonError(`Python 3.10 or newer is missing (${lastLine(error)}): install it as python3`);
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim().split('\n').at(-1) || message).trim();
}
