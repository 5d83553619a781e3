/**
 * Arithmetic over the values from `first` to the end of an array (`to`, exclusive, where given), missing ones (NaN) left
 * out. Shared by the catalogue of features and by what the nets are given.
 */

/** Mean of `of(value)`, or of the values themselves; undefined without a value. */
export function meanOf(
  values: Float64Array,
  first: number,
  of?: (value: number) => number,
): number | undefined {
  let total = 0;
  let count = 0;
  for (let i = Math.max(0, first); i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    total += of ? of(value) : value;
    count += 1;
  }
  return count > 0 ? total / count : undefined;
}

/** Standard deviation round the mean (divided by n); undefined without a value. */
export function deviationOf(values: Float64Array, first: number): number | undefined {
  const mean = meanOf(values, first);
  if (mean === undefined) return undefined;
  let squares = 0;
  let count = 0;
  for (let i = Math.max(0, first); i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    squares += (values[i]! - mean) ** 2;
    count += 1;
  }
  return Math.sqrt(squares / count);
}

/** Mean absolute change over `lag` steps; undefined without a pair. */
export function changeOf(values: Float64Array, lag: number, first: number): number | undefined {
  let total = 0;
  let count = 0;
  for (let i = Math.max(lag, first); i < values.length; i++) {
    const change = Math.abs(values[i]! - values[i - lag]!);
    if (Number.isNaN(change)) continue;
    total += change;
    count += 1;
  }
  return count > 0 ? total / count : undefined;
}

/** Undefined without a value. */
export function extremesOf(values: Float64Array, first: number): { least: number; most: number } | undefined {
  let least = Infinity;
  let most = -Infinity;
  for (let i = Math.max(0, first); i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most >= least ? { least, most } : undefined;
}

/** Quantile by lines between the ordered values (type 7); undefined without a value. */
export function quantileOf(values: Float64Array, first: number, level: number): number | undefined {
  const sorted = values
    .slice(Math.max(0, first))
    .filter((value) => !Number.isNaN(value))
    .sort();
  if (sorted.length === 0) return undefined;
  const place = level * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}

/** Exponential smoothing: s = s + (1 - 2^(-1 / halfLife)) (value - s), from the first value on; undefined without one. */
export function smoothedOf(values: Float64Array, halfLifeSteps: number): number | undefined {
  const rate = 1 - 2 ** (-1 / halfLifeSteps);
  let smooth: number | undefined;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    smooth = smooth === undefined ? value : smooth + rate * (value - smooth);
  }
  return smooth;
}
