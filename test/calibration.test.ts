import { describe, expect, it } from 'vitest';
import { learn, newCalibration, type Spread, spread } from '../models/calibration.ts';
import { normal, seeded } from './support/models-series.ts';

const COVERAGE = 0.95;
const MEMORY = 3_000;

/** Issues, then learns, `steps` times. Shares of residuals below, within and above what was issued. */
function run(steps: number, residual: (step: number) => number, skip = 500) {
  const calibration = newCalibration(COVERAGE);
  let below = 0;
  let above = 0;
  for (let step = 0; step < steps; step++) {
    const issued = spread(calibration);
    const value = residual(step);
    if (step >= skip) {
      if (value < issued.lower) below++;
      if (value > issued.upper) above++;
    }
    learn(calibration, value, issued, COVERAGE, MEMORY);
  }
  const n = steps - skip;
  return { below: below / n, above: above / n, within: 1 - (below + above) / n, calibration };
}

describe('the calibration of an interval', () => {
  it('covers 95% in the long run, each tail by itself, whatever the shape of the residuals', () => {
    const random = seeded(1);
    const shapes = {
      normal: () => normal(random),
      skewed: () => Math.exp(normal(random)),
      shifted: () => 5 + normal(random),
      heavy: () => normal(random) / Math.sqrt(random() + 1e-3),
    };
    for (const [name, residual] of Object.entries(shapes)) {
      const { below, above } = run(20_000, residual);
      expect(below, name).toBeCloseTo(0.025, 2);
      expect(above, name).toBeCloseTo(0.025, 2);
    }
  });

  it('keeps the coverage while the spread of the residuals grows and shrinks threefold', () => {
    const random = seeded(2);
    const { within } = run(30_000, (step) => normal(random) * (2 + Math.sin(step / 1_500)));
    expect(within).toBeGreaterThan(0.94);
    expect(within).toBeLessThan(0.96);
  });

  it('follows a jump of the level within its memory', () => {
    const random = seeded(3);
    const { calibration } = run(12_000, (step) => (step < 6_000 ? 0 : 10) + normal(random));
    const { lower, upper } = spread(calibration);
    expect(upper).toBeGreaterThan(11);
    expect(upper).toBeLessThan(14);
    // Misses of the old level still weigh, so the lower end comes along more slowly than the upper one.
    expect(lower).toBeLessThan(9);
  });

  it('is near its width again a day after a shift, however wild the misses before it could answer', () => {
    const [shiftAt, lead, day] = [6_000, 48, 288];
    const halfWidthAfter = (wild: number) => {
      const random = seeded(5);
      const calibration = newCalibration(COVERAGE);
      const pending: Spread[] = [];
      for (let step = 0; step < shiftAt + lead + day; step++) {
        pending.push(spread(calibration));
        if (step < lead) continue;
        const usual = normal(random);
        const shifted = step >= shiftAt && step < shiftAt + lead;
        learn(calibration, shifted ? wild : usual, pending.shift()!, COVERAGE, 1_000);
      }
      const { lower, upper } = spread(calibration);
      return (upper - lower) / 2;
    };
    expect(halfWidthAfter(1_000)).toBeLessThan(1.4 * halfWidthAfter(0));
  });

  it('follows residuals that have really become tenfold', () => {
    const random = seeded(6);
    const { calibration } = run(12_000, (step) => (step < 6_000 ? 1 : 10) * normal(random));
    expect(spread(calibration).upper).toBeGreaterThan(16);
    expect(spread(calibration).lower).toBeLessThan(-16);
  });

  it('stays finite: no run of misses takes an end beyond the largest residual seen', () => {
    const { calibration } = run(5_000, (step) => 1.01 ** Math.min(step, 600));
    const { lower, median, upper } = spread(calibration);
    expect(upper).toBeLessThanOrEqual(1.01 ** 600);
    expect(lower).toBeLessThanOrEqual(median);
    expect(median).toBeLessThanOrEqual(upper);
  });

  it('is plain data: it goes on the same from its JSON', () => {
    const random = seeded(4);
    const { calibration } = run(1_000, () => normal(random), 0);
    const copy = JSON.parse(JSON.stringify(calibration)) as typeof calibration;
    expect(spread(copy)).toEqual(spread(calibration));
    learn(copy, 3, spread(copy), COVERAGE, MEMORY);
    learn(calibration, 3, spread(calibration), COVERAGE, MEMORY);
    expect(copy).toEqual(calibration);
  });

  it('knows nothing before the first residual', () => {
    expect(spread(newCalibration(COVERAGE))).toEqual({ lower: 0, median: 0, upper: 0 });
  });
});
