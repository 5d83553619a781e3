import { CallRates } from '../domain/calls.ts';
import type { Calls } from '../domain/cost-policy.ts';
import type { ForecastDigest } from '../domain/forecast.ts';

/** Calls of instances along a series, counted against what served in each step. */
export class ServedCalls {
  readonly rates = new CallRates();
  /** Instances that served in each step. */
  readonly #served: number[] = [];
  #known = 0;

  /**
   * One step on.
   * @param observed demand in instances up to the newest final sample
   * @param t the step now
   * @param serving instances that serve now
   */
  learn(observed: Float64Array, t: number, serving: number): void {
    this.#served[t] = serving;
    for (; this.#known < observed.length; this.#known++)
      this.rates.learn(lasting(observed, this.#known), this.#served[this.#known] ?? 0);
  }

  /** The forecast with these calls in place of those that it supposed. */
  within(forecast: ForecastDigest): ForecastDigest {
    const { nearTerm } = forecast;
    return nearTerm
      ? { ...forecast, nearTerm: { ...nearTerm, callsPerHour: perHour(this.rates) } }
      : forecast;
  }
}

/** Demand that held through a step and the one before it. */
export function lasting(observed: Float64Array, step: number): number {
  return Math.min(observed[step]!, observed[Math.max(0, step - 1)]!);
}

function perHour(rates: Calls): number[] {
  return Array.from({ length: rates.levels }, (_, level) => rates.perHour(level));
}
