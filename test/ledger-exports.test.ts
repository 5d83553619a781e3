import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { createApi } from '../src/worker/api.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { decisionAt, forecastAt, INTERVAL } from './support/ledger-rows.ts';

/** Everything in the ledger can be taken away, as CSV and as Parquet, read back here by another library than wrote it. */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const DAY = Date.UTC(2026, 10, 2);
let ledger: StoredLedger;
let api: FastifyInstance;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  api = createApi({ ledger, clock: { now: () => DAY + DAY_MS, speed: 1 } });
});
afterAll(async () => {
  await api.close();
  await ledger.close();
});

const get = (application: string, file: string, query = '') =>
  api.inject({ url: `/applications/${application}/exports/${file}${query}` });

async function csv(application: string, table: string, query?: string) {
  const { statusCode, body } = await get(application, `${table}.csv`, query);
  expect(statusCode).toBe(200);
  return parse(body, { columns: true }) as Record<string, string>[];
}

async function parquet(application: string, table: string, query?: string) {
  const { statusCode, rawPayload } = await get(application, `${table}.parquet`, query);
  expect(statusCode).toBe(200);
  const { buffer, byteOffset, length } = rawPayload;
  const file = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  return { rows: await parquetReadObjects({ file }), metadata: parquetMetadata(file) };
}

/** A day of one sample. */
const saveSample = (application: string, series: string, day: number) =>
  ledger.history.saveDemandDay(application, series, {
    day,
    stepMs: MINUTE_MS,
    complete: true,
    samples: [{ at: day + MINUTE_MS, value: 1.5 }],
  });

async function aLife(application: string) {
  const { history, eventStore, metricStore } = ledger;
  const forecast = { ...forecastAt(DAY), application, fan: `${application}@${DAY}` };
  const decided = decisionAt(DAY, 'raise "4", then\nhold');
  const decision = { ...decided, plan: { ...decided.plan, application, id: `${application}@${DAY}` } };
  const fan = [{ at: DAY + MINUTE_MS, ...INTERVAL }];
  await ledger.saveForecast(forecast, fan);
  await ledger.saveDecision(decision);
  await ledger.tell({ at: DAY + 0.5, application, kind: 'mirror', text: '=HYPERLINK("x")' });
  const run = { application, zone: 'us-central1-b', run: `mirror/${application}` };
  await ledger.noteMirrorRun(run, { at: DAY, held: { full: 2, warm: 0, shadow: 0 } });
  await ledger.recordTimeToServe({ ...run, from: 'warm', at: DAY, ms: 40_000 });
  await metricStore.saveMetrics(application, 'cpu', [{ at: DAY, value: 0.5, instances: 4 }]);
  await saveSample(application, 'rps', DAY);
  await history.saveBackfilled(application, [{ forecast, fan, decision }]);
  const score = { leadMs: 900_000, points: 96, coverage: 0.95, intervalScore: 20, crps: 5, bias: -1 };
  await history.saveScores(application, 'live', DAY, [score]);
  const balance = { cost: 12, optimalCost: 10, unservedHours: 0.5, missedSpikes: 1, falseAlarms: 0 };
  await history.saveBalance(application, 'live', DAY, balance);
  await history.saveSettingsChange(application, {
    at: DAY,
    why: 'tried',
    evidence: [{ cost: 1 }],
    before: DEFAULT_SETTINGS,
    after: DEFAULT_SETTINGS,
  });
  const event = { id: 'e', start: DAY, end: DAY + 1, name: 'Sale', kind: 'campaign' };
  await eventStore.remember(application, 'holidays', [{ ...event, announced: -Infinity }], DAY);
  await eventStore.saveChatter(application, 'news', [{ at: DAY, volume: 3, surprise: { volume: 7 } }]);
}

test('every table is exported in both formats, with the same rows and the columns that it names', async () => {
  await aLife('shop');
  const names = (await api.inject({ url: '/exports' })).json<string[]>();
  expect(names).toEqual(
    expect.arrayContaining(['demand', 'events', 'forecasts', 'fans', 'decisions', 'scores', 'balances']),
  );
  for (const table of names) {
    const [asText, { rows, metadata }] = [await csv('shop', table), await parquet('shop', table)];
    expect(rows, table).toHaveLength(1);
    expect(Object.keys(asText[0]!), table).toEqual(metadata.schema.slice(1).map(({ name }) => name));
    expect(Object.keys(rows[0]!), table).toEqual(Object.keys(asText[0]!));
    const filled = Object.values(rows[0]!).filter((cell) => cell !== undefined && cell !== null);
    expect(filled.length, table).toBeGreaterThan(2);
  }
});

test('cells come back as what they are: times, numbers, JSON, and nothing where there is nothing', async () => {
  await aLife('cells');
  const [balance] = (await parquet('cells', 'balances')).rows;
  expect(balance).toMatchObject({ day: new Date(DAY), origin: 'live', cost: 12, regret: 2, missedSpikes: 1 });
  const [decision] = (await parquet('cells', 'decisions')).rows;
  expect(decision).toMatchObject({
    at: new Date(DAY),
    headline: 'raise "4", then\nhold',
    reasons: { policy: 'interval' },
  });
  const [event] = (await parquet('cells', 'events')).rows;
  expect(event).toMatchObject({ name: 'Sale', start: new Date(DAY) });
  expect(event!['announced'] ?? null).toBeNull();
  const [sample] = await csv('cells', 'demand');
  expect(sample).toEqual({ at: '2026-11-02T00:01:00.000Z', series: 'rps', stepMs: '60000', value: '1.5' });
  expect((await csv('cells', 'decisions'))[0]!['headline']).toBe('raise "4", then\nhold');
  expect(JSON.parse((await csv('cells', 'settings'))[0]!['before']!)).toEqual(DEFAULT_SETTINGS);
});

test('a spreadsheet takes no text for a formula; Parquet has it as it is', async () => {
  await aLife('formulas');
  expect((await csv('formulas', 'happenings'))[0]!['text']).toBe(`'=HYPERLINK("x")`);
  expect((await csv('formulas', 'scores'))[0]!['bias']).toBe('-1');
  expect((await parquet('formulas', 'happenings')).rows[0]!['text']).toBe('=HYPERLINK("x")');
});

test('a range takes from its start up to before its end; what is not there is an empty table with its columns', async () => {
  for (const minute of [0, 1, 2])
    await ledger.tell({
      at: DAY + minute * MINUTE_MS,
      application: 'span',
      kind: 'scale',
      text: `${minute}`,
    });
  const range = `?from=${DAY}&to=${DAY + 2 * MINUTE_MS}`;
  expect((await csv('span', 'happenings', range)).map(({ text }) => text)).toEqual(['0', '1']);
  expect((await get('nobody', 'balances.csv')).body).toMatch(/^day,origin,cost,[^\n]+\n$/);
  const { rows, metadata } = await parquet('nobody', 'balances');
  expect(rows).toEqual([]);
  expect(metadata.schema.map(({ name }) => name)).toContain('regret');
});

test('an unknown table or format is refused, with what there is', async () => {
  const unknown = await get('shop', 'secrets.csv');
  expect([unknown.statusCode, unknown.body]).toEqual([404, expect.stringContaining('balances')]);
  expect((await get('shop', 'constructor.csv')).statusCode).toBe(404);
  expect((await get('shop', 'balances.xls')).statusCode).toBe(400);
});

test('whatever shares a time and wherever a page ends, every row comes once and in order', async () => {
  let count = 0;
  const times = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 9, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(times, async (minutes) => {
      const application = `pages-${count++}`;
      const days = minutes.map((minute, i) => ({ day: DAY + minute * DAY_MS, series: `s${i}` }));
      for (const { day, series } of days) await saveSample(application, series, day);
      const { rows } = await parquet(application, 'demand');
      const got = rows.map(({ at, series }) => `${(at as Date).getTime()} ${series as string}`);
      const wanted = days.map(({ day, series }) => `${day + MINUTE_MS} ${series}`);
      expect(got.toSorted()).toEqual(wanted.toSorted());
      const at = rows.map((row) => (row['at'] as Date).getTime());
      expect(at).toEqual(at.toSorted((a, b) => a - b));
    }),
    { numRuns: 5 },
  );
});

test('a page is read when it is asked for, not before: what came meanwhile is in it', async () => {
  for (let i = 0; i < 25; i++) await saveSample('lazy', `s${String(i).padStart(3, '0')}`, DAY);
  const opened = ledger.exports.open('demand', 'lazy', { from: DAY, to: DAY + 1 })!;
  const pages = opened.pages[Symbol.asyncIterator]();
  expect((await pages.next()).value).toHaveLength(10);
  await saveSample('lazy', 's999', DAY);
  const rest = [await pages.next(), await pages.next(), await pages.next()];
  expect(rest.map(({ value }) => (value as unknown[] | undefined)?.length)).toEqual([10, 6, undefined]);
});
