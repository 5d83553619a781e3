import type { Course } from '../course.ts';
import { LEVELS } from '../quantile-forecast.ts';
import type { Outlook } from './effects.ts';
import { factorOf } from './responses.ts';
import { AMPLITUDE_SPREAD } from './shapes.ts';

/** A way that demand may turn out: what the usual is multiplied by, and how probable that is. */
export interface Scenario {
  factor: number;
  weight: number;
}

/** Three points that stand for a normal distribution: standard deviations from the mean, and weights. */
const POINTS = [
  { away: -Math.sqrt(3), weight: 1 / 6 },
  { away: 0, weight: 2 / 3 },
  { away: Math.sqrt(3), weight: 1 / 6 },
];

/**
 * Ways in which the highest of the leads `from` to `to` may turn out, `path` being what is usual; undefined where no
 * event is on. Beside the event that matters most the others count by their mean.
 */
export function scenariosOf(
  outlooks: readonly Outlook[],
  { values, stepMs }: Course,
  from: number,
  to: number,
  path: (lead: number) => number,
): Scenario[] | undefined {
  const now = values.length;
  const on = outlooks.filter(({ event }) => event.start < now + to && event.end > now + from);
  if (on.length === 0) return undefined;
  const means = on.map(({ belief }) => belief.happened * belief.amplitude);
  const topWith = (which: number, amplitude: number) =>
    highest(from, to, (lead) =>
      on.reduce((demand, { event, response }, i) => {
        return demand * factorOf(event, response, i === which ? amplitude : means[i]!, now + lead, stepMs);
      }, path(lead)),
    );
  const stakes = on.map((_, i) => Math.abs(topWith(i, 1) - topWith(i, 0)));
  const main = stakes.indexOf(Math.max(...stakes));
  const { belief, response } = on[main]!;
  const usual = highest(from, to, path);
  const factorWith = (amplitude: number) => (Math.abs(usual) > 1e-12 ? topWith(main, amplitude) / usual : 1);
  const spread = Math.hypot(AMPLITUDE_SPREAD, response.spread);
  return [
    { factor: factorWith(0), weight: 1 - belief.happened },
    ...POINTS.map(({ away, weight }) => ({
      factor: factorWith(Math.max(0, belief.amplitude + away * spread)),
      weight: weight * belief.happened,
    })),
  ];
}

function highest(from: number, to: number, of: (lead: number) => number): number {
  let top = -Infinity;
  for (let lead = from; lead < to; lead++) top = Math.max(top, of(lead));
  return top;
}

/** Quantiles at LEVELS of what follows the row of quantiles times the factor of one of the scenarios. */
export function mixed(row: ArrayLike<number>, at: number, scenarios: readonly Scenario[]): number[] {
  const total = scenarios.reduce((sum, { weight }) => sum + weight, 0);
  const rows = scenarios.map(({ factor }) => LEVELS.map((_, i) => scaled(row[at + i]!, factor)));
  rows.forEach((values) => values.sort((a, b) => a - b));
  const places = rows.flat().sort((a, b) => a - b);
  const below = places.map(
    (place) =>
      scenarios.reduce((sum, { weight }, i) => sum + weight * shareBelow(rows[i]!, place), 0) / total,
  );
  let i = 0;
  return LEVELS.map((level) => {
    while (i < places.length - 1 && below[i]! < level - 1e-12) i += 1;
    const rise = i > 0 ? below[i]! - below[i - 1]! : 0;
    const share = rise > 1e-12 ? Math.min(1, Math.max(0, (level - below[i - 1]!) / rise)) : 1;
    return i > 0 ? places[i - 1]! + share * (places[i]! - places[i - 1]!) : places[0]!;
  });
}

/** Share of outcomes up to a place, by lines between quantiles at LEVELS; none below the first, all above the last. */
function shareBelow(quantiles: readonly number[], place: number): number {
  const after = quantiles.findIndex((quantile) => quantile > place);
  if (after < 0) return place > quantiles.at(-1)! ? 1 : LEVELS.at(-1)!;
  if (after === 0) return 0;
  const width = quantiles[after]! - quantiles[after - 1]!;
  return (
    LEVELS[after - 1]! + ((place - quantiles[after - 1]!) / width) * (LEVELS[after]! - LEVELS[after - 1]!)
  );
}

/** Negative demand moves by its size: an uplift raises it. */
function scaled(value: number, factor: number): number {
  return value + (factor - 1) * Math.abs(value);
}
