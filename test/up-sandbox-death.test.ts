import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { processesOf, up } from './support/up-process.ts';

/**
 * Nothing that the sandbox held can be removed or measured once it is dead: a run that waited for it would wait in vain
 * (its own limit for removing is three minutes).
 */
async function expectHonestEnd(run: ReturnType<typeof up>, folder: string): Promise<void> {
  run.kill('src/sandbox/main.js');
  expect(await run.code).toBe(1);
  expect(run.complaints()).toBe('');
  const lost = run.lines.find((line) => line['type'] === 'sandboxLost');
  expect(lost).toMatchObject({
    why: expect.stringMatching(/the sandbox died \(signal SIGKILL\); see .*log/),
  });
  expect(lost?.['namespace']).toMatch(/^sandbox-\d{8}-\d{6}$/);
  expect(run.lines.at(-1)).toBe(lost);
  expect(existsSync(join(folder, 'report.json'))).toBe(false);
  expect(existsSync(join(folder, 'config.json'))).toBe(false);
  expect(processesOf(folder)).toEqual([]);
}

const LIMIT_MS = 180_000;

it(
  'a sandbox that dies ends the run, which says what is lost and leaves no process',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'premirror-up-'));
    const run = up(folder, join(folder, 'report.json'), '--speed', '60');
    await run.until('addresses');
    await expectHonestEnd(run, folder);
  },
  LIMIT_MS,
);

it(
  'the same while the application is being removed',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'premirror-up-'));
    const run = up(folder, join(folder, 'report.json'), '--speed', '60');
    await run.until('happening');
    run.ctrlC();
    await run.until('message');
    await expectHonestEnd(run, folder);
  },
  LIMIT_MS,
);
