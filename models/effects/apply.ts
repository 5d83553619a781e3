import type { Effects } from './effects.ts';
import { LEVELS, MEDIAN, ascend } from '../quantile-forecast.ts';
import { mixed, scenariosOf } from './scenarios.ts';

/** Rows of quantiles (leads, then windows from the present) with what announced events may do. Changes `rows`. */
export function applyEffects(
  rows: Float64Array,
  leads: readonly number[],
  windows: readonly number[],
  { cleaned, outlooks }: Effects,
): void {
  if (outlooks.length === 0) return;
  const width = LEVELS.length;
  const medians = Float64Array.from(leads, (_, i) => rows[i * width + MEDIAN]!);
  const path = (lead: number) => medians[Math.min(lead, medians.length - 1)]!;
  const spans = [...leads.map((lead) => [lead, lead + 1]), ...windows.map((window) => [0, window])];
  for (const [row, [from, to]] of spans.entries()) {
    const scenarios = scenariosOf(outlooks, cleaned, from!, to!, path);
    if (!scenarios) continue;
    rows.set(mixed(rows, row * width, scenarios), row * width);
    ascend(rows, row * width);
  }
}
