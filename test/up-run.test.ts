import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import type { UpReport } from '../src/cli/up/report.ts';
import { packageRoot } from '../src/temporal/package-root.ts';

/** Runs the built command in its own process group, as a terminal would, and tells of its JSON lines. */
function up(dataDirectory: string, report: string, ...options: string[]) {
  const command = join(packageRoot(), 'dist/src/cli/main.js');
  const args = ['up', '--json', '--data-directory', dataDirectory, '--report', report, ...options];
  const child = spawn(process.execPath, [command, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Record<string, unknown>[] = [];
  const waiting = new Map<string, () => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    lines.push(record);
    waiting.get(String(record['type']))?.();
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    lines,
    code,
    until: (type: string) => Promise.race([new Promise<void>((resolve) => waiting.set(type, resolve)), code]),
    ctrlC: () => process.kill(-child.pid!, 'SIGINT'),
  };
}

/** Processes that mention the folder: what a run started names its files there. */
function processesOf(folder: string): string[] {
  const all = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(folder));
}

it('after Ctrl-C no resource, no process and no published configuration is left', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'premirror-up-'));
  const file = join(folder, 'report.json');
  const run = up(folder, file, '--speed', '30');
  await run.until('status');
  expect(existsSync(join(folder, 'config.json'))).toBe(true);
  run.ctrlC();
  await run.until('message');
  run.ctrlC();
  await run.code;

  const report = JSON.parse(readFileSync(file, 'utf8')) as UpReport;
  expect(report.leftovers).toEqual([]);
  expect(report.requestsToUnreadyMirrors).toBe(0);
  expect(report.twins.mirrored.requests).toBeGreaterThan(0);
  // The same arrivals for both, but for the few that were on their way when it ended.
  const { mirrored, reactive } = report.twins;
  expect(Math.abs(mirrored.requests - reactive.requests)).toBeLessThanOrEqual(
    2 * report.wireRequestsStandFor,
  );
  expect(await run.code).toBe(report.keptUp ? 0 : 1);
  expect(run.lines.some((line) => String(line['text']).startsWith('Still taking down'))).toBe(true);
  expect(existsSync(join(folder, 'config.json'))).toBe(false);
  expect(processesOf(folder)).toEqual([]);
}, 180_000);

it('at a speed that nothing can keep up with it says so and fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'premirror-up-'));
  const file = join(folder, 'report.json');
  const run = up(folder, file, '--speed', '10000', '--for', '100m');
  expect(await run.code).toBe(1);
  const report = JSON.parse(readFileSync(file, 'utf8')) as UpReport;
  expect(report.keptUp).toBe(false);
  expect(report.leftovers).toEqual([]);
}, 180_000);
