import { describe, expect, it } from 'vitest';
import { chooseTarget } from '../src/cli/up/choose-target.ts';
import { MINUTE_MS, scaleToInstances } from '../src/cli/up/twin-demand.ts';
import { exampleSeries } from '../src/cli/up/example-series.ts';

const WORLD = {
  perInstance: 10,
  saturation: 12.5,
  startUpMs: 100_000,
  stabilisationMs: 10 * MINUTE_MS,
  minimum: 2,
  maximum: 40,
  violationCost: 40,
};

function flat(value: number, minutes: number) {
  return Array.from({ length: minutes }, (_, n) => ({ at: (n + 1) * MINUTE_MS, value }));
}

describe('the target that both twins get', () => {
  it('is high where demand is flat and overload is what costs nothing', () => {
    expect(chooseTarget(flat(100, 600), { ...WORLD, violationCost: 0 }).target).toBe(0.9);
  });

  it('keeps reserve where spikes cost more than instances', () => {
    const history = scaleToInstances(exampleSeries(1), 20, 10).history;
    const dear = chooseTarget(history, { ...WORLD, violationCost: 1000 });
    const cheap = chooseTarget(history, { ...WORLD, violationCost: 0 });
    expect(dear.target).toBeLessThan(cheap.target);
  });

  it('costs no more than what the demand alone needs, and never less', () => {
    const { cost } = chooseTarget(flat(100, 600), WORLD);
    const needed = 10 * 10;
    expect(cost).toBeGreaterThanOrEqual(needed);
    expect(cost).toBeLessThan(needed * 1.3);
  });
});
