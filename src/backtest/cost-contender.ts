import { CoursePlanner, HORIZON_TICKS } from '../domain/cost-course.ts';
import type { Outlook } from '../domain/cost-policy.ts';
import { costCounts } from '../domain/cost-policy.ts';
import type { Pool } from '../domain/pool.ts';
import { advancePool, newPool } from '../domain/pool.ts';
import { WEIGHTS } from '../../models/near-term/error-distribution.ts';
import type { WorldModel } from './model.ts';
import { STEP_MS, TICKS_PER_STEP, lagSteps, ticksToServe } from './model.ts';
import type { EventWindow } from '../../models/near-term/event-response.ts';
import { MINUTES_AHEAD, NearTermWithEvents } from '../../models/near-term/with-events.ts';
import type { Policy, Wanted } from './policy.ts';
import { ServedCalls, lasting } from './served-calls.ts';

/** An event whose window is counted in steps of the series, and the step from which it may be used. */
export type SteppedEvent = EventWindow & { announced: number };

/**
 * The near-term forecast along one series, shared by policies that differ in costs only. Step by step, in order.
 * @param events that move this series' demand; each is used from its announcement on
 */
export function nearTermOutlooks(
  model: WorldModel,
  events: readonly SteppedEvent[] = [],
): (observed: Float64Array) => Outlook {
  const lag = lagSteps(model);
  const forecaster = new NearTermWithEvents(MINUTES_AHEAD.map((steps) => steps + lag));
  const toCome = [...events].sort((a, b) => a.announced - b.announced);
  const timesMs = MINUTES_AHEAD.map((steps) => steps * STEP_MS);
  let known = 0;
  let outlook: Outlook = { timesMs, values: [], weights: WEIGHTS };
  return (observed) => {
    if (known === observed.length) return outlook;
    while (known < observed.length) {
      while (toCome[0] && toCome[0].announced <= known) forecaster.announce(toCome.shift()!);
      forecaster.learn(observed[known++]!);
    }
    return (outlook = { timesMs, values: forecaster.forecast(), weights: WEIGHTS });
  };
}

/** The `cost` policy in the backtest's world: all instances but the floor are mirrors. Asked once per step, in order. */
export function costContender(
  model: WorldModel,
  outlookOf: (observed: Float64Array) => Outlook = nearTermOutlooks(model),
): Policy {
  const planner = new CoursePlanner(model, HORIZON_TICKS);
  const calls = new ServedCalls();
  const ticks = ticksToServe(model);
  const pool: Pool = newPool(ticks);
  return (observed, t): Wanted => {
    calls.learn(observed, t, pool.at[0]!);
    const newest = lasting(observed, observed.length - 1);
    const counts = costCounts(planner, calls.rates, outlookOf(observed), pool.at, newest);
    counts.full = Math.max(counts.full, model.floor);
    for (let tick = 0; tick < TICKS_PER_STEP; tick++) advancePool(pool, counts, ticks);
    return { primary: 0, ...counts };
  };
}
