import type { ForecastDigest } from '../domain/forecast.ts';
import type { Settings } from '../domain/plan.ts';
import type { Replay } from '../domain/propose-settings.ts';
import type { ReplayWorld } from '../domain/replay.ts';
import { ReplayedPast } from '../domain/replay.ts';
import { TUNABLE } from '../domain/settings.ts';
import { STEP_MS, TICKS_PER_STEP } from './model.ts';

/** One step of the past. Demand in the specification's unit. */
export interface LivedStep {
  startMs: number;
  /** What the primary's autoscaler saw at its start. */
  seen: number;
  /** What was decided on at its start, if it was a look. */
  look?: () => ForecastDigest;
  /** Demand that came. */
  demand: number;
}

interface Kept {
  past: ReplayedPast;
  firstHour: number;
  /** Steps lived through, counted from the series' start. */
  steps: number;
  askedAtHour: number;
}

const STEPS_PER_HOUR = 3_600_000 / STEP_MS;

/**
 * The last days under any settings, asked every hour: settings asked before go on from where they were, so an hour costs an
 * hour's decisions for each neighbour instead of days of them.
 */
export class RollingReplay {
  readonly #world: ReplayWorld;
  readonly #hours: number;
  /** The hours looked back on, and the one under way. */
  #steps: LivedStep[] = [];
  #dropped = 0;
  readonly #kept = new Map<string, Kept>();

  /** @param hours that are looked back on */
  constructor(world: ReplayWorld, hours: number) {
    this.#world = world;
    this.#hours = hours;
  }

  /** One more step is known. In order, each once. */
  live(step: LivedStep): void {
    this.#steps.push(step);
  }

  /** Cost of each of the last whole hours. */
  readonly replay: Replay = (settings) => {
    const lived = Math.floor((this.#dropped + this.#steps.length) / STEPS_PER_HOUR);
    const first = Math.max(0, lived - this.#hours);
    this.#forget(first, lived);
    const kept = this.#pastUnder(settings, first);
    kept.askedAtHour = lived;
    for (; kept.steps < lived * STEPS_PER_HOUR; kept.steps++)
      relive(kept.past, this.#steps[kept.steps - this.#dropped]!);
    return kept.past.hourly.slice(first - kept.firstHour);
  };

  #pastUnder(settings: Settings, firstHour: number): Kept {
    const key = TUNABLE.map((name) => settings[name]).join();
    const known = this.#kept.get(key);
    if (known) return known;
    const steps = firstHour * STEPS_PER_HOUR;
    const seen = this.#steps[steps - this.#dropped]?.seen ?? 0;
    const past = new ReplayedPast(this.#world, settings, seen);
    const begun = { past, firstHour, steps, askedAtHour: firstHour };
    this.#kept.set(key, begun);
    return begun;
  }

  /** What nobody asked for in the last hour would have to live through it first: it starts anew when asked again. */
  #forget(firstHour: number, hour: number): void {
    for (const [key, { askedAtHour }] of this.#kept) if (askedAtHour < hour - 1) this.#kept.delete(key);
    const gone = firstHour * STEPS_PER_HOUR - this.#dropped;
    if (gone > 0) this.#steps = this.#steps.slice(gone);
    this.#dropped += Math.max(0, gone);
  }
}

function relive(past: ReplayedPast, { startMs, seen, look, demand }: LivedStep): void {
  past.autoscale(seen, startMs);
  if (look) past.look(look());
  for (let tick = 0; tick < TICKS_PER_STEP; tick++) past.pass(demand);
}
