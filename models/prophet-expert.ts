import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import initialise, { Prophet, initLogging } from '@bsull/augurs/prophet';
import { optimizer } from '@bsull/augurs-prophet-wasmstan';
import type { Expert, Sketch } from './combined/expert.ts';
import type { Course } from './course.ts';
import { binsPerDay } from './course.ts';
import { gaussianSketch } from './gaussian-sketch.ts';

/** Newest days that a fit looks at: bounds its time (half a second at 5 minutes). */
const DAYS = 21;
/** Below so many days of samples a daily course cannot be told from a trend. */
const FEWEST_DAYS = 2;
/** From so many days on the week is a season too, as Prophet itself has it. */
const WEEKLY_DAYS = 14;
/** Of the optimiser, for the same forecast from the same history. */
const SEED = 1;

/** What Prophet finds out about its errors; demand is in units of its largest value, time in units of the history. */
interface Noise {
  sigmaObs: number;
  /** Changes of the trend's slope at its turning points. */
  delta: Float64Array;
}

let loading: Promise<void> | undefined;

/**
 * Prophet (Taylor and Letham 2018) by augurs, its Stan model in WASM: a piecewise linear trend with Fourier terms for the
 * day and the week. A row to compare with: it says nothing of maxima, and nothing at all below two days of samples or where
 * a series defeats it. It looks at no level of its own, so it is late wherever demand moves away from its usual course.
 */
export async function loadProphetExpert(): Promise<Expert> {
  await (loading ??= load());
  return {
    name: 'prophet',
    prior: 2,
    knowsEvents: false,
    sketch: (course, leads, windows) => Promise.resolve(sketch(course, leads, windows)),
  };
}

async function load(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@bsull/augurs/prophet');
  await initialise({ module_or_path: await readFile(join(dirname(entry), 'prophet_bg.wasm')) });
  initLogging({ maxLevel: 'error' });
}

function sketch(course: Course, leads: readonly number[], windows: readonly number[]): Sketch | undefined {
  const { ds, y } = samplesOf(course);
  const perDay = binsPerDay(course);
  if (y.length < FEWEST_DAYS * perDay) return undefined;
  let noise: Noise = { sigmaObs: 0, delta: new Float64Array(0) };
  const model = new Prophet({
    optimizer: {
      optimize(...given: Parameters<typeof optimizer.optimize>) {
        const found = optimizer.optimize(...given);
        noise = found.params;
        return found;
      },
    },
    dailySeasonality: { type: 'manual', enabled: true },
    weeklySeasonality: { type: 'manual', enabled: y.length >= WEEKLY_DAYS * perDay },
    yearlySeasonality: { type: 'manual', enabled: false },
    uncertaintySamples: 0,
  });
  try {
    model.fit({ ds, y }, { seed: SEED });
    const times = leads.map((lead) => (course.endMs + (lead + 1) * course.stepMs) / 1000);
    const { point } = model.predict({ ds: times }).yhat;
    const scale = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const [first, last] = [ds[0]!, ds.at(-1)!];
    const steps = times.map((time, i) => ({
      mean: point[i]!,
      deviation: scale * deviationAt(noise, (time - last) / (last - first)),
    }));
    return gaussianSketch(steps, windows);
  } catch {
    return undefined;
  } finally {
    model.free();
  }
}

/**
 * Standard deviation of what Prophet would simulate (at random, which no two forecasts of the same history may differ by):
 * observation noise, and turning points of the trend as frequent as in the past, each changing the slope by a Laplace
 * variable of the mean size seen: variance 2 m^2 for the size, and the integral of (ahead - u)^2 for the time since.
 */
function deviationAt({ sigmaObs, delta }: Noise, ahead: number): number {
  const size = delta.reduce((sum, change) => sum + Math.abs(change), 0) / Math.max(1, delta.length);
  return Math.sqrt(sigmaObs ** 2 + (2 * size ** 2 * delta.length * ahead ** 3) / 3);
}

/** What was observed, gaps left out: Prophet needs no grid. Times in seconds, of each step's end. */
function samplesOf({ values, stepMs, endMs }: Course): { ds: number[]; y: number[] } {
  const ds: number[] = [];
  const y: number[] = [];
  const newest = values.subarray(-Math.round((DAYS * 86_400_000) / stepMs));
  for (const [i, value] of newest.entries()) {
    if (Number.isNaN(value)) continue;
    ds.push((endMs - (newest.length - 1 - i) * stepMs) / 1000);
    y.push(value);
  }
  return { ds, y };
}
