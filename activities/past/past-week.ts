import { setImmediate as breathe } from 'node:timers/promises';
import type { Fitter } from '../../models/fitter.ts';
import type { Fitted, History as Series } from '../../models/forecaster.ts';
import { endOf, until } from '../../models/forecaster.ts';
import type { PipelineState } from '../../models/pipeline.ts';
import { newPipeline, runPipeline } from '../../models/pipeline.ts';
import { samplesIn } from '../../models/warm-up.ts';
import type { AnnouncedEvent } from '../../src/domain/event.ts';
import type { Settings } from '../../src/domain/plan.ts';
import type { ReplayWorld } from '../../src/domain/replay.ts';
import type { PastLook } from '../../src/ports/history.ts';
import { digestOf, HISTORY_MS, HORIZON_MS, PATH_MS, windowsOf } from '../digest.ts';
import { NearTerm } from '../near-term.ts';
import { DAY_MS } from './demand-days.ts';
import { LivedPast } from './lived-past.ts';

/** Looks are taken this often; live ones come every minute or two. */
export const LOOK_MS = 15 * 60_000;
/** The heavy fit's beat; live it is a quarter of an hour. */
const REFIT_MS = 3 * 3_600_000;
const WEEK_MS = 7 * DAY_MS;
/** The first Monday after the epoch, which was a Thursday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

export interface Past {
  world: ReplayWorld;
  settings: Settings;
}

/** Events that overlap [from, to) as they were known at a time, by what was announced of their size. */
export type Announced = (from: number, to: number, knownAt: number) => Promise<readonly AnnouncedEvent[]>;

/** Monday 00:00 UTC of the week that holds `at`. */
export function mondayOf(at: number): number {
  return Math.floor((at - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS;
}

/**
 * One week forecast and decided again as of then, from its Monday on: at each look only what was final by then is known.
 * A day's results rest on demand and the week's earlier days alone, so they are the same whoever works them out, in
 * whatever order days are asked for.
 */
export class PastWeek {
  readonly monday: number;
  /** The next look. */
  at: number;
  readonly #past: Past;
  readonly #fitter: Fitter;
  readonly #announced: Announced;
  readonly #series: string;
  readonly #nearTerm: NearTerm | undefined;
  #pipeline: PipelineState;
  #lived: LivedPast | undefined;
  #fittedAt = -Infinity;

  constructor(past: Past, fitter: Fitter, announced: Announced, monday: number) {
    const { spec } = past.world;
    this.monday = monday;
    this.at = monday;
    this.#past = past;
    this.#fitter = fitter;
    this.#announced = announced;
    this.#series = `backfill/${spec.application}/${monday}`;
    // Only the `cost` policy reads the minutes ahead.
    this.#nearTerm = spec.mirrors.policy === 'cost' ? new NearTerm(spec) : undefined;
    this.#pipeline = newPipeline(spec.demand.stepMs, spec.mirrors.interval);
  }

  /** Takes the looks before `end`, each followed by the demand that came. `demand` reaches back two weeks before Monday. */
  async walk(demand: Series, end: number): Promise<PastLook[]> {
    const looks: PastLook[] = [];
    for (; this.at < end; this.at += LOOK_MS) {
      const look = await this.#look(demand);
      if (look) looks.push(look);
      this.#pass(demand, this.at, this.at + LOOK_MS);
      await breathe();
    }
    return looks;
  }

  /** The fleet that the decisions drove. Undefined before the first sample. */
  get lived(): LivedPast | undefined {
    return this.#lived;
  }

  async #look(demand: Series): Promise<PastLook | undefined> {
    const { world, settings } = this.#past;
    const { spec, timesToServe } = world;
    const { stepMs, observationDelayMs } = spec.demand;
    const asOf = Math.floor((this.at - observationDelayMs) / stepMs) * stepMs;
    const known = until(demand, asOf, HISTORY_MS);
    // Nothing observed yet, or nothing newer: a source that begins later, or a silence.
    if (known.values.length === 0) return undefined;
    const events = await this.#announced(asOf - HISTORY_MS, this.at + HORIZON_MS, this.at);
    const fit = await this.#fit(known, events);
    const output = runPipeline(this.#pipeline, {
      samples: samplesIn(known, this.#pipeline.asOf ?? -Infinity, asOf),
      asOf,
      windowsMs: windowsOf(timesToServe, settings, this.at - asOf),
      horizonMs: HORIZON_MS,
      sustainedMs: settings.breakEvenMs,
      fit,
    });
    this.#pipeline = output.state;
    await this.#nearTerm?.learn(known, events);
    const forecast = digestOf(spec, asOf, this.at, output, this.#nearTerm?.outlook(this.at));
    this.#lived ??= new LivedPast(world, output.observed);
    return { forecast, fan: output.fan, decision: this.#lived.look(settings, forecast) };
  }

  /** A newer fit where one is due. The first look is warmed up, as a worker that starts on Monday. */
  async #fit(known: Series, events: readonly AnnouncedEvent[]): Promise<Fitted | undefined> {
    if (this.at - this.#fittedAt < REFIT_MS) return undefined;
    const { interval } = this.#past.world.spec.mirrors;
    const steps = PATH_MS / known.stepMs;
    if (this.#fittedAt === -Infinity)
      this.#pipeline = await this.#fitter.warmUp(known, interval, steps, events);
    this.#fittedAt = this.at;
    return this.#fitter.fit(known, steps, this.#series, events);
  }

  #pass(demand: Series, from: number, to: number): void {
    const { startAt, stepMs, values } = demand;
    for (let end = from + stepMs; end <= Math.min(to, endOf(demand)); end += stepMs)
      this.#lived?.step(values[Math.round((end - startAt) / stepMs)], end, stepMs);
  }
}
