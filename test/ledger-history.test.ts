import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { PARTED } from '../src/ledger/parts.ts';
import { THINNED_AFTER_DAYS } from '../src/ledger/retention.ts';
import { decisionAt, forecastAt, INTERVAL } from './support/ledger-rows.ts';
import { onEveryStore } from './support/ledger-stores.ts';

/** What the ledger keeps of the past: the same of both stores, and no more than is kept. */

const DAY_MS = 86_400_000;
const DAY = Date.UTC(2026, 10, 2);
const MINUTE_MS = 60_000;

onEveryStore((open) => {
  test('a day of demand is replaced whole and comes back as it was read, gaps missing', async () => {
    const { history } = open();
    const samples = [
      { at: DAY + MINUTE_MS, value: 1.5 },
      { at: DAY + 3 * MINUTE_MS, value: 0 },
    ];
    const day = { day: DAY, stepMs: MINUTE_MS, complete: false, samples: samples.slice(0, 1) };
    await history.saveDemandDay('shop', 'rps', day);
    await history.saveDemandDay('shop', 'rps', { ...day, complete: true, samples });
    await history.saveDemandDay('shop', 'cpu', day);
    expect(await history.demandDays('shop', 'rps', DAY, DAY + 1)).toEqual([
      { ...day, complete: true, samples },
    ]);
    expect(await history.demandDays('shop', 'rps', DAY + 1, DAY + DAY_MS)).toEqual([]);
  });

  test('a minute of a metric is replaced by a later word of it, and kept apart from other metrics', async () => {
    const { metricStore } = open();
    const minute = { at: DAY + MINUTE_MS, value: 0.5, instances: 2 };
    await metricStore.saveMetrics('shop', 'cpu', [minute, { ...minute, at: DAY + 2 * MINUTE_MS }]);
    await metricStore.saveMetrics('shop', 'cpu', [{ ...minute, value: 0.6 }]);
    await metricStore.saveMetrics('shop', 'latencyP99', [{ ...minute, value: 900 }]);
    await metricStore.saveMetrics('shop', 'memory', []);
    expect(await metricStore.metrics('shop', 'cpu', DAY, DAY + MINUTE_MS)).toEqual([
      { ...minute, value: 0.6 },
    ]);
    expect(await metricStore.metrics('shop', 'cpu', DAY + MINUTE_MS, DAY + DAY_MS)).toHaveLength(1);
    expect(await metricStore.metrics('other', 'cpu', DAY, DAY + DAY_MS)).toEqual([]);
  });

  test('backfilled looks never mix with live ones, and a repetition replaces them', async () => {
    const ledger = open();
    const look = {
      forecast: forecastAt(DAY),
      fan: [{ at: DAY, ...INTERVAL }],
      decision: decisionAt(DAY, 'a'),
    };
    const again = { ...look, decision: decisionAt(DAY, 'b') };
    await ledger.history.saveBackfilled('past', [look]);
    await ledger.history.saveBackfilled('past', [again]);
    const at = look.forecast.issuedAt;
    expect(await ledger.history.backfilled('past', at, at + 1)).toEqual([again]);
    expect(await ledger.latestForecast('past')).toBeUndefined();
    expect(await ledger.latestDecision('past')).toBeUndefined();
  });

  test('live forecasts come back one a beat, decisions the newest of each plan', async () => {
    const ledger = open();
    for (const minute of [0, 1, 14, 15, 16]) {
      await ledger.saveForecast(forecastAt(DAY + minute * MINUTE_MS), [{ at: DAY, ...INTERVAL }]);
      await ledger.saveDecision(decisionAt(DAY + minute * MINUTE_MS, 'first'));
    }
    await ledger.saveDecision(decisionAt(DAY, 'again'));
    const { history } = ledger;
    const minutes = (ats: number[]) => ats.map((at) => (at - DAY) / MINUTE_MS);
    const thin = await history.forecastsOf('shop', DAY, DAY + DAY_MS, 15 * MINUTE_MS);
    expect(minutes(thin.map(({ forecast }) => forecast.asOf))).toEqual([0, 15]);
    expect(thin[0]?.fan).toEqual([{ at: DAY, ...INTERVAL }]);
    const digests = await history.digestsOf('shop', DAY + MINUTE_MS, DAY + 16 * MINUTE_MS);
    expect(minutes(digests.map(({ asOf }) => asOf))).toEqual([1, 14, 15]);
    const decisions = await history.decisionsOf('shop', DAY, DAY + 2 * MINUTE_MS);
    expect(decisions.map(({ reasons }) => reasons.headline)).toEqual(['again', 'first']);
  });

  test('what served at each look comes back in order; decisions of older versions say nothing of it', async () => {
    const ledger = open();
    const seen = [2, 0, 1].map((minute) => ({
      at: DAY + minute * MINUTE_MS + 240_000,
      instances: 5 + minute,
    }));
    for (const served of seen) {
      const decision = decisionAt(served.at - 240_000, 'seen');
      await ledger.saveDecision({ ...decision, reasons: { ...decision.reasons, served } });
    }
    await ledger.saveDecision(decisionAt(DAY + 3 * MINUTE_MS, 'old'));
    const served = await ledger.history.servedOf('shop', DAY, DAY + DAY_MS);
    expect(served).toEqual([seen[1], seen[2], seen[0]]);
    expect(await ledger.history.servedOf('shop', DAY + MINUTE_MS, DAY + 2 * MINUTE_MS)).toEqual([seen[2]]);
  });

  test('scores and balances are kept per day and origin, and replaced when worked out again', async () => {
    const { history } = open();
    const score = { leadMs: 900_000, points: 3, coverage: 1, intervalScore: 2, crps: 0.5, bias: -1 };
    const balance = { cost: 2, optimalCost: 1, unservedHours: 0, missedSpikes: 0, falseAlarms: 1 };
    for (const points of [1, 3]) {
      await history.saveScores('shop', 'live', DAY, [{ ...score, points }]);
      await history.saveBalance('shop', 'live', DAY, { ...balance, falseAlarms: points });
    }
    await history.saveScores('shop', 'backfill', DAY, [score]);
    expect(await history.scores('shop', 'live', DAY, DAY + 1)).toEqual([{ ...score, day: DAY }]);
    expect(await history.balances('shop', 'live', DAY, DAY + 1)).toEqual([
      { ...balance, falseAlarms: 3, day: DAY },
    ]);
    expect(await history.balances('shop', 'backfill', DAY, DAY + 1)).toEqual([]);
  });

  test('changes of settings come newest first, with their evidence; a repetition is no second one', async () => {
    const { history } = open();
    const change = { at: DAY, before: DEFAULT_SETTINGS, after: DEFAULT_SETTINGS, why: 'a', evidence: [1] };
    await history.saveSettingsChange('shop', change);
    await history.saveSettingsChange('shop', { ...change, why: 'repeated' });
    await history.saveSettingsChange('shop', { ...change, at: DAY + 1, why: 'b' });
    expect(await history.settingsChanges('shop', 5)).toEqual([{ ...change, at: DAY + 1, why: 'b' }, change]);
    expect(await history.settingsChanges('shop', 1)).toHaveLength(1);
  });

  test('what is old is thinned, then deleted; what is young stays, also when two prune at once', async () => {
    const ledger = open();
    const now = DAY + 1_000 * DAY_MS;
    const { keptDays, partDays } = PARTED.forecasts;
    const ages = [THINNED_AFTER_DAYS - 1, THINNED_AFTER_DAYS + 1, keptDays + partDays];
    for (const age of ages)
      for (const minute of [0, 5, 20])
        await ledger.saveForecast(forecastAt(now - age * DAY_MS + minute * MINUTE_MS), []);
    await ledger.tell({ at: now - DAY_MS, application: 'shop', kind: 'scale', text: 'young' });
    await ledger.tell({ at: now - 120 * DAY_MS, application: 'shop', kind: 'scale', text: 'old' });
    const pruned = await Promise.all([ledger.history.prune(now), ledger.history.prune(now)]);
    expect(Math.max(...pruned)).toBeGreaterThan(0);
    const left = await Promise.all(
      ages.map(async (age) => {
        const from = now - age * DAY_MS;
        return (await ledger.history.digestsOf('shop', from, from + DAY_MS)).length;
      }),
    );
    expect(left).toEqual([3, 2, 0]);
    const told = (await ledger.happenings(0)).map(({ text }) => text);
    expect(told).toContain('young');
    expect(told).not.toContain('old');
    expect(await ledger.history.prune(now)).toBe(0);
  });
});
