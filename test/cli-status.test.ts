import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { learntRows, readLearnt } from '../src/cli/learnt.ts';
import { describeStatus } from '../src/cli/status.ts';
import { loadConfig } from '../src/config/config.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { createApi } from '../src/worker/api.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** What `premirror status shop` says of the last days, as the worker tells it over real HTTP. */

const DAY_MS = 86_400_000;
const DAY = Date.UTC(2026, 10, 2);

test('the last days, how far forecasts were to be trusted, and what moved and why', async () => {
  const ledger = await openEmptyLedger();
  const api = createApi({ ledger, clock: { now: () => DAY + DAY_MS, speed: 1 } });
  try {
    const { history } = ledger;
    const balance = { cost: 12, optimalCost: 10, unservedHours: 0.5, missedSpikes: 1, falseAlarms: 0 };
    for (const day of [0, 1, 2, 3, 4])
      await history.saveBalance('shop', 'live', DAY - day * DAY_MS, { ...balance, cost: 12 + day });
    const score = { leadMs: 900_000, intervalScore: 20, crps: 5, bias: -1 };
    await history.saveScores('shop', 'live', DAY, [{ ...score, points: 30, coverage: 1 }]);
    await history.saveScores('shop', 'live', DAY - DAY_MS, [{ ...score, points: 10, coverage: 0.6 }]);
    await history.saveScores('shop', 'live', DAY - 9 * DAY_MS, [{ ...score, points: 99, coverage: 0 }]);
    await history.saveSettingsChange('shop', {
      at: DAY + 3_600_000,
      before: DEFAULT_SETTINGS,
      after: { ...DEFAULT_SETTINGS, thresholdFactor: 1.05 },
      why: 'one step lower would have saved 3%',
      evidence: null,
    });
    const url = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
    const learnt = await readLearnt(configFor(Number(url.port)), 'shop');
    const link = { workflowId: 'application/shop', runId: 'r', link: 'LINK', list: 'LIST' };
    const view = { application: 'shop', mode: 'auto' as const, phase: 'observing' as const, forced: {} };
    const lines = describeStatus([{ ...link, view: { ...view, runs: [] }, learnt: learnt! }]).split('\n');
    expect(lines.filter((line) => line.startsWith('  balance'))).toEqual([
      expect.stringContaining('2026-10-31  cost 14.00'),
      expect.stringContaining('2026-11-01  cost 13.00'),
      '  balance  2026-11-02  cost 12.00, optimum 10.00  regret 2.00 (1.20 ×)  missed spikes 1, false alarms 0, unserved 0.5 instance-hours',
    ]);
    expect(lines).toContain('  coverage 90.0% at 15 min (40); 7 days to 2026-11-02');
    expect(lines).toContain(
      '  settings 2026-11-02 01:00 thresholdFactor 1.15 -> 1.05: one step lower would have saved 3%',
    );
  } finally {
    await api.close();
    await ledger.close();
  }
});

test('nothing is said where nothing was learnt, and a worker that is away hides nothing else', async () => {
  expect(learntRows({ balances: [], scores: [], changes: [] })).toEqual([]);
  expect(await readLearnt(configFor(1), 'shop')).toBeUndefined();
});

function configFor(port: number) {
  const path = join(mkdtempSync(join(tmpdir(), 'premirror-status-')), 'config.json');
  writeFileSync(path, JSON.stringify({ temporal: {}, ledger: {}, api: { host: '127.0.0.1', port } }));
  return loadConfig(path);
}
