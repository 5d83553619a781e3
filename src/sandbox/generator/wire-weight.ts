const QUANTILE = 0.99;

/**
 * How many requests one on the wire must stand for, so that the 0.99 quantile of the demand's history is
 * `wirePerSecond` requests (60, or a little more by rounding down) per WALL second and target. A whole number, at
 * least 1. `value` is in requests per second of sandbox time. Throws on an empty history.
 */
export function wireWeight(
  series: { value: number }[],
  { speed, wirePerSecond = 60 }: { speed: number; wirePerSecond?: number },
): number {
  if (series.length === 0) throw new Error('series is empty: give the history that the demand is scaled by');
  const values = series.map((sample) => sample.value).sort((a, b) => a - b);
  const level = values[Math.min(values.length - 1, Math.floor(QUANTILE * values.length))]!;
  return Math.max(1, Math.floor((level * speed) / wirePerSecond));
}
