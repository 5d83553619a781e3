import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEvaluateActivities } from '../activities/evaluate.ts';
import type { DecideInput } from '../src/domain/decide.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import {
  DELAY_MS,
  AS_OF,
  MINUTE_MS,
  PRICES,
  SPEC,
  forecast,
  input,
  interval,
} from './support/decide-inputs.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

const SPIKE = interval(700, 800, 900);
const spike = forecast({ windows: { full: SPIKE, warm: SPIKE, shadow: SPIKE } });

let ledger: StoredLedger;
beforeAll(async () => {
  ledger = await openEmptyLedger();
});
afterAll(() => ledger.close());

/** The activity over a fleet that stands still, with the ledger of this test. */
function evaluate(application: string, changes: Partial<DecideInput>, now = AS_OF + DELAY_MS) {
  const { fleet, capacity, settings, memory, forecast: said, forced, paused } = input(changes);
  const spec = { ...SPEC, application };
  const activities = createEvaluateActivities({
    fleet: { snapshot: () => Promise.resolve(fleet) },
    capacity: { read: () => Promise.resolve(capacity) },
    ledger,
    clock: { now: () => now, speed: 1 },
    prices: PRICES,
  });
  return activities.evaluate({ spec, settings, memory, forecast: said, forced, paused });
}

it('the decision is kept, and told when the plan changes only', async () => {
  const quiet = await evaluate('shop', {});
  expect(await ledger.happenings(0)).toEqual([]);
  expect(await ledger.latestDecision('shop')).toEqual(quiet);

  const raised = await evaluate('shop', { forecast: spike });
  expect(await ledger.latestDecision('shop')).toEqual(raised);
  const asOf = AS_OF + MINUTE_MS;
  await evaluate('shop', { forecast: { ...spike, asOf, issuedAt: asOf + DELAY_MS }, memory: raised.memory });
  const told = await ledger.happenings(0);
  expect(told.map(({ kind, text }) => [kind, text])).toEqual([['decision', raised.reasons.headline]]);
});

it('a repetition tells nothing twice', async () => {
  await evaluate('twice', { forecast: spike });
  await evaluate('twice', { forecast: spike });
  const told = (await ledger.happenings(0)).filter((happening) => happening.application === 'twice');
  expect(told).toHaveLength(1);
});

it('a forecast that has grown old by now is stale, by the clock', async () => {
  const decision = await evaluate('old', { forecast: spike }, AS_OF + 20 * MINUTE_MS);
  expect(decision.plan.mirrors).toEqual([]);
  expect(decision.reasons.bindings[0]).toMatch(/^stale forecast/);
});
