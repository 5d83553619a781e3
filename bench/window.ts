import { MINUTE_MS } from '../src/cli/up/twin-demand.ts';
import { readSamples } from '../src/cli/up/recorded-series.ts';

/** The first 60% of a recorded trace are for training; what is measured lies after them. */
const TRAINING_SHARE = 0.6;
const HALF_WINDOW_MS = 6 * 60 * MINUTE_MS;

/** Start of the 12 hours around the highest minute of the test part, within that part, as ISO time. */
export function windowAroundPeak(path: string): { testFrom: string } {
  const samples = readSamples(path);
  const test = samples.slice(Math.floor(samples.length * TRAINING_SHARE));
  const peak = test.reduce((highest, next) => (next.value > highest.value ? next : highest));
  const earliest = test[0]?.at ?? 0;
  const latest = (test.at(-1)?.at ?? 0) - 2 * HALF_WINDOW_MS;
  const from = Math.max(earliest, Math.min(latest, peak.at - HALF_WINDOW_MS));
  return { testFrom: new Date(from).toISOString() };
}
