import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLedger } from '../src/ledger/open.ts';
import { DEFAULT_TIMES_TO_SERVE, type StoredLedger } from '../src/ledger/sql-ledger.ts';
import { decisionAt, forecastAt, INTERVAL } from './support/ledger-rows.ts';
import { hasPostgres, startPostgres, type RunningPostgres } from './support/postgres.ts';

/** The same expectations of every store. */
function keepsItsWord(open: () => StoredLedger) {
  test('a forecast and its whole fan come back as they were; repeating the write changes nothing', async () => {
    const ledger = open();
    const [older, newer] = [forecastAt(60_000), forecastAt(120_000)];
    const fan = [{ at: 180_000, ...INTERVAL }];
    await ledger.saveForecast(newer, fan);
    await ledger.saveForecast(older, []);
    await ledger.saveForecast(newer, []);
    expect(await ledger.fan(newer.fan)).toEqual(fan);
    expect(await ledger.fan('unknown')).toEqual([]);
    expect(await ledger.latestForecast('shop')).toEqual(newer);
    expect(await ledger.latestForecast('other')).toBeUndefined();
  });

  test('decisions are kept per plan; the same plan decided otherwise is kept as well and is the newest', async () => {
    const ledger = open();
    const first = decisionAt(60_000, 'first');
    const again = decisionAt(60_000, 'a zone ran dry');
    const later = decisionAt(120_000, 'later');
    for (const decision of [first, later, again, first]) await ledger.saveDecision(decision);
    expect(await ledger.latestDecision('shop')).toEqual(later);
    expect(await ledger.latestDecision('shop', 119_999)).toEqual(again);
    expect(await ledger.latestDecision('shop', 59_999)).toBeUndefined();
  });

  test('what happened is told once, in the order of the telling', async () => {
    const ledger = open();
    const raised = {
      at: 1_785_000_000_000.5,
      application: 'shop',
      kind: 'mirror' as const,
      text: 'raised 4',
    };
    await ledger.tell(raised);
    await ledger.tell(raised);
    await ledger.tell({ ...raised, text: 'retired' });
    await ledger.tell({ ...raised, application: 'other' });
    const told = await ledger.happenings(0);
    expect(told).toMatchObject([raised, { ...raised, text: 'retired' }, { ...raised, application: 'other' }]);
    const [first] = told;
    expect(await ledger.happenings(first!.id)).toHaveLength(2);
  });

  test("a model's state is replaced whole, arrays and strings included", async () => {
    const ledger = open();
    expect(await ledger.loadModelState('shop')).toBeUndefined();
    for (const state of [[1, 'two'], 'text', { buckets: [[0.1], []] }]) {
      await ledger.saveModelState('shop', state);
      expect(await ledger.loadModelState('shop')).toEqual(state);
    }
  });

  test('times to serve are defaults until five were observed, then their 95th percentile per tier', async () => {
    const ledger = open();
    const observe = (run: string, ms: number) =>
      ledger.recordTimeToServe({ application: 'shop', zone: 'us-central1-b', from: 'warm', run, ms });
    for (const ms of [1, 2, 3, 4]) await observe(`run-${ms}`, ms * 1_000);
    await observe('run-4', 99_000);
    expect(await ledger.timesToServe('shop')).toEqual(DEFAULT_TIMES_TO_SERVE);
    await observe('run-5', 5_000);
    expect(await ledger.timesToServe('shop')).toEqual({ ...DEFAULT_TIMES_TO_SERVE, warmMs: 5_000 });
    for (let ms = 6; ms <= 40; ms++) await observe(`run-${ms}`, ms * 1_000);
    expect((await ledger.timesToServe('shop')).warmMs).toBe(38_000);
    expect(await ledger.timesToServe('other')).toEqual(DEFAULT_TIMES_TO_SERVE);
  });
}

describe('the embedded ledger in memory', () => {
  let ledger: StoredLedger;
  beforeAll(async () => void (ledger = await openLedger({ directory: 'memory' })));
  afterAll(() => ledger.close());
  keepsItsWord(() => ledger);
});

describe('the embedded ledger in a directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-ledger-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('outlives its process, and is refused while another process has it open', async () => {
    const first = await openLedger({ directory });
    await first.saveDecision(decisionAt(60_000, 'kept'));
    await first.close();

    // This test's parent is alive and not this process.
    writeFileSync(join(directory, 'owner.pid'), String(process.ppid));
    await expect(openLedger({ directory })).rejects.toThrow(
      new RegExp(`open in process ${process.ppid}.*ledger.directory`),
    );

    // The mark of a process that was killed is taken over: no process has this id.
    writeFileSync(join(directory, 'owner.pid'), String(2 ** 30));
    const second = await openLedger({ directory });
    expect((await second.latestDecision('shop'))?.reasons.headline).toBe('kept');
    await second.close();
    expect(existsSync(join(directory, 'owner.pid'))).toBe(false);
  });
});

describe.skipIf(!hasPostgres)('the ledger on a PostgreSQL', () => {
  let server: RunningPostgres;
  let ledger: StoredLedger;

  beforeAll(async () => {
    server = await startPostgres();
    ledger = await openLedger({ directory: 'memory', url: server.url });
  });
  afterAll(async () => {
    await ledger?.close();
    await server?.stop();
  });
  keepsItsWord(() => ledger);

  test('several workers may open it at once', async () => {
    const others = await Promise.all(
      [1, 2, 3].map(() => openLedger({ directory: 'memory', url: server.url })),
    );
    expect(await others[0]!.latestDecision('shop')).toBeDefined();
    await Promise.all(others.map((other) => other.close()));
  });
});
