import { performance } from 'node:perf_hooks';
import type { History } from '../forecaster.ts';
import type { Contender } from '../line-up.ts';
import type { AnnouncedEvent } from '../../src/domain/event.ts';
import type { Outcome, Scores } from './scores.ts';
import { scoresOf } from './scores.ts';

/** One forecaster over one series. */
export interface Evaluation {
  model: string;
  /** Forecasts that were made; the others had too little history. */
  forecasts: number;
  /** Wall time of one, ms. */
  msEach: number;
  /** Undefined where no forecast was made. */
  scores?: Scores;
}

export interface EvaluationPlan {
  /** Indices into the series: number of steps known at each forecast. */
  origins: number[];
  /** Steps ahead that are scored. */
  steps: number;
  /** Mean absolute change from one day to the next before the first origin. */
  change: number;
}

const DAY_MS = 86_400_000;
/** Newest share of a series that forecasts are scored on. */
const TEST_SHARE = 0.3;
/** Days that must lie before the first forecast. */
const FIRST_DAYS = 1.5;

/**
 * Where a series is forecast from: at most `most` times, evenly spread over the last 30%, each with its whole horizon
 * inside the series. Throws where the series is too short, saying what is needed.
 */
export function planOf(history: History, horizonMs: number, most: number): EvaluationPlan {
  const { stepMs, values } = history;
  const steps = Math.round(horizonMs / stepMs);
  const first = Math.max(
    Math.ceil((1 - TEST_SHARE) * values.length),
    Math.ceil((FIRST_DAYS * DAY_MS) / stepMs),
  );
  const last = values.length - steps;
  if (steps < 1 || last < first) {
    const days = (length: number) => ((length * stepMs) / DAY_MS).toFixed(1);
    throw new Error(
      `the series is ${days(values.length)} days long; a horizon of ${days(steps)} days needs ` +
        `${days(Math.max(first + steps, steps / TEST_SHARE))} or more: give a longer series or a shorter --horizon`,
    );
  }
  const count = Math.min(most, last - first + 1);
  const origins = Array.from({ length: count }, (_, i) =>
    Math.round(first + (count > 1 ? (i * (last - first)) / (count - 1) : 0)),
  );
  return { origins, steps, change: dailyChange(values.subarray(0, first), Math.round(DAY_MS / stepMs)) };
}

/** Walks the series forward: at each origin only what lies before it is known. */
export async function evaluate(
  history: History,
  contender: Contender,
  { origins, steps, change }: EvaluationPlan,
  events: readonly AnnouncedEvent[],
): Promise<Evaluation> {
  const forecast = contender.start();
  const outcomes: Outcome[] = [];
  let forecasts = 0;
  let ms = 0;
  for (const origin of origins) {
    const known = { ...history, values: history.values.subarray(0, origin) };
    const began = performance.now();
    const given = await forecast(known, events);
    ms += performance.now() - began;
    if (!given) continue;
    forecasts += 1;
    for (let step = 0; step < steps; step++) {
      const actual = history.values[origin + step]!;
      if (!Number.isNaN(actual)) outcomes.push({ quantiles: given.at(step)!, actual });
    }
  }
  return {
    model: contender.name,
    forecasts,
    msEach: ms / Math.max(1, forecasts),
    ...(outcomes.length > 0 ? { scores: scoresOf(outcomes, change) } : {}),
  };
}

function dailyChange(values: Float64Array, perDay: number): number {
  let total = 0;
  let count = 0;
  for (let i = perDay; i < values.length; i++) {
    const change = Math.abs(values[i]! - values[i - perDay]!);
    if (Number.isNaN(change)) continue;
    total += change;
    count += 1;
  }
  return count > 0 ? total / count : 0;
}
