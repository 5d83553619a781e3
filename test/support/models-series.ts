import type { History } from '../../models/forecaster.ts';
import { normal, seededRandom as seeded } from '../../src/cli/up/random.ts';

export { normal, seeded };

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
export const START = Date.UTC(2026, 0, 5) + MINUTE_MS;

/** Time of day at which the flash crowd comes, and how far it jitters to either side. */
export const CROWD_MINUTE = 14 * 60;
const CROWD_JITTER_MINUTES = 3;

/** A daily course of 300 req/s with noise and a flash crowd of 600 more at 14:00, its start jittered by 3 minutes. */
export function flashCrowds(days: number, seed: number, stepMinutes = 1): number[] {
  const random = seeded(seed);
  const starts = Array.from({ length: days }, () => CROWD_MINUTE + (2 * random() - 1) * CROWD_JITTER_MINUTES);
  const values: number[] = [];
  for (let minute = 0; minute < days * 1440; minute += stepMinutes) {
    const ofDay = minute % 1440;
    const since = ofDay - starts[Math.floor(minute / 1440)]!;
    const presence = since <= 0 ? 0 : since < 25 ? Math.min(1, since / 4) : Math.max(0, 1 - (since - 25) / 6);
    const course = 300 - 100 * Math.cos((2 * Math.PI * (ofDay - 240)) / 1440);
    values.push((course + 600 * presence) * (1 + 0.02 * normal(random)));
  }
  return values;
}

export function historyOf(values: readonly number[], stepMs = MINUTE_MS): History {
  return { startAt: START, stepMs, values: Float64Array.from(values) };
}

export function at(index: number, stepMs = MINUTE_MS): number {
  return START + index * stepMs;
}
