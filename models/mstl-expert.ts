import { MSTL } from '@bsull/augurs/mstl';
import type { Expert, Sketch } from './combined/expert.ts';
import type { Course } from './course.ts';
import { binsPerDay, withoutGaps } from './course.ts';
import { loadInstalledMstlEts } from './fitter.ts';
import { GAUSS } from './mixture/spread.ts';
import { LEVELS } from './quantile-forecast.ts';

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
    if (!intervals || !point.every(Number.isFinite)) return undefined;
    const rows = new Float64Array((leads.length + windows.length) * LEVELS.length).fill(Number.NaN);
    leads.forEach((lead, i) => {
      const deviation = (intervals.upper[lead]! - intervals.lower[lead]!) / (2 * HALF_WIDTH);
      rows.set(
        GAUSS.map((z) => point[lead]! + z * deviation),
        i * LEVELS.length,
      );
    });
    return rows.subarray(0, leads.length * LEVELS.length).every(Number.isFinite) ? rows : undefined;
  } catch {
    return undefined;
  } finally {
    model.free();
  }
}
