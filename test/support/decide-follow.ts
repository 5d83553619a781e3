import { decide } from '../../src/domain/decide.ts';
import type { DecideInput } from '../../src/domain/decide.ts';
import type { ForecastDigest } from '../../src/domain/forecast.ts';
import type { Decision } from '../../src/domain/plan.ts';
import { AS_OF, DELAY_MS, forecast, input, interval, MINUTE_MS } from './decide-inputs.ts';

/** Decisions one after the other, and what tests of them compare. */

export const QUIET = interval(280, 300, 320);
export const SPIKE = interval(700, 800, 900);

/** Full and warm instances up in us-central1-b. */
export function held(full: number, warm = 0, shadow = 0): DecideInput['fleet'] {
  return {
    primary: { serving: 10, minimum: 4, maximum: 30, target: 10 },
    mirrors: [{ zone: 'us-central1-b', full, warm, shadow, serving: full }],
  };
}

/** Decisions at every minute of a list of forecasts, memory handed on, the fleet following the plan at once. */
export function follow(forecasts: Partial<ForecastDigest>[], start: DecideInput = input()) {
  let { memory, fleet } = start;
  return forecasts.map((changes, minute) => {
    const asOf = AS_OF + minute * MINUTE_MS;
    const decision = decide({
      ...start,
      memory,
      fleet,
      forecast: forecast({ asOf, issuedAt: asOf + DELAY_MS, ...changes }),
    });
    memory = decision.memory;
    const mirrors = decision.plan.mirrors.map((mirror) => ({ ...mirror, serving: mirror.full }));
    fleet = { ...fleet, mirrors };
    return decision;
  });
}

/** Full, warm and shadow instances that a decision plans, in all zones. */
export const totals = (decision: Decision) =>
  decision.plan.mirrors.reduce(
    ([full, warm, shadow], mirror) => [full! + mirror.full, warm! + mirror.warm, shadow! + mirror.shadow],
    [0, 0, 0],
  );
