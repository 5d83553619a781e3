import type { Sample } from '../../ports/demand.ts';
import type { TwinDemand } from './twin-demand.ts';
import { MINUTE_MS, splitAt } from './twin-demand.ts';
import { normal, seededRandom } from './random.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;

/** The example's clock starts here; the flash crowd comes at 14:00, 20 minutes later. */
export const EXAMPLE_START_MS = Date.UTC(2026, 8, 16, 13, 40);
const CROWD_OF_DAY_MS = 14 * 60 * MINUTE_MS;
/** The second spike has passed by then. */
export const EXAMPLE_SPIKES_OVER_MS = EXAMPLE_START_MS + 95 * MINUTE_MS;
const HISTORY_DAYS = 9;
const LIVE_DAYS = 2;

/** A rise above the daily course: straight up, a plateau, straight down. */
interface Spike {
  startMs: number;
  riseMs: number;
  plateauMs: number;
  fallMs: number;
  /** Multiple of the daily course at the plateau. */
  height: number;
}

/**
 * The built-in example at one-minute steps: nine days of history with a smooth daily course, a little noise and a flash
 * crowd every day at about 14:00 (start jittered by about two minutes, height by 12%); then two days to come, with the
 * same crowd 20 minutes after the start and a second, unforeseen one of its size 65 minutes after the start.
 * The same seed gives the same series. Values are a shape; `scaleToInstances` gives them their level.
 */
export function exampleSeries(seed: number): TwinDemand {
  const random = seededRandom(seed);
  const firstDayMs = Math.floor(EXAMPLE_START_MS / DAY_MS) * DAY_MS - HISTORY_DAYS * DAY_MS;
  const spikes: Spike[] = [];
  for (let day = 0; day < HISTORY_DAYS + LIVE_DAYS + 1; day++)
    spikes.push(crowd(firstDayMs + day * DAY_MS + CROWD_OF_DAY_MS, random));
  spikes.push(surprise(EXAMPLE_START_MS + 65 * MINUTE_MS, random));

  const fromMs = EXAMPLE_START_MS - HISTORY_DAYS * DAY_MS;
  const untilMs = EXAMPLE_START_MS + LIVE_DAYS * DAY_MS;
  const samples: Sample[] = [];
  let noise = 0;
  for (let at = fromMs + MINUTE_MS; at <= untilMs; at += MINUTE_MS) {
    // First-order autoregression: neighbouring minutes resemble each other, as real demand does.
    noise = 0.6 * noise + 0.02 * normal(random);
    samples.push({ at, value: dailyCourse(at) * liftAt(at, spikes) * (1 + noise) });
  }
  return splitAt('example', samples, EXAMPLE_START_MS);
}

function crowd(nominalStartMs: number, random: () => number): Spike {
  return {
    startMs: nominalStartMs + clamped(normal(random), 2) * MINUTE_MS,
    riseMs: 4 * MINUTE_MS,
    plateauMs: 25 * MINUTE_MS,
    fallMs: 6 * MINUTE_MS,
    height: 2.75 * (1 + 0.12 * (2 * random() - 1)),
  };
}

function surprise(startMs: number, random: () => number): Spike {
  const usual = crowd(startMs, random);
  return { ...usual, startMs: startMs + clamped(normal(random), 2) * MINUTE_MS, plateauMs: 15 * MINUTE_MS };
}

function clamped(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

/** Low at night, high in the evening; 1 on average. */
function dailyCourse(at: number): number {
  return 1 - 0.3 * Math.cos((2 * Math.PI * (at - 4 * 60 * MINUTE_MS)) / DAY_MS);
}

function liftAt(at: number, spikes: Spike[]): number {
  return Math.max(1, ...spikes.map((spike) => 1 + (spike.height - 1) * presence(at, spike)));
}

/** How far a spike has risen at a time, 0..1. */
function presence(at: number, { startMs, riseMs, plateauMs, fallMs }: Spike): number {
  const since = at - startMs;
  if (since <= 0) return 0;
  if (since < riseMs) return since / riseMs;
  if (since < riseMs + plateauMs) return 1;
  return Math.max(0, 1 - (since - riseMs - plateauMs) / fallMs);
}
