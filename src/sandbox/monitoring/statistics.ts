export function total(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export function mean(values: number[]): number {
  return total(values) / values.length;
}

/** Of the whole population, not of a sample. */
export function standardDeviation(values: number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

/** The p-quantile (p in 0..1) by linear interpolation between the ordered values. */
export function quantileOf(values: number[], p: number): number {
  const ordered = values.toSorted((a, b) => a - b);
  const position = p * (ordered.length - 1);
  const [low, high] = [ordered[Math.floor(position)]!, ordered[Math.ceil(position)]!];
  return low + (position - Math.floor(position)) * (high - low);
}
