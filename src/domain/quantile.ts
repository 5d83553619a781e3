/** The p-quantile, between two values in proportion. @param values at least one @param p 0 to 1 */
export function quantile(values: ArrayLike<number>, p: number): number {
  if (values.length === 0) throw new Error('The quantile of no values is not defined');
  const sorted = Float64Array.from(values).sort();
  const position = p * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}
