import type { Row } from './compare.ts';
import type { WorldModel } from './model.ts';
import { STEP_MS, TICKS_PER_HOUR, TICKS_PER_STEP, costOf } from './model.ts';
import type { Course } from './world.ts';

/** Columns of a per-step file, in order; docs/decide.md says the same. */
export const STEP_COLUMNS: readonly { name: string; about: string }[] = [
  { name: 'timestamp', about: 'start of the minute, ISO 8601' },
  { name: 'demand', about: "in the series' own unit" },
  { name: 'demand_instances', about: 'the same over the demand that one instance carries' },
  { name: 'primary', about: 'instances of the primary wanted from this minute on; empty for the optimum' },
  { name: 'full', about: 'mirrors wanted full; empty for the optimum' },
  { name: 'warm', about: 'mirrors wanted warm; empty for the optimum' },
  { name: 'shadow', about: 'mirrors wanted as shadow; empty for the optimum' },
  { name: 'serving', about: 'instances that served, the lowest of the minute' },
  { name: 'billed_full', about: 'instances billed at the full price, mean of the minute' },
  { name: 'billed_warm', about: 'at the price of warm' },
  { name: 'billed_shadow', about: 'at the price of shadow' },
  { name: 'unserved', about: 'instances of demand that nobody served, mean of the minute' },
  { name: 'cost', about: 'of the minute, violations included, in hours of a full instance' },
];

/** One row's course, minute by minute, in instances. */
function minutesOf(course: Course, demand: Float64Array) {
  return Array.from(demand, (needed, step) => {
    const [from, to] = [step * TICKS_PER_STEP, (step + 1) * TICKS_PER_STEP];
    const mean = (counts: Int32Array) =>
      counts.subarray(from, to).reduce((a, b) => a + b, 0) / TICKS_PER_STEP;
    let [unserved, serving] = [0, Infinity];
    for (let tick = from; tick < to; tick++) {
      serving = Math.min(serving, course.serving[tick]!);
      unserved += Math.max(0, needed - course.serving[tick]!) / TICKS_PER_STEP;
    }
    return {
      serving,
      unserved,
      full: mean(course.full),
      warm: mean(course.warm),
      shadow: mean(course.shadow),
    };
  });
}

/** Cost of each minute, violations included. */
export function stepCosts(course: Course, demand: Float64Array, model: WorldModel): number[] {
  return minutesOf(course, demand).map((minute) => (costOf(model, minute) * TICKS_PER_STEP) / TICKS_PER_HOUR);
}

/**
 * One row's course as CSV, a line a minute.
 * @param demand of the judged part, in instances
 * @param startMs start of the judged part
 */
export function stepsCsv(
  { course, targets }: Row,
  demand: Float64Array,
  perInstance: number,
  startMs: number,
  model: WorldModel,
): string {
  const costs = stepCosts(course, demand, model);
  const lines = minutesOf(course, demand).map(({ serving, unserved, full, warm, shadow }, step) => {
    const wanted = targets
      ? [targets.primary[step], targets.full[step], targets.warm[step], targets.shadow[step]]
      : ['', '', '', ''];
    const needed = demand[step]!;
    const time = new Date(startMs + step * STEP_MS).toISOString();
    const came = [brief(needed * perInstance), brief(needed)];
    return [time, ...came, ...wanted, serving, full, warm, shadow, brief(unserved), brief(costs[step]!)].join(
      ',',
    );
  });
  return `${STEP_COLUMNS.map(({ name }) => name).join(',')}\n${lines.join('\n')}\n`;
}

function brief(value: number): number {
  return Number(value.toPrecision(6));
}
