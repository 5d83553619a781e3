import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { createApi } from '../src/worker/api.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** What was learnt can be read by whoever asks the worker. */

const DAY_MS = 86_400_000;
const DAY = Date.UTC(2026, 10, 2);
let ledger: StoredLedger;
let api: FastifyInstance;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  api = createApi({ ledger, clock: { now: () => DAY + DAY_MS, speed: 1 } });
  const { history } = ledger;
  const score = { leadMs: 900_000, points: 96, coverage: 0.95, intervalScore: 20, crps: 5, bias: -1 };
  const balance = { cost: 12, optimalCost: 10, unservedHours: 0.5, missedSpikes: 1, falseAlarms: 0 };
  const change = { at: DAY, before: DEFAULT_SETTINGS, after: DEFAULT_SETTINGS, why: 'test', evidence: null };
  await history.saveScores('shop', 'live', DAY, [score]);
  await history.saveBalance('shop', 'live', DAY, balance);
  await history.saveBalance('shop', 'live', DAY - 60 * DAY_MS, balance);
  await history.saveSettingsChange('shop', change);
});
afterAll(async () => {
  await api.close();
  await ledger.close();
});

const get = async (url: string) => {
  const { statusCode, body } = await api.inject({ url });
  return { statusCode, body };
};

test('scores, balances and moves of the last month, and of another span where asked', async () => {
  const { body } = await get('/applications/shop/learning');
  expect(JSON.parse(body)).toMatchObject({
    scores: [{ day: DAY, leadMs: 900_000, coverage: 0.95 }],
    balances: [{ day: DAY, cost: 12, optimalCost: 10 }],
    changes: [{ at: DAY, why: 'test' }],
  });
  const older = JSON.parse((await get('/applications/shop/learning?from=0')).body) as { balances: unknown[] };
  expect(older.balances).toHaveLength(2);
  const backfill = await get('/applications/shop/learning?origin=backfill');
  expect(JSON.parse(backfill.body)).toMatchObject({ scores: [], balances: [] });
  expect((await get('/applications/shop/learning?origin=guess')).statusCode).toBe(400);
});
