import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { createBackfillActivities, type BackfilledDay } from '../activities/backfill.ts';
import { createEventActivities } from '../activities/events.ts';
import { createForecastActivities } from '../activities/forecast.ts';
import { holidaysOf } from '../models/features/holidays.ts';
import { hindsight } from '../src/backtest/hindsight.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import type { StepValue } from '../src/domain/imported-demand.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { createEventSources } from '../src/events/sources.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import { clock, fileOf, ledger, NOW, run, silent } from './support/import-bench.ts';
import { DAY_MS, demandAt, FITTER, MINUTE_MS, MONDAY, PRICES, SPEC, STEP_MS } from './support/past-stage.ts';

/** What was imported counts: the next forecast starts from it, what events did and past days are worked out by it. */

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
