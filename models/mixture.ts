import type { Expert } from './combined/expert.ts';
import { placesOf } from './combined/places.ts';
import type { Course } from './course.ts';
import { binsPerDay, withoutGaps } from './course.ts';
import { weekdayOf } from './features/calendar.ts';
import type { Known } from './mixture/candidates.ts';
import { candidatesAt, profilesFor } from './mixture/candidates.ts';
import { mixedAt, weightsByBacktest } from './mixture/backtest.ts';
import { spreadOf } from './mixture/spread.ts';

/** Earlier origins that the weights and the spread rest on, and how far apart they are, hours. */
const BACKTESTS = 40;
const EVERY_HOURS = 3;

/**
 * The closed-form mixture: many shifted seasonal profiles, weighted per bucket of leads by their own backtest over the
 * last days; quantiles from the backtest's errors. Nothing is trained; it needs two days of history.
 */
export const mixture: Expert = {
  name: 'mixture',
  prior: 1.15,
  knowsEvents: false,
  sketch: (course, leads, windows) => Promise.resolve(sketch(course, leads, windows)),
};

function sketch(
  course: Course,
  leads: readonly number[],
  windows: readonly number[],
): Float64Array | undefined {
  const known = knownOf(course);
  const { values, perDay } = known;
  const every = Math.max(1, Math.round((EVERY_HOURS * perDay) / 24));
  const origins = Array.from({ length: BACKTESTS }, (_, i) => values.length - (i + 1) * every).filter(
    (origin) => origin >= Math.min(2 * perDay, Math.max(perDay + 1, values.length - 4 * every)),
  );
  if (values.length < 1.5 * perDay || origins.length < 3) return undefined;
  const profiles = profilesFor(known, origins.at(-1)!);
  // Scored where a combination scores; full paths of the past would cost five times as much.
  const scored = placesOf(course.stepMs, (Math.max(...leads, ...windows) + 1) * course.stepMs).leads;
  const past = origins.map((origin) => candidatesAt(known, origin, scored, profiles));
  const backtest = { known, origins, leads: scored, past, stepMs: course.stepMs };
  const weights = weightsByBacktest(backtest);
  const now = candidatesAt(known, values.length, leads, profiles);
  const path = mixedAt(now, weights, leads, course.stepMs);
  return spreadOf(backtest, weights, path, leads, windows);
}

function knownOf(course: Course): Known {
  const values = withoutGaps(course);
  const perDay = binsPerDay(course);
  const firstMs = course.endMs - values.length * course.stepMs;
  return { values, perDay, weekdayOf: (bin) => weekdayOf(firstMs + bin * course.stepMs) };
}
