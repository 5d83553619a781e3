import type { Fitter } from '../../models/fitter.ts';
import type { Fitted, History } from '../../models/forecaster.ts';
import { until } from '../../models/forecaster.ts';
import { newPipeline, runPipeline } from '../../models/pipeline.ts';
import { HISTORY_MS, digestOf, windowsOf } from '../../activities/digest.ts';
import { NearTerm } from '../../activities/near-term.ts';
import type { ApplicationSpec } from '../domain/application.ts';
import type { ForecastDigest, NearTermOutlook } from '../domain/forecast.ts';
import type { ReplayWorld } from '../domain/replay.ts';
import type { Settings } from '../domain/plan.ts';
import { STEP_MS, STEPS_PER_DAY } from './model.ts';

/** What was known at each look along a series, forecast by the worker's own pipeline as if time had passed. */
export interface ForecastsAlong {
  /** The forecast when `known` samples were final; undefined before the first. */
  at(known: number): ForecastDigest | undefined;
}

export interface ForecastOptions {
  fitter: Fitter;
  /** The heavy fit's own beat: an hour unless given, which the worker does every 15 min. */
  fitEveryMs?: number;
  /** Whether the minutes ahead are wanted as distributions, for policy `cost`. */
  nearTerm?: boolean;
  /** Told ten times: steps done of all. */
  progress?: (done: number, of: number) => void;
}

const FIT_EVERY_MS = 3_600_000;
/** Steps before the first fit: less tells no day. */
const FIRST_FIT_STEPS = STEPS_PER_DAY / 2;
/** A path lasts a day, and until the next fit. */
const PATH_STEPS = STEPS_PER_DAY + 240;
const TOLD = 10;
const SERIES = 'backtest';

/**
 * Forecasts all along a series, each from the samples before it alone: a fit made of so many samples is used from the next one
 * on. The horizon is the longest that a decision reads, not the day that people look at.
 * @param demand per step, in the unit of `world.spec.demand`
 * @param startMs start of the first step
 */
export async function forecastsAlong(
  demand: Float64Array,
  startMs: number,
  world: ReplayWorld,
  settings: Settings,
  options: ForecastOptions,
): Promise<ForecastsAlong> {
  const { spec, timesToServe } = world;
  const { observationDelayMs } = spec.demand;
  const { fitter, fitEveryMs = FIT_EVERY_MS, progress } = options;
  const fitEvery = Math.max(1, Math.round(fitEveryMs / STEP_MS));
  const windowsMs = windowsOf(timesToServe, settings, observationDelayMs);
  const horizonMs = Math.max(settings.breakEvenMs, ...windowsMs);
  const whole: History = { startAt: startMs + STEP_MS, stepMs: STEP_MS, values: demand };
  const minutes = options.nearTerm ? new MinutesAhead(spec) : undefined;
  const digests: ForecastDigest[] = [];
  let state = newPipeline(STEP_MS, spec.mirrors.interval);
  let fit: Fitted | undefined;
  for (let known = 1; known <= demand.length; known++) {
    const asOf = startMs + known * STEP_MS;
    const output = runPipeline(state, {
      samples: [{ at: asOf, value: demand[known - 1]! }],
      asOf,
      windowsMs,
      horizonMs,
      sustainedMs: settings.breakEvenMs,
      ...(fit ? { fit } : {}),
    });
    state = output.state;
    fit = undefined;
    digests.push(digestOf(spec, asOf, asOf + observationDelayMs, output, undefined));
    await minutes?.take(until(whole, asOf, 2 * STEP_MS), asOf + observationDelayMs);
    if (known >= FIRST_FIT_STEPS && known % fitEvery === 0) {
      // What the fit's own fallbacks cannot carry either (all of it missing, say) keeps the older path.
      fit = await fitter.fit(until(whole, asOf, HISTORY_MS), PATH_STEPS, SERIES).catch(() => undefined);
    }
    const parts = (steps: number) => Math.floor((TOLD * steps) / demand.length);
    if (parts(known) > parts(known - 1)) progress?.(known, demand.length);
  }
  return {
    at(known) {
      const digest = digests[known - 1];
      return digest && minutes ? { ...digest, nearTerm: minutes.at(known - 1) } : digest;
    },
  };
}

/** The minutes ahead as the worker sees them, kept small: a month of them would fill a gigabyte as plain numbers. */
class MinutesAhead {
  readonly #source: NearTerm;
  readonly #kept: { values: Float32Array; calls: Float32Array }[] = [];
  #shape: Pick<NearTermOutlook, 'timesMs' | 'weights'> = { timesMs: [], weights: [] };

  constructor(spec: ApplicationSpec) {
    this.#source = new NearTerm(spec);
  }

  async take(history: History, now: number): Promise<void> {
    await this.#source.learn(history);
    const { timesMs, weights, values, callsPerHour } = this.#source.outlook(now)!;
    this.#shape = { timesMs, weights };
    this.#kept.push({ values: Float32Array.from(values.flat()), calls: Float32Array.from(callsPerHour) });
  }

  at(index: number): NearTermOutlook {
    const { timesMs, weights } = this.#shape;
    const { values, calls } = this.#kept[index]!;
    const own = (i: number) => Array.from(values.subarray(i * weights.length, (i + 1) * weights.length));
    return { timesMs, weights, values: timesMs.map((_, i) => own(i)), callsPerHour: Array.from(calls) };
  }
}
