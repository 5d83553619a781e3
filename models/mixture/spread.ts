import { LEVELS, ascend } from '../quantile-forecast.ts';
import { bucketOf } from '../combined/places.ts';
import type { Backtest } from './backtest.ts';
import { ORIGIN_FADES, bucketsOf, mixedAt } from './backtest.ts';
import type { Known } from './candidates.ts';

/** Standard normal quantiles at LEVELS. */
export const GAUSS = [
  -2.5758293, -1.959964, -1.6448536, -1.2815516, -0.8416212, -0.5244005, -0.2533471, 0, 0.2533471, 0.5244005,
  0.8416212, 1.2815516, 1.6448536, 1.959964, 2.5758293,
];
/** The weights were chosen on the same errors that the spread is read from: a little wider. */
const INFLATION = 1.1;

/** Rows of quantiles round `path` (at `leads`), then of the windows' maxima, from what the backtest got wrong. */
export function spreadOf(
  backtest: Backtest,
  weights: readonly Float64Array[],
  path: Float64Array,
  leads: readonly number[],
  windows: readonly number[],
): Float64Array {
  const { known, past, stepMs } = backtest;
  const now = known.values.length;
  const scale = roughnessOf(known);
  const mixed = past.map((rows) => mixedAt(rows, weights, backtest.leads, stepMs));
  const out = new Float64Array((leads.length + windows.length) * LEVELS.length);
  const floor = known.values.some((value) => value < 0) ? -Infinity : 0;
  const shapes = stepShapes(backtest, mixed, scale);
  for (const [i, lead] of leads.entries()) {
    const shape = shapes[bucketOf(lead, stepMs)] ?? shapes.at(-1)!;
    write(out, i, path[i]!, INFLATION * scale(now + lead), shape, floor);
  }
  const size = scale(undefined);
  for (const [w, window] of windows.entries()) {
    const shape = maximumShape(backtest, mixed, window, size);
    write(out, leads.length + w, topOf(path, leads, window), INFLATION * size, shape, floor);
  }
  return out;
}

/** Quantiles of the backtest's errors in scales, per bucket. */
function stepShapes(
  { known, origins, leads, stepMs }: Backtest,
  mixed: readonly Float64Array[],
  scale: (bin: number) => number,
): number[][] {
  const shapes: number[][] = [];
  for (const [from, to] of bucketsOf(leads, stepMs)) {
    const errors: Weighted[] = [];
    for (const [back, origin] of origins.entries()) {
      for (let i = from; i < to; i++) {
        const target = origin + leads[i]!;
        if (target >= known.values.length) break;
        const error = (known.values[target]! - mixed[back]![i]!) / scale(target);
        errors.push({ error, weight: ORIGIN_FADES ** back });
      }
    }
    shapes[bucketOf(leads[from]!, stepMs)] = quantilesOf(errors);
  }
  return shapes;
}

/** Quantiles of a window's maximum against the highest of the mixture's path, in scales. */
function maximumShape(
  { known, origins, leads }: Backtest,
  mixed: readonly Float64Array[],
  window: number,
  size: number,
): number[] {
  const errors: Weighted[] = [];
  for (const [back, origin] of origins.entries()) {
    if (origin + window > known.values.length) continue;
    const actual = highest(known.values, origin, origin + window);
    errors.push({
      error: (actual - topOf(mixed[back]!, leads, window)) / size,
      weight: ORIGIN_FADES ** back,
    });
  }
  return quantilesOf(errors);
}

function topOf(path: Float64Array, leads: readonly number[], window: number): number {
  let top = -Infinity;
  for (let i = 0; i < leads.length && leads[i]! < window; i++) top = Math.max(top, path[i]!);
  return top;
}

function highest(values: Float64Array, from: number, to: number): number {
  let top = -Infinity;
  for (let i = from; i < to; i++) top = Math.max(top, values[i]!);
  return top;
}

function write(
  out: Float64Array,
  row: number,
  centre: number,
  scale: number,
  shape: readonly number[],
  floor: number,
): void {
  for (let level = 0; level < LEVELS.length; level++) {
    out[row * LEVELS.length + level] = Math.max(floor, centre + scale * shape[level]!);
  }
  ascend(out, row * LEVELS.length);
}

/** Mean change from day to day at a bin's time of day, half of it spread over the day; without a bin, the mean. */
function roughnessOf({ values, perDay }: Known): (bin: number | undefined) => number {
  const totals = new Float64Array(perDay);
  const days = Math.min(14, Math.floor(values.length / perDay) - 1);
  const first = values.length - days * perDay;
  for (let bin = first; bin < values.length; bin++) {
    totals[bin % perDay]! += Math.abs(values[bin]! - values[bin - perDay]!) / days;
  }
  const mean = totals.reduce((sum, total) => sum + total, 0) / perDay;
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
  const reach = Math.max(1, Math.round(perDay / 24));
  const smooth = totals.map((_, phase) => {
    let sum = 0;
    for (let shift = -reach; shift <= reach; shift++) sum += totals[(phase + shift + perDay) % perDay]!;
    return 0.5 * (sum / (2 * reach + 1)) + 0.5 * mean + 1e-9 * (1e-3 + size);
  });
  return (bin) => (bin === undefined ? mean + 1e-9 * (1e-3 + size) : smooth[bin % perDay]!);
}

interface Weighted {
  error: number;
  weight: number;
}

/** Weighted quantiles at LEVELS; the tails, which few errors speak of, half of them Gaussian. */
function quantilesOf(errors: Weighted[]): number[] {
  if (errors.length < 3) return GAUSS.map((z) => 1.25 * z);
  errors.sort((a, b) => a.error - b.error);
  const total = errors.reduce((sum, { weight }) => sum + weight, 0);
  const deviation = Math.sqrt(
    errors.reduce((sum, { error, weight }) => sum + weight * error * error, 0) / total,
  );
  const found: number[] = [];
  let below = 0;
  let i = 0;
  for (const [level, share] of LEVELS.entries()) {
    while (i < errors.length - 1 && below + errors[i]!.weight / 2 < share * total) {
      below += errors[i]!.weight;
      i += 1;
    }
    const empirical = between(errors, i, below, share * total);
    found.push(Math.abs(share - 0.5) > 0.44 ? 0.5 * (empirical + deviation * GAUSS[level]!) : empirical);
  }
  return found;
}

/** On the line between the middles of two neighbours' weights. */
function between(errors: readonly Weighted[], i: number, below: number, wanted: number): number {
  const here = errors[i]!;
  const before = errors[i - 1];
  const middle = below + here.weight / 2;
  if (!before || wanted >= middle) return here.error;
  const earlier = below - before.weight / 2;
  const share = Math.max(0, (wanted - earlier) / (middle - earlier));
  return before.error + share * (here.error - before.error);
}
