export interface ArrivalOptions {
  /** Demand in requests/s, constant over each step; `at` is the END of the step. What no step covers is silent. */
  series: { at: number; value: number }[];
  stepMs: number;
  fromMs: number;
  untilMs: number;
  /** Requests that one arrival stands for, a whole number. */
  standsFor: number;
}

/**
 * When requests are sent, sandbox ms, ascending, with fromMs <= t < untilMs: every `standsFor`-th arrival of a Poisson
 * process at the full rate. Each therefore comes after a Gamma(standsFor) amount of demand, and thinning adds no noise.
 */
export function* arrivals(options: ArrivalOptions, random: () => number): Generator<number> {
  const { series, stepMs, fromMs, untilMs, standsFor } = options;
  let missing = gamma(standsFor, random);
  for (const { at, value } of series.toSorted((a, b) => a.at - b.at)) {
    const perMs = value / 1000;
    const end = Math.min(at, untilMs);
    let now = Math.max(at - stepMs, fromMs);
    while (perMs > 0 && now + missing / perMs < end) {
      now += missing / perMs;
      yield now;
      missing = gamma(standsFor, random);
    }
    if (now < end) missing -= (end - now) * perMs;
  }
}

/**
 * One draw from the Gamma distribution with the given shape (1 or more) and scale 1: G. Marsaglia and W. W. Tsang, A
 * simple method for generating gamma variables, ACM TOMS 26 (2000). A shape of 1 is the exponential distribution.
 */
function gamma(shape: number, random: () => number): number {
  if (shape === 1) return -Math.log(1 - random());
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
