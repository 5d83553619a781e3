import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import { EMPTY_MEMORY, type Decision } from '../src/domain/plan.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { createApi } from '../src/worker/api.ts';
import { createClock } from '../src/worker/clock.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** The worker's API is how the command and the dashboard read the ledger that only the worker may open. */

let ledger: StoredLedger;
let api: FastifyInstance;
let base: string;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  api = createApi({ ledger, clock: { now: () => 1_000, speed: 20 } });
  base = await api.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await api.close();
  await ledger.close();
});

async function get(path: string) {
  const answer = await fetch(base + path);
  return { status: answer.status, body: (await answer.json()) as unknown };
}

test('it says that it works, and what time it is there', async () => {
  expect(await get('/healthz')).toEqual({ status: 200, body: { ok: true, now: 1_000, speed: 20 } });
});

test('happenings come after an id, and a bad id is refused by name', async () => {
  await ledger.tell({ at: 1, application: 'shop', kind: 'scale', text: 'one' });
  await ledger.tell({ at: 2, application: 'shop', kind: 'scale', text: 'two' });
  const { body } = await get('/happenings');
  expect(body).toMatchObject([{ text: 'one' }, { text: 'two' }]);
  const [first] = body as { id: number }[];
  expect((await get(`/happenings?after=${first!.id}`)).body).toMatchObject([{ text: 'two' }]);
  expect(await get('/happenings?after=now')).toMatchObject({
    status: 400,
    body: { message: expect.stringMatching(/after must be integer/) },
  });
});

test('forecast, fan and decision of an application; 404 in words while there is none', async () => {
  for (const what of ['forecast', 'fan', 'decision'])
    expect(await get(`/applications/shop/${what}`)).toMatchObject({
      status: 404,
      body: { error: expect.stringMatching(/of shop yet/) },
    });
  const fan = [{ at: 60_000, lower: 1, median: 2, upper: 3 }];
  const forecast = { application: 'shop', asOf: 0, fan: 'shop@0', observed: 2 } as ForecastDigest;
  const plan = { id: 'shop@0', application: 'shop', asOf: 0, mirrors: [], primaryMinimum: 1 };
  const decision = { plan, nextLookMs: 1, memory: EMPTY_MEMORY } as unknown as Decision;
  await ledger.saveForecast(forecast, fan);
  await ledger.saveDecision(decision);
  expect(await get('/applications/shop/forecast')).toEqual({ status: 200, body: forecast });
  expect(await get('/applications/shop/fan')).toEqual({ status: 200, body: fan });
  expect(await get('/applications/shop/decision')).toEqual({ status: 200, body: decision });
  expect(await get('/applications/shop/decision?at=-1')).toMatchObject({
    status: 404,
    body: { error: expect.stringMatching(/no decision of shop by 1969-12-31T23:59:59.999Z/) },
  });
  expect(await get('/applications/shop/decision?at=1e300')).toMatchObject({ status: 400 });
});

test('application time is the origin and the wall time since, times the speed', () => {
  const clock = createClock({ originMs: 1_000_000, wallOriginMs: 5_000, speed: 60 }, () => 6_000);
  expect(clock.now()).toBe(1_060_000);
  expect(createClock(undefined, () => 42)).toMatchObject({ speed: 1 });
  expect(createClock(undefined, () => 42).now()).toBe(42);
});
