import { MSTL } from '@bsull/augurs/mstl';
import type { Expert, Sketch } from './combined/expert.ts';
import type { Course } from './course.ts';
import { binsPerDay, withoutGaps } from './course.ts';
import { loadInstalledMstlEts } from './fitter.ts';
import { gaussianSketch } from './gaussian-sketch.ts';

/** Newest days that a fit looks at; with all of them the week is a period too. */
const DAYS = 14;
const CLAIM = 0.95;
/** Standard deviations to either side that the claim stands for. */
const HALF_WIDTH = 1.959964;

/**
 * MSTL/ETS by itself, with the Gaussian interval that ETS claims: a row to compare with. It says nothing of maxima, and
 * nothing at all below two days of history or where a series defeats it.
 */
export async function loadMstlExpert(): Promise<Expert> {
  await loadInstalledMstlEts();
  return {
    name: 'mstl-ets',
    prior: 2,
    knowsEvents: false,
    sketch: (course, leads, windows) => Promise.resolve(sketch(course, leads, windows)),
  };
}

function sketch(course: Course, leads: readonly number[], windows: readonly number[]): Sketch | undefined {
  const perDay = binsPerDay(course);
  const values = withoutGaps(course).slice(-DAYS * perDay);
  if (values.length < 2 * perDay) return undefined;
  const model = MSTL.ets(Uint32Array.from(values.length < DAYS * perDay ? [perDay] : [perDay, 7 * perDay]));
  try {
    model.fit(values);
    const { point, intervals } = model.predict(Math.max(...leads) + 1, CLAIM);
    if (!intervals) return undefined;
    const { lower, upper } = intervals;
    const steps = leads.map((lead) => ({
      mean: point[lead]!,
      deviation: (upper[lead]! - lower[lead]!) / (2 * HALF_WIDTH),
    }));
    return gaussianSketch(steps, windows);
  } catch {
    return undefined;
  } finally {
    model.free();
  }
}
