import { describe, expect, it } from 'vitest';
import { CallRates } from '../src/domain/calls.ts';

/** Protects what readiness after a crowd rests on: another one is likelier soon, unless the application's own past says otherwise. */

const HOUR = 60;

/** Minutes of demand in instances, of which `served` have one. */
function live(rates: CallRates, minutes: number, demand: number, served: number): void {
  for (let minute = 0; minute < minutes; minute++) rates.learn(demand, served);
}

/** A crowd of 4 beyond the 2 that serve, met by mirrors; then calm. */
function crowd(rates: CallRates, calmMinutes: number): void {
  live(rates, 30, 6, 6);
  live(rates, calmMinutes, 2, 2);
}

describe('calls of a level', () => {
  it('are expected ever less, the longer ago it was needed', () => {
    const rates = new CallRates();
    crowd(rates, 0);
    const expected = [10, 50, 3 * HOUR, 20 * HOUR].map((minutes) => {
      live(rates, minutes, 2, 2);
      return rates.perHour(5);
    });
    expect(expected).toEqual([...expected].sort((a, b) => b - a));
    expect(expected[0]).toBeGreaterThan(10 * expected.at(-1)!);
  });

  it('are none of a level that was never needed', () => {
    const rates = new CallRates();
    crowd(rates, 10);
    expect(rates.perHour(6)).toBe(0);
  });

  it('are expected less where crowds never came again within hours, more where they did', () => {
    const [fresh, once, twice] = [new CallRates(), new CallRates(), new CallRates()];
    for (let day = 0; day < 7; day++) {
      crowd(once, 23.5 * HOUR);
      crowd(twice, 40);
      live(twice, 5, 6, 2);
      live(twice, 22 * HOUR, 2, 2);
    }
    for (const rates of [fresh, once, twice]) crowd(rates, 35);
    expect(once.perHour(5)).toBeLessThan(0.6 * fresh.perHour(5));
    expect(twice.perHour(5)).toBeGreaterThan(2 * fresh.perHour(5));
  });
});
