import { afterAll, beforeAll, expect, it } from 'vitest';
import { forecastsAlong, type ForecastsAlong } from '../src/backtest/forecasts-along.ts';
import { DEFAULT_MODEL, lagSteps, STEP_MS, STEPS_PER_DAY, TICKS_PER_STEP } from '../src/backtest/model.ts';
import { optimum } from '../src/backtest/optimum.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { premirrorContender, replayWorld } from '../src/backtest/premirror-contender.ts';
import { regret, score } from '../src/backtest/score.ts';
import { simulate, type Targets } from '../src/backtest/world.ts';
import type { Decision } from '../src/domain/plan.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { DAY_MS, FITTER, lookBack, MONDAY } from './support/past-stage.ts';

/**
 * What the running system tells each morning of the day before (its own cost over the clairvoyant optimum's) is what the backtest
 * tells of the same day: the ledger holds what the backtest decided on a simulated fleet, and feedback looks back on it.
 */

const MODEL = DEFAULT_MODEL;
/** A day is told of, before which half a day is known. */
const DAY = MONDAY + DAY_MS;
const START = DAY - DAY_MS / 2;
const BEFORE = STEPS_PER_DAY / 2;
const HOUR_MS = 3_600_000;

/** In instances: a wave a day with noise of 10%, and a crowd that nothing foretells. */
function demandAlong(): Float64Array {
  let state = 11;
  const uniform = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Float64Array.from({ length: BEFORE + STEPS_PER_DAY }, (_, step) => {
    const minute = step - BEFORE;
    const since = minute - 737;
    const crowd = since >= 0 && since < 45 ? 9 * Math.min(1, since / 4) : 0;
    const usual = 9 - 5 * Math.cos((2 * Math.PI * minute) / STEPS_PER_DAY);
    return (usual + crowd) * (1 + 0.1 * (uniform() - 0.5));
  });
}

const demand = demandAlong();
const samples = Array.from(demand, (value, i) => ({ at: START + (i + 1) * STEP_MS, value }));
let ledger: StoredLedger;
let forecasts: ForecastsAlong;
beforeAll(async () => {
  ledger = await openEmptyLedger();
  const options = { fitter: FITTER, nearTerm: true };
  forecasts = await forecastsAlong(demand, START, replayWorld(MODEL, 'cost'), DEFAULT_SETTINGS, options);
});
afterAll(() => ledger.close());

/** Cost and least cost of the day, by the backtest's own account. */
function toldByBacktest(targets: Targets): { cost: number; optimalCost: number } {
  const course = simulate(targets, MODEL, Math.ceil(demand[0]!));
  const ofDay = (ticks: Int32Array) => ticks.subarray(BEFORE * TICKS_PER_STEP);
  const lived = {
    serving: ofDay(course.serving),
    full: ofDay(course.full),
    warm: ofDay(course.warm),
    shadow: ofDay(course.shadow),
  };
  const needed = demand.subarray(BEFORE);
  const best = optimum(needed, MODEL, course.serving[BEFORE * TICKS_PER_STEP - 1]!);
  return { cost: score(needed, lived, MODEL).cost, optimalCost: score(needed, best, MODEL).cost };
}

async function toldByFeedback(world: ReturnType<typeof replayWorld>) {
  const known = { world, settings: DEFAULT_SETTINGS };
  const days = await lookBack(ledger, known, samples, DAY + DAY_MS + 9 * HOUR_MS);
  return days.find(({ day }) => day === DAY)!.balance!;
}

it.each<[string, { target?: number; digits?: number }]>([
  // Nothing but plans moves this fleet: both accounts are the same.
  ['without an autoscaler', { digits: 9 }],
  // The backtest's autoscaler sees demand as late as forecasts do, feedback's at once.
  ['beside an autoscaler', { target: 0.9 }],
])(
  '%s live regret is the backtest’s, cost over the least cost within 1%%',
  async (beside, { target, digits }) => {
    const world = replayWorld(MODEL, 'cost', target);
    const own = { ...world, spec: { ...world.spec, application: beside.replaceAll(' ', '-') } };
    const decisions: Decision[] = [];
    const contender = premirrorContender(MODEL, own, forecasts, START, {
      settings: DEFAULT_SETTINGS,
      decided: (decision) => void decisions.push(decision),
    });
    const backtest = toldByBacktest(decideAlong(contender, demand, lagSteps(MODEL)));
    const ofDay = decisions.filter(({ plan }) => plan.asOf >= DAY - HOUR_MS && plan.asOf < DAY + DAY_MS);
    expect(ofDay.some(({ plan }) => plan.mirrors.length > 0)).toBe(true);
    for (const decision of ofDay) await ledger.saveDecision(decision);

    const live = await toldByFeedback(own);
    const [told, expected] = [live, backtest].map(({ cost, optimalCost }) => regret(cost, optimalCost));
    expect(expected).toBeGreaterThan(0.05);
    if (digits === undefined) expect(Math.abs((1 + told!) / (1 + expected!) - 1)).toBeLessThan(0.01);
    else expect(told).toBeCloseTo(expected!, digits);
    expect(await ledger.history.balances(own.spec.application, 'live', DAY, DAY + 1)).toMatchObject([live]);
  },
);
