/** A seeded source of numbers in [0, 1): mulberry32, small, fast and good enough for delays and arrivals. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** z-value of the 0.99 quantile of the standard normal distribution. */
const Z99 = 2.3263478740408408;

/**
 * One draw, in ms, from the lognormal distribution with the given median and 0.99 quantile:
 * exp(ln median + z * (ln p99 - ln median) / z99), z standard normal by Box and Muller.
 */
export function lognormalMs(random: () => number, delay: { medianMs: number; p99Ms: number }): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sigma = Math.log(delay.p99Ms / delay.medianMs) / Z99;
  return delay.medianMs * Math.exp(sigma * normal);
}
