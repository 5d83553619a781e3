import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackfillActivities, type BackfilledDay } from '../activities/backfill.ts';
import { createEventActivities } from '../activities/events.ts';
import { createForecastActivities } from '../activities/forecast.ts';
import { demandOfDays } from '../activities/past/demand-days.ts';
import { holidaysOf } from '../models/features/holidays.ts';
import { hindsight } from '../src/backtest/hindsight.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { seriesOfDays } from '../src/domain/demand-series.ts';
import { IMPORTED, joined, onSteps, type StepValue } from '../src/domain/imported-demand.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { createEventSources } from '../src/events/sources.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import type { DemandSource, ImportAnswer } from '../src/ports/demand.ts';
import { UnknownApplicationError } from '../src/ports/errors.ts';
import { createApi } from '../src/worker/api.ts';
import { premirror } from './support/command.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { DAY_MS, demandAt, FITTER, MINUTE_MS, MONDAY, PRICES, SPEC, STEP_MS } from './support/past-stage.ts';

/** Demand of the past comes from a file: once, apart from what was observed, and the next forecast starts from it. */

const NOW = MONDAY + 30 * DAY_MS;
const TOKEN = 'a-token-of-16-or-more';
const folder = mkdtempSync(join(tmpdir(), 'premirror-import-'));
const configFile = join(folder, 'config.json');
const running: ApplicationSpec = { ...SPEC, application: 'runs' };
const clock = { now: () => NOW, speed: 1 };
let ledger: StoredLedger;
let api: FastifyInstance;
let url: string;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  const applications = {
    async find(name: string) {
      if (name !== running.application) throw new UnknownApplicationError(`${name} does not run`);
      return { spec: running, settings: DEFAULT_SETTINGS };
    },
  };
  api = createApi({ ledger, clock, applications, eventToken: TOKEN });
  url = await api.listen({ host: '127.0.0.1', port: 0 });
  const config = {
    temporal: {},
    ledger: {},
    api: { port: Number(new URL(url).port) },
    events: { token: TOKEN },
  };
  writeFileSync(configFile, JSON.stringify(config));
});
afterAll(async () => {
  await api.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

/** A file of demand by the formula, each time the start of its step. */
function fileOf(from: number, to: number, stepMs = STEP_MS, of = demandAt): string {
  const lines = ['timestamp,value'];
  for (let at = from + stepMs; at <= to; at += stepMs)
    lines.push(`${new Date(at - stepMs).toISOString()},${of(at)}`);
  const path = join(folder, 'history.csv');
  writeFileSync(path, lines.join('\n'));
  return path;
}
const run = async (application: string, file: string, ...more: string[]) => {
  const { exitCode, out, err } = await premirror(
    'import',
    application,
    '--file',
    file,
    '--json',
    '--config',
    configFile,
    ...more,
  );
  if (exitCode !== 0) throw new Error(err);
  return JSON.parse(out) as ImportAnswer;
};
const storedSteps = async (application: string, series: string) =>
  (await ledger.history.demandDays(application, series, 0, NOW)).flatMap(({ samples }) => samples);
/** A source that has observed nothing. */
const silent = { read: async () => [] };
const forecasting = (demand: DemandSource, now: () => number) =>
  createForecastActivities({
    demand,
    ledger,
    history: ledger.history,
    clock: { now, speed: 1 },
    fitter: FITTER,
  });
const firstLook = (application: string, read: DemandSource = silent) =>
  forecasting(read, clock.now).forecast({ spec: { ...SPEC, application }, settings: DEFAULT_SETTINGS });

describe('the first forecast', () => {
  test('is cold without history, and warm with an imported one', async () => {
    expect(await firstLook('cold')).toMatchObject({ quality: 'cold', observed: 0 });
    const answer = await run('warm', fileOf(NOW - 5 * DAY_MS, NOW));
    expect(answer).toMatchObject({ taken: 5 * 96, changed: 0, running: false });
    const forecast = await firstLook('warm');
    expect(forecast.quality).not.toBe('cold');
    expect(forecast).toMatchObject({ asOf: NOW, observed: demandAt(NOW) });
    const fan = await ledger.fan(forecast.fan);
    const sixHours = fan.find(({ at }) => at === NOW + 6 * 3_600_000)!;
    expect(Math.abs(sixHours.median - demandAt(sixHours.at))).toBeLessThan(30);
  });

  test('of a running application takes an import up within a quarter of an hour', async () => {
    let now = NOW;
    const spec = { ...SPEC, application: 'late' };
    const observed = {
      read: async (_: ApplicationSpec, from: number, to: number) =>
        steps(Math.max(from, NOW - 3_600_000), to),
    };
    const { forecast } = forecasting(observed, () => now);
    const ask = { spec, settings: DEFAULT_SETTINGS };
    expect((await forecast(ask)).quality).toBe('cold');
    await run('late', fileOf(NOW - 5 * DAY_MS, NOW - DAY_MS));
    now += 15 * MINUTE_MS;
    const after = await forecast(ask);
    expect(after.quality).not.toBe('cold');
    expect(after.asOf).toBe(now);
  });

  test('goes on from what was imported to replace, though the source shows the minutes that it named again', async () => {
    const spec = { ...SPEC, application: 'corrected', demand: { ...SPEC.demand, stepMs: MINUTE_MS } };
    let now = NOW;
    // A load test is all that was observed of the last quarter of an hour.
    const observed = {
      read: async (_: ApplicationSpec, from: number, to: number) =>
        minutes(Math.max(from, NOW - 2 * 3_600_000), to, (at) =>
          at > NOW - 15 * MINUTE_MS && at <= NOW ? 5_000 : 100,
        ),
    };
    const { forecast } = forecasting(observed, () => now);
    const ask = { spec, settings: DEFAULT_SETTINGS };
    expect((await forecast(ask)).observed).toBe(5_000);
    await run(
      'corrected',
      fileOf(NOW - 15 * MINUTE_MS, NOW, MINUTE_MS, () => 110),
      '--replace',
    );
    now += 15 * MINUTE_MS;
    // What is read again of those minutes is the load test; the import's word stands: instances for 200 at the most were needed.
    const levels = 200 / SPEC.demand.perInstance;
    expect((await forecast(ask)).nearTerm!.callsPerHour.length).toBeLessThanOrEqual(levels);
    now += MINUTE_MS;
    expect((await forecast(ask)).nearTerm!.callsPerHour.length).toBeLessThanOrEqual(levels);
  });

  test('goes on where an import ended days ago and nothing was observed since', async () => {
    await run('stale', fileOf(NOW - 5 * DAY_MS, NOW - 3 * DAY_MS));
    const forecast = await firstLook('stale');
    expect(forecast.asOf).toBe(NOW - 3 * DAY_MS);
    expect(Number.isFinite(forecast.windows.shadow.upper)).toBe(true);
  });
});

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
    const observed = steps(day, day + DAY_MS / 2).map(({ at }) => ({ at, value: 7 }));
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

describe('steps of another length', () => {
  const MINUTES = [1, 2, 5, 10, 15, 30, 60];
  const known = fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 60 });

  test('keep the sum of demand over time where all of a step is known, and lie within what was given', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MINUTES), fc.constantFrom(...MINUTES), known, (from, to, places) => {
        const samples = places
          .sort((a, b) => a - b)
          .map((place) => ({ at: place * from * MINUTE_MS, value: (place * 37) % 101 }));
        const out = onSteps(samples, from * MINUTE_MS, to * MINUTE_MS);
        expect(out.every(({ at }) => at % (to * MINUTE_MS) === 0)).toBe(true);
        const values = samples.map(({ value }) => value);
        for (const { value } of out) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
          expect(value).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        }
        // A finer step takes the value of the one that it lies in.
        if (from % to === 0)
          for (const { at, value } of out)
            expect(value).toBe(
              samples.find((sample) => at <= sample.at && at > sample.at - from * MINUTE_MS)!.value,
            );
      }),
    );
  });

  test('joined, each step counts once: what replaces, else what was observed, else what fills', () => {
    const series = fc.uniqueArray(fc.record({ at: fc.nat(20), value: fc.nat(9) }), {
      selector: ({ at }) => at,
    });
    fc.assert(
      fc.property(series, series, series, (fills, observed, replaces) => {
        const at = (list: StepValue[], place: number) => list.find((one) => one.at === place)?.value;
        const expected = Array.from({ length: 21 }, (_, place) => ({
          at: place,
          value: at(replaces, place) ?? at(observed, place) ?? at(fills, place),
        })).filter(({ value }) => value !== undefined);
        expect(joined(fills, observed, replaces)).toEqual(expected);
      }),
    );
  });
});

test('what events did is measured by what was imported of the time before anything was observed', async () => {
  const spec = { ...SPEC, application: 'measured' };
  const sale = {
    id: 'sale',
    announced: NOW - 200 * DAY_MS,
    start: NOW - 100 * DAY_MS,
    end: NOW - 100 * DAY_MS + 3 * 3_600_000,
    name: 'sale',
    kind: 'sale',
  };
  await ledger.eventStore.remember(spec.application, 'campaigns', [sale], NOW - 200 * DAY_MS);
  let now = NOW;
  const { measureEvents } = createEventActivities({
    applications: { find: async () => ({ spec, settings: DEFAULT_SETTINGS }) },
    events: ledger.eventStore,
    eventSources: createEventSources(holidaysOf),
    demand: silent,
    history: ledger.history,
    clock: { now: () => now, speed: 1 },
  });
  expect(await measureEvents({ spec })).toBe(0);
  const raised = (by: number) => (at: number) => demandAt(at) * (at > sale.start && at <= sale.end ? by : 1);
  const measured = async () => {
    now += 3_600_000;
    expect(await measureEvents({ spec })).toBe(1);
    expect(await measureEvents({ spec })).toBe(0);
    const [uplift] = await ledger.eventStore.uplifts(spec.application);
    expect(uplift).toMatchObject({ source: 'campaigns', kind: 'sale', events: 1 });
    return uplift!.measured;
  };
  await run('measured', fileOf(sale.start - 15 * DAY_MS, sale.end + DAY_MS, STEP_MS, raised(3)));
  expect(await measured()).toBeCloseTo(3, 1);
  // What replaces it is measured anew.
  await run('measured', fileOf(sale.start, sale.end, STEP_MS, raised(2)), '--replace');
  expect(await measured()).toBeCloseTo(2, 1);
});

test('a backfill works a day out again that only an import knows of', async () => {
  const spec = { ...SPEC, application: 'backfilled' };
  await run('backfilled', fileOf(MONDAY - 5 * DAY_MS, MONDAY + 3 * DAY_MS));
  const { describeApplication, backfillDay } = createBackfillActivities({
    applications: { find: async () => ({ spec, settings: DEFAULT_SETTINGS }) },
    fleet: {
      snapshot: async () => ({ primary: { serving: 6, minimum: 2, maximum: 10, target: 6 }, mirrors: [] }),
    },
    demand: silent,
    ledger,
    history: ledger.history,
    hindsight,
    clock,
    prices: PRICES,
    fitter: FITTER,
  });
  const environment = new MockActivityEnvironment();
  const known = await describeApplication('backfilled');
  const done = (await environment.run(backfillDay, { known, day: MONDAY })) as BackfilledDay;
  expect(done.looks).toBe(96);
  expect(done.balance!.optimalCost).toBeGreaterThan(0);
  const [first] = await ledger.history.backfilled('backfilled', MONDAY, MONDAY + DAY_MS);
  expect(first!.forecast).toMatchObject({ observed: demandAt(MONDAY - STEP_MS) });
  expect(first!.forecast.quality).not.toBe('cold');
});

function minutes(from: number, to: number, of: (at: number) => number): StepValue[] {
  const found = [];
  for (let at = Math.floor(from / MINUTE_MS) * MINUTE_MS + MINUTE_MS; at <= to; at += MINUTE_MS)
    found.push({ at, value: of(at) });
  return found;
}

function steps(from: number, to: number): StepValue[] {
  const found = [];
  for (let at = Math.floor(from / STEP_MS) * STEP_MS + STEP_MS; at <= to; at += STEP_MS)
    found.push({ at, value: demandAt(at) });
  return found;
}
