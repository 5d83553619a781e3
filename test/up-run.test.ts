import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { UpReport } from '../src/cli/up/report.ts';
import { processesOf, up } from './support/up-process.ts';

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
  expect(run.complaints()).toBe('');
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
