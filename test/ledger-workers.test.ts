import { afterEach, expect, test } from 'vitest';
import pg from 'pg';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { openLedger } from '../src/ledger/open.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { decisionAt, exportedRows, forecastAt, INTERVAL } from './support/ledger-rows.ts';
import { onPostgres } from './support/ledger-stores.ts';

/** Several workers on one PostgreSQL: what they write at once is there once, and nothing is lost. */

const DAY_MS = 86_400_000;
const DAY = Date.UTC(2026, 10, 2);
const MINUTE_MS = 60_000;
const WORKERS = 3;

onPostgres('several workers on one PostgreSQL', (server) => {
  const opened: StoredLedger[] = [];
  const openAll = async () => {
    const ledgers = await Promise.all(Array.from({ length: WORKERS }, () => openLedger(server())));
    opened.push(...ledgers);
    return ledgers as [StoredLedger, ...StoredLedger[]];
  };
  afterEach(() => Promise.all(opened.splice(0).map((ledger) => ledger.close())));

  test('all come up at once on an empty database, which is migrated once', async () => {
    await openAll();
    const client = new pg.Client(server().url);
    await client.connect();
    const { rows } = await client.query<{ name: string; times: number }>(
      'select name, count(*)::integer as times from kysely_migration group by name',
    );
    await client.end();
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.every(({ times }) => times === 1)).toBe(true);
  });

  test('the same day written by all of them at once is there as if one had written it', async () => {
    const [first, ...others] = await openAll();
    await writeDay(first, 'alone');
    await Promise.all([first, ...others].map((ledger) => writeDay(ledger, 'together')));
    for (const table of first.exports.names) {
      const rows = async (application: string) =>
        (await exportedRows(first, table, application)).map((row) => JSON.stringify(row)).toSorted();
      const alone = (await rows('alone')).map((row) => row.replaceAll('alone', 'together'));
      expect(await rows('together'), table).toEqual(alone.toSorted());
      expect(alone.length, table).toBeGreaterThan(0);
    }
  });

  test('what each of them alone has to say is all there, in parts that were not there before', async () => {
    const ledgers = await openAll();
    const tell = (ledger: StoredLedger, worker: number) =>
      Promise.all(
        Array.from({ length: 20 }, (_, day) =>
          ledger.tell({
            at: DAY - (100 + day * 30) * DAY_MS,
            application: 'shop',
            kind: 'operator',
            text: `${worker} on ${day}`,
          }),
        ),
      );
    await Promise.all(ledgers.map(tell));
    const texts = (await exportedRows(ledgers[0], 'happenings', 'shop')).map(({ text }) => text);
    expect(new Set(texts).size).toBe(20 * WORKERS);
    expect(texts).toHaveLength(20 * WORKERS);
  });

  test('old parts are dropped by all at once while others are written', async () => {
    const ledgers = await openAll();
    const now = DAY + 200 * DAY_MS;
    const writing = Array.from({ length: 20 }, (_, minute) =>
      ledgers[0].saveDecision(decisionAt(now + minute * MINUTE_MS, 'young')),
    );
    await Promise.all([...writing, ...ledgers.map(({ history }) => history.prune(now))]);
    const left = (await exportedRows(ledgers[0], 'decisions', 'shop')).map(({ headline }) => headline);
    expect(left).toEqual(Array.from({ length: 20 }, () => 'young'));
    expect(await exportedRows(ledgers[0], 'happenings', 'shop')).toEqual([]);
  });
});

/** A row or more of everything, of times that fall into several parts. */
async function writeDay(ledger: StoredLedger, application: string): Promise<void> {
  const { history, eventStore, metricStore } = ledger;
  const run = { application, zone: 'us-central1-b', run: `mirror/${application}/1` };
  const look = (at: number) => {
    const decision = decisionAt(at, 'hold');
    return {
      forecast: { ...forecastAt(at), application, fan: `${application}@${at}` },
      fan: [{ at: at + MINUTE_MS, ...INTERVAL }],
      decision: { ...decision, plan: { ...decision.plan, application, id: `${application}@${at}` } },
    };
  };
  const looks = Array.from({ length: 10 }, (_, day) => look(DAY - day * DAY_MS));
  const events = Array.from({ length: 10 }, (_, i) => ({
    id: `e${i}`,
    announced: DAY,
    start: DAY + i,
    end: DAY + DAY_MS,
    name: 'sale',
    kind: 'campaign',
  }));
  const change = { at: DAY, before: DEFAULT_SETTINGS, after: DEFAULT_SETTINGS, why: 'tried', evidence: null };
  const score = { leadMs: 900_000, points: 96, coverage: 0.95, intervalScore: 20, crps: 5, bias: -1 };
  const balance = { cost: 12, optimalCost: 10, unservedHours: 0.5, missedSpikes: 1, falseAlarms: 0 };
  const day = { day: DAY, stepMs: MINUTE_MS, complete: true };
  await Promise.all([
    ...looks.map(({ forecast, fan }) => ledger.saveForecast(forecast, fan)),
    ...looks.map(({ decision }) => ledger.saveDecision(decision)),
    ...looks.map(({ decision }) =>
      ledger.tell({ at: decision.plan.asOf, application, kind: 'decision', text: 'hold' }),
    ),
    history.saveBackfilled(application, looks),
    history.saveDemandDay(application, 'rps', { ...day, samples: [{ at: DAY + MINUTE_MS, value: 1 }] }),
    history.saveScores(application, 'live', DAY, [score]),
    history.saveBalance(application, 'live', DAY, balance),
    history.saveSettingsChange(application, change),
    eventStore.remember(application, 'calendar', events, DAY),
    eventStore.saveChatter(application, 'news', [{ at: DAY, volume: 3 }]),
    metricStore.saveMetrics(application, 'cpu', [{ at: DAY, value: 0.5, instances: 4 }]),
    ledger.noteMirrorRun(run, { at: DAY, held: { full: 1, warm: 0, shadow: 0 } }),
    ledger.noteMirrorRun(run, { at: DAY + 1, ended: true }),
    ledger.recordTimeToServe({ ...run, from: 'warm', at: DAY, ms: 40_000 }),
  ]);
}
