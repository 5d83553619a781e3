import { describe, expect, it } from 'vitest';
import { NearTermForecaster } from '../models/near-term/forecaster.ts';
import { seededRandom } from '../src/cli/up/random.ts';

const DAY = 1440;
const LEAD = 2;

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
});
