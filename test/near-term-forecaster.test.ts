import { describe, expect, it } from 'vitest';
import { NearTermForecaster } from '../models/near-term/forecaster.ts';
import { normal, seededRandom } from '../src/cli/up/random.ts';

const DAY = 1440;
const LEAD = 2;
/** Points of the distribution at probabilities of 0.025 and 0.974. */
const [LOWER, UPPER] = [0, 40];

describe('the forecast of the next minutes', () => {
  it('knows in which minute of five a source reports that does so every five minutes', () => {
    const random = seededRandom(5);
    const forecaster = new NearTermForecaster([LEAD]);
    let level = 0;
    /** Width of the middle 80% by the minute of five that is forecast. */
    const widths = Array.from({ length: 5 }, (): number[] => []);
    for (let minute = 0; minute < 5 * DAY; minute++) {
      if (minute % 5 === 0) level = 2 + 8 * random();
      forecaster.learn(level);
      const { scale, values } = forecaster.forecast()[0]!;
      const middle = values.filter((_, i) => i >= 2 && i < 30);
      if (minute > 4 * DAY) widths[(minute + LEAD) % 5]!.push(scale * (middle.at(-1)! - middle[0]!));
    }
    const [first, second, ...known] = widths.map(
      (own) => own.reduce((sum, one) => sum + one, 0) / own.length,
    );
    // Two minutes ahead of the newest, these two belong to a value that nobody has reported yet.
    for (const unknown of [first!, second!]) expect(unknown).toBeGreaterThan(3);
    for (const one of known) expect(one).toBeLessThan(0.5);
  });

  it.each([2, 0.5])('is as sure as it should be on the day after demand became x%f', (change) => {
    const random = seededRandom(6);
    const forecaster = new NearTermForecaster([LEAD]);
    const issued: { lower: number; upper: number }[] = [];
    let [within, judged] = [0, 0];
    for (let minute = 0; minute < 10 * DAY; minute++) {
      const course = 1 - 0.3 * Math.cos((2 * Math.PI * minute) / DAY);
      const demand = 8 * (minute < 8 * DAY ? 1 : change) * course * (1 + 0.03 * normal(random));
      const said = issued[minute - LEAD];
      if (said && minute > 8.25 * DAY) {
        judged++;
        if (demand >= said.lower && demand <= said.upper) within++;
      }
      forecaster.learn(demand);
      const { centre, scale, values } = forecaster.forecast()[0]!;
      issued.push({ lower: centre + scale * values[LOWER]!, upper: centre + scale * values[UPPER]! });
    }
    expect(within / judged).toBeGreaterThan(0.93);
    expect(within / judged).toBeLessThan(0.97);
  });
});
