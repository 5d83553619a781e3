import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackfillActivities } from '../activities/backfill.ts';
import type { BackfilledDay } from '../activities/backfill.ts';
import type { KnownApplication } from '../activities/past/known-past.ts';
import { hindsight } from '../src/backtest/hindsight.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { DAY_MS, demandAt, FITTER, MINUTE_MS, MONDAY, PRICES, SPEC, STEP_MS } from './support/past-stage.ts';

/** A backfill works the past out as of then: the same whoever asks in whatever order, knowing nothing that came later. */

let ledger: StoredLedger;
beforeAll(async () => void (ledger = await openEmptyLedger()));
afterAll(() => ledger.close());

/** Activities of a worker that has just started, over demand that begins two days before Monday. */
function worker(demand: (at: number) => number = demandAt, application = 'shop') {
  const spec = { ...SPEC, application };
  const asked: number[] = [];
  const asOfs: number[] = [];
  const activities = createBackfillActivities({
    applications: { find: async () => ({ spec, settings: DEFAULT_SETTINGS }) },
    fleet: {
      snapshot: async () => ({ primary: { serving: 6, minimum: 2, maximum: 10, target: 6 }, mirrors: [] }),
    },
    demand: {
      read: async (_, from, to) => {
        asked.push(from);
        const samples = [];
        for (let at = Math.max(from, MONDAY - 2 * DAY_MS) + STEP_MS; at <= to; at += STEP_MS)
          samples.push({ at, value: demand(at) });
        return samples;
      },
    },
    ledger,
    history: ledger.history,
    hindsight,
    clock: { now: () => MONDAY + 30 * DAY_MS, speed: 1 },
    prices: PRICES,
    events: {
      events: async (_application, _from, _to, knownAt) => {
        asOfs.push(knownAt);
        return [];
      },
    },
    fitter: FITTER,
  });
  const environment = new MockActivityEnvironment();
  return {
    asked,
    asOfs,
    async day(n: number): Promise<BackfilledDay> {
      const known: KnownApplication = await activities.describeApplication(application);
      const input = { known, day: MONDAY + n * DAY_MS };
      return (await environment.run(activities.backfillDay, input)) as BackfilledDay;
    },
    looks: (n: number) =>
      ledger.history.backfilled(application, MONDAY + n * DAY_MS, MONDAY + (n + 1) * DAY_MS),
  };
}

describe('a day of the past', () => {
  test('is looked at every quarter of an hour, raises mirrors for the crowd, and is judged by hindsight', async () => {
    const { day, looks, asOfs } = worker();
    const done = await day(1);
    expect(done.looks).toBe(96);
    const rows = await looks(1);
    expect(rows.map(({ forecast }) => forecast.issuedAt - MONDAY - DAY_MS)).toEqual(
      Array.from({ length: 96 }, (_, i) => i * 15 * MINUTE_MS),
    );
    // Events count as they were known at each look, never later.
    expect(asOfs.slice(-96)).toEqual(rows.map(({ forecast }) => forecast.issuedAt));
    // As of then: the newest final sample is older than the look by the observation delay.
    for (const { forecast } of rows) expect(forecast.asOf).toBe(forecast.issuedAt - STEP_MS);
    expect(rows.some(({ decision }) => decision.plan.mirrors.length > 0)).toBe(true);
    expect(done.balance!.cost).toBeGreaterThan(done.balance!.optimalCost);
    expect(done.scores.map(({ leadMs }) => leadMs / MINUTE_MS)).toEqual([15, 60, 360, 1_440]);
    expect(await ledger.history.balances('shop', 'backfill', MONDAY, MONDAY + 2 * DAY_MS)).toHaveLength(1);
    expect(await ledger.latestDecision('shop')).toBeUndefined();
    expect(await ledger.latestForecast('shop')).toBeUndefined();
  });

  test('comes out the same alone, after the days before it, and again', async () => {
    const alone = worker();
    await alone.day(1);
    const first = await alone.looks(1);
    const inOrder = worker();
    const results = [];
    for (const n of [0, 1]) results.push(await inOrder.day(n));
    expect(await inOrder.looks(1)).toEqual(first);
    expect(await inOrder.day(1)).toEqual(results[1]);
    expect(await inOrder.looks(1)).toEqual(first);
    // What is complete in the ledger is not asked of the source again.
    const days = inOrder.asked.filter((from) => from >= MONDAY - 2 * DAY_MS);
    expect(days).toEqual([]);
  });

  test('knows nothing of what comes later', async () => {
    const noon = MONDAY + DAY_MS / 2;
    const other = worker((at) => (at <= noon ? demandAt(at) : 5_000), 'other');
    await other.day(0);
    const same = worker(demandAt, 'same');
    await same.day(0);
    const before = async (which: typeof other, name: string) =>
      JSON.stringify((await which.looks(0)).filter(({ forecast }) => forecast.asOf <= noon)).replaceAll(
        name,
        '',
      );
    expect(await before(other, 'other')).toEqual(await before(same, 'same'));
  });

  test('without any demand has no looks, and says so', async () => {
    expect(await worker(demandAt, 'early').day(-30)).toEqual({ looks: 0, scores: [] });
  });
});
