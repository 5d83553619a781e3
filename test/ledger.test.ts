import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openLedger } from '../src/ledger/open.ts';
import { DEFAULT_TIMES_TO_SERVE } from '../src/ledger/sql-ledger.ts';
import { decisionAt, exportedRows, forecastAt, INTERVAL } from './support/ledger-rows.ts';
import { onEveryStore } from './support/ledger-stores.ts';

/** What is kept of now: the same of both stores. */

onEveryStore((open) => {
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

  test('a time names what had been decided by then, though the demand that was known is older', async () => {
    const ledger = open();
    const [first, second] = [60_000, 120_000].map((asOf) => {
      const decision = decisionAt(asOf, 'seen late', asOf + 240_000);
      return { ...decision, plan: { ...decision.plan, application: 'late' } };
    });
    for (const decision of [first!, second!]) await ledger.saveDecision(decision);
    expect(await ledger.latestDecision('late', 299_999)).toBeUndefined();
    expect(await ledger.latestDecision('late', 300_000)).toEqual(first);
    expect(await ledger.latestDecision('late', 360_000)).toEqual(second);
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

  test('a mirror run is told by notes that may come twice and in any order', async () => {
    const ledger = open();
    const notes = [
      { at: 10 },
      { at: 20, held: { full: 1, warm: 2, shadow: 0 } },
      { at: 30, serving: true as const },
      { at: 40, held: { full: 4, warm: 0, shadow: 0 } },
      { at: 90, ended: true as const },
    ];
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...notes)), async (again) => {
        const run = { application: `runs-${count++}`, zone: 'us-central1-b', run: 'mirror/1' };
        for (const note of [...again, ...notes.toReversed()]) await ledger.noteMirrorRun(run, note);
        const rows = await exportedRows(ledger, 'mirrorRuns', run.application);
        expect(rows).toEqual([
          {
            began: 10,
            serving: 30,
            ended: 90,
            mostFull: 4,
            mostWarm: 2,
            mostShadow: 0,
            run: run.run,
            zone: run.zone,
          },
        ]);
      }),
      { numRuns: 10 },
    );
  });

  test('times to serve are defaults until five were observed, then their 95th percentile per tier', async () => {
    const ledger = open();
    const observe = (run: string, ms: number) =>
      ledger.recordTimeToServe({ application: 'shop', zone: 'us-central1-b', from: 'warm', run, at: ms, ms });
    for (const ms of [1, 2, 3, 4]) await observe(`run-${ms}`, ms * 1_000);
    await observe('run-4', 99_000);
    expect(await ledger.timesToServe('shop')).toEqual(DEFAULT_TIMES_TO_SERVE);
    await observe('run-5', 5_000);
    expect(await ledger.timesToServe('shop')).toEqual({ ...DEFAULT_TIMES_TO_SERVE, warmMs: 5_000 });
    for (let ms = 6; ms <= 40; ms++) await observe(`run-${ms}`, ms * 1_000);
    expect((await ledger.timesToServe('shop')).warmMs).toBe(38_000);
    expect(await ledger.timesToServe('other')).toEqual(DEFAULT_TIMES_TO_SERVE);
  });
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
