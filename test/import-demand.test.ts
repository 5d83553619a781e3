import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { demandOfDays } from '../activities/past/demand-days.ts';
import { seriesOfDays } from '../src/domain/demand-series.ts';
import { IMPORTED } from '../src/domain/imported-demand.ts';
import type { ImportAnswer } from '../src/ports/demand.ts';
import { premirror } from './support/command.ts';
import {
  clock,
  configFile,
  fileOf,
  folder,
  ledger,
  NOW,
  run,
  running,
  silent,
  storedSteps,
  TOKEN,
  url,
} from './support/import-bench.ts';
import { DAY_MS, demandAt, MINUTE_MS, STEP_MS } from './support/past-stage.ts';

/** Demand of the past comes from a file: once, and apart from what was observed. */

describe('an import', () => {
  test('twice changes nothing, corrected it says what changed', async () => {
    const file = fileOf(NOW - 3 * DAY_MS, NOW - DAY_MS);
    expect(await run('twice', file)).toMatchObject({ taken: 192, changed: 0, unchanged: 0 });
    const before = await storedSteps('twice', IMPORTED.fills);
    expect(await run('twice', file)).toMatchObject({ taken: 0, changed: 0, unchanged: 192 });
    expect(await storedSteps('twice', IMPORTED.fills)).toEqual(before);
    const corrected = fileOf(
      NOW - 2 * DAY_MS,
      NOW,
      STEP_MS,
      (at) => demandAt(at) + (at <= NOW - 1.5 * DAY_MS ? 1 : 0),
    );
    expect(await run('twice', corrected)).toMatchObject({ taken: 96, changed: 48, unchanged: 48 });
  });

  test('leaves what was observed live alone, unless told to replace it, and can be forgotten', async () => {
    const day = NOW - 5 * DAY_MS;
    const deps = { demand: silent, history: ledger.history, clock };
    const observed = Array.from({ length: 48 }, (_, i) => ({ at: day + (i + 1) * STEP_MS, value: 7 }));
    const stored = { day, stepMs: STEP_MS, complete: true, samples: observed };
    await ledger.history.saveDemandDay('runs', seriesOfDays(running.demand), stored);
    const file = fileOf(day, day + DAY_MS);
    expect(await run('runs', file)).toMatchObject({ taken: 48, observed: 48, running: true });
    const demand = async () => [...(await demandOfDays(deps, running, day, day + DAY_MS))!.values];
    const own = Array.from({ length: 96 }, (_, i) => demandAt(day + (i + 1) * STEP_MS));
    expect(await demand()).toEqual([...Array<number>(48).fill(7), ...own.slice(48)]);
    expect(await run('runs', file, '--replace')).toMatchObject({ taken: 96, observed: 0 });
    expect(await demand()).toEqual(own);
    const forgotten = await premirror('import', 'runs', '--forget', '--config', configFile);
    expect(forgotten).toMatchObject({ exitCode: 0, out: 'runs: 144 imported steps are taken out again\n' });
    expect((await demand()).slice(0, 48)).toEqual(Array<number>(48).fill(7));
    expect(await storedSteps('runs', seriesOfDays(running.demand))).toEqual(observed);
    expect(await premirror('import', 'runs', '--config', configFile)).toMatchObject({ exitCode: 2 });
  });

  test('leaves out what is older than demand is kept, what is not over, and what is no demand', async () => {
    const from = NOW - 401 * DAY_MS;
    const old = fileOf(from, from + 2 * DAY_MS);
    expect(await run('edges', old)).toMatchObject({ taken: 96, tooOld: 96 });
    const future = fileOf(NOW - DAY_MS, NOW + DAY_MS, STEP_MS, (at) => (at <= NOW - DAY_MS / 2 ? -1 : 5));
    expect(await run('edges', future)).toMatchObject({ taken: 48, tooNew: 96, negative: 48 });
  });

  test('reads other columns, finer steps, gaps and doubles, and says so', async () => {
    const lines = ['when,region,requests'];
    for (let second = 0; second < 600; second += 10)
      if (second < 120 || second >= 180)
        lines.push(`${new Date(NOW - DAY_MS + second * 1000).toISOString()},eu,${second}`);
    lines.push(lines[1]!);
    const path = join(folder, 'columns.csv');
    writeFileSync(path, lines.join('\n'));
    const columns = ['--time', 'when', '--column', 'requests'];
    const { out } = await premirror('import', 'columns', '--file', path, '--config', configFile, ...columns);
    expect(out).toMatch(/9 steps taken, 0 changed, 0 imported before/);
    expect(out).toMatch(/1 values share a step with others/);
    expect(out).toMatch(/no application columns runs now/);
    expect(await storedSteps('columns', IMPORTED.fills)).toMatchObject([
      { at: NOW - DAY_MS + MINUTE_MS, value: 25 },
      { at: NOW - DAY_MS + 2 * MINUTE_MS, value: 85 },
      { at: NOW - DAY_MS + 4 * MINUTE_MS, value: 205 },
      ...Array.from({ length: 6 }, () => ({})),
    ]);
    const missing = await premirror(
      'import',
      'columns',
      '--file',
      path,
      '--column',
      'reqs',
      '--config',
      configFile,
    );
    expect(missing).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/no column reqs; its first line is: when, region, requests/),
    });
  });

  test('is for those with the token, and refused whole where a part is wrong', async () => {
    const post = async (body: unknown, token = TOKEN) => {
      const answer = await fetch(`${url}/applications/refused/demand`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as ImportAnswer };
    };
    const day = NOW - DAY_MS;
    const body = { stepMs: MINUTE_MS, days: [{ day, samples: [[1, 5]] }] };
    expect((await post(body, 'another-token-of-16')).status).toBe(401);
    for (const wrong of [
      { ...body, stepMs: 7 * MINUTE_MS },
      { ...body, stepMs: 1_000 },
      { ...body, days: [{ day: day + 1, samples: [] }] },
      { ...body, days: [{ day, samples: [[1, -5]] }] },
      {
        ...body,
        days: [
          {
            day,
            samples: [
              [1, 5],
              [1441, 5],
            ],
          },
        ],
      },
      { ...body, days: [{ day, samples: [['one', 5]] }] },
      {},
    ])
      expect((await post(wrong)).status, JSON.stringify(wrong)).toBe(400);
    expect(await storedSteps('refused', IMPORTED.fills)).toEqual([]);
    // A step without a value is a gap, never zero.
    const gap = await post({
      ...body,
      days: [
        {
          day,
          samples: [
            [1, 5],
            [2, null],
          ],
        },
      ],
    });
    expect(gap).toMatchObject({ status: 200, body: { taken: 1 } });
  });
});
