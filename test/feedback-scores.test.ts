import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LivedPast } from '../activities/past/lived-past.ts';
import { scoresByLead } from '../activities/past/scores.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { decisionAt, forecastAt } from './support/ledger-rows.ts';
import { DAY_MS, lookBack, MINUTE_MS, MONDAY, PRICES, SPEC, STEP_MS } from './support/past-stage.ts';

/** What became of forecasts and plans, against figures worked out by hand. */

const LEAD_MS = 15 * MINUTE_MS;
const WORLD = {
  spec: SPEC,
  prices: PRICES,
  timesToServe: { warmMs: 30_000, shadowMs: 60_000, coldMs: 120_000 },
  primary: { minimum: 4, maximum: 4 },
};

/** One forecast as of Monday that says 90, 100 and 110 of the next quarter of an hour. */
const issued = {
  forecast: { ...forecastAt(MONDAY), nominalCoverage: 0.9 },
  fan: [{ at: MONDAY + LEAD_MS, lower: 90, median: 100, upper: 110 }],
};
const came = (value: number) => ({
  startAt: MONDAY + LEAD_MS,
  stepMs: STEP_MS,
  values: Float64Array.of(value),
});

describe('a forecast against what came', () => {
  test('within the interval costs its width, and each quantile its distance', () => {
    // Quantile losses at 0.05, 0.5 and 0.95: 0.05 x 15, 0.5 x 5, 0.05 x 5; the score is twice their mean.
    const [score] = scoresByLead([issued], came(105));
    expect(score).toMatchObject({ leadMs: LEAD_MS, points: 1, coverage: 1, intervalScore: 20, bias: 5 });
    expect(score!.crps).toBeCloseTo((2 * (0.75 + 2.5 + 0.25)) / 3, 12);
  });

  test('beyond it pays two over what is left to the tails for each unit', () => {
    const [score] = scoresByLead([issued], came(112));
    expect(score).toMatchObject({ coverage: 0, bias: 12 });
    expect(score!.intervalScore).toBeCloseTo(20 + 20 * 2, 9);
  });

  test('counts nowhere while it has not come, or no sample did', () => {
    expect(scoresByLead([issued], came(Number.NaN))).toEqual([]);
    expect(scoresByLead([issued], { ...came(1), startAt: MONDAY + DAY_MS })).toEqual([]);
  });
});

describe('plans on a simulated fleet', () => {
  const B = { zone: 'us-central1-b', warm: 0, shadow: 0 };
  const plan = (full: number) => ({
    ...decisionAt(MONDAY, 'a').plan,
    primaryMinimum: 4,
    mirrors: full > 0 ? [{ ...B, full }] : [],
  });

  test('an unserved quarter of an hour is one missed spike, at the price of a violation', () => {
    const lived = new LivedPast(WORLD, 200);
    lived.step(300, MONDAY + STEP_MS, STEP_MS);
    lived.step(200, MONDAY + 2 * STEP_MS, STEP_MS);
    const { cost, unservedHours, ...counts } = lived.takeBalance();
    expect(counts).toEqual({ missedSpikes: 1, falseAlarms: 0 });
    expect(unservedHours).toBeCloseTo(0.5, 9);
    expect(cost).toBeCloseTo(0.5 * 4 * PRICES.full + 0.5 * SPEC.objectives.violationCost * PRICES.full, 9);
    expect(lived.takeBalance().cost).toBe(0);
  });

  test('a mirror that nobody needed is one false alarm, one that was needed is none', () => {
    const lived = new LivedPast(WORLD, 200);
    const raise = (demand: number, from: number) => {
      lived.adopt(plan(2));
      lived.step(200, from + STEP_MS, STEP_MS);
      lived.step(demand, from + 2 * STEP_MS, STEP_MS);
      lived.adopt(plan(0));
      lived.step(200, from + 3 * STEP_MS, STEP_MS);
      return lived.takeBalance();
    };
    expect(raise(200, MONDAY)).toMatchObject({ falseAlarms: 1, missedSpikes: 0 });
    expect(raise(300, MONDAY + DAY_MS)).toMatchObject({ falseAlarms: 0, missedSpikes: 0 });
  });
});

describe('a look back', () => {
  let ledger: StoredLedger;
  beforeAll(async () => void (ledger = await openEmptyLedger()));
  afterAll(() => ledger.close());

  test('scores yesterday and today and sets what the plans cost beside hindsight', async () => {
    const now = MONDAY + DAY_MS + DAY_MS / 2;
    const samples = [];
    for (let at = MONDAY - DAY_MS; at <= now; at += STEP_MS)
      samples.push({ at, value: at < MONDAY + DAY_MS / 2 ? 150 : 300 });
    for (let at = MONDAY; at < now; at += STEP_MS) {
      const point = { at: at + LEAD_MS, lower: 100, median: 150, upper: 200 };
      await ledger.saveForecast({ ...forecastAt(at), fan: `shop@${at}` }, [point]);
      await ledger.saveDecision(decisionAt(at, 'nothing to do'));
    }
    const days = await lookBack(ledger, { world: WORLD, settings: DEFAULT_SETTINGS }, samples, now);
    expect(days.map(({ day }) => day)).toEqual([MONDAY, MONDAY + DAY_MS]);
    // In the morning demand was as forecast, from noon on twice that.
    expect(days[0]!.scores).toMatchObject([{ leadMs: LEAD_MS, points: 96, coverage: 47 / 96 }]);
    expect(days[1]!.scores).toMatchObject([{ points: 48, coverage: 0, bias: 150 }]);
    const [yesterday] = await ledger.history.balances('shop', 'live', MONDAY, MONDAY + 1);
    // The plans keep three instances where six are needed from noon on; hindsight raises the others in time.
    expect(yesterday).toMatchObject({ missedSpikes: 1, falseAlarms: 0 });
    expect(yesterday!.unservedHours).toBeCloseTo(3 * 12.25, 9);
    expect(yesterday!.optimalCost).toBeLessThan(yesterday!.cost / 5);
    expect(yesterday!.optimalCost).toBeGreaterThan(24 * 3 * PRICES.full);
  });
});
