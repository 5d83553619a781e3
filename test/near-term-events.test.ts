import { describe, expect, test } from 'vitest';
import { NearTermForecaster } from '../models/near-term/forecaster.ts';
import { NearTermWithEvents } from '../models/near-term/with-events.ts';
import { nearTermOutlooks } from '../src/backtest/cost-contender.ts';
import { DEFAULT_MODEL } from '../src/backtest/model.ts';

/** Announced events move the next minutes' forecast as their kind has been seen to, and only from their announcement on. */
const DAY = 1440;
const LEADS = [2, 5];

/** Ten instances with a daily course and a little noise; in a sale demand doubles. */
function demandWith(sales: readonly { start: number; end: number }[], minutes: number): Float64Array {
  let state = 7;
  const noise = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647 - 0.5;
  return Float64Array.from({ length: minutes }, (_, t) => {
    const usual = (10 + 3 * Math.sin((2 * Math.PI * t) / DAY)) * (1 + 0.1 * noise());
    return usual * (sales.some(({ start, end }) => start <= t && t < end) ? 2 : 1);
  });
}

const windows = (kind: string, days: readonly number[]) =>
  days.map((day) => ({ start: day * DAY + 720, end: day * DAY + 900, kind, uplift: 2 }));

function follow(demand: Float64Array, events: readonly ReturnType<typeof windows>[number][]) {
  const followed = new NearTermWithEvents(LEADS);
  for (const event of events) followed.announce(event);
  demand.forEach((value) => followed.learn(value));
  return followed;
}
/** The first 16 values share 80% of the probability: the eleventh lies at its half. */
const median = (values: Float64Array) => values[10]!;

describe('the near-term forecast with events', () => {
  test('is the plain one where nothing was announced', () => {
    const demand = demandWith([], 3 * DAY);
    const plain = new NearTermForecaster(LEADS);
    demand.forEach((value) => plain.learn(value));
    const expected = plain
      .forecast()
      .map(({ centre, scale, values }) => values.map((z) => centre + scale * z));
    expect(follow(demand, []).forecast()).toEqual(expected);
  });

  test('rises before a sale whose like has come before, and not before an announcement that never did anything', () => {
    const past = [2, 3, 4, 5].map((day) => day);
    const now = 6 * DAY + 719;
    const sales = windows('sale', [...past, 6]);
    const sold = follow(demandWith(sales, now), sales).forecast();
    const usual = 10;
    expect(median(sold[1]!)).toBeGreaterThan(1.7 * usual * 0.9);
    const letters = windows('newsletter', [...past, 6]);
    const told = follow(demandWith([], now), letters).forecast();
    expect(median(told[1]!)).toBeLessThan(1.2 * usual);
  });

  // The usual is learnt from demand: what was not believed at first must not become the usual while it goes on.
  test('believes a sale that goes on although those before it were called off', () => {
    const day = { start: 4 * DAY + 300, end: 4 * DAY + 900 };
    const sales = [...windows('sale', [1, 2, 3]), { ...day, kind: 'sale', uplift: 2 }];
    const demand = demandWith([day], day.end);
    const followed = follow(demand.subarray(0, day.start + 60), sales);
    for (let minute = day.start + 60; minute <= day.start + 300; minute++) {
      followed.learn(demand[minute]!);
      if (minute % 60 !== 0) continue;
      const { probability, uplift } = followed.expectedOf(sales.at(-1)!)!;
      expect(probability).toBeGreaterThan(0.9);
      expect(Math.abs(uplift - 2)).toBeLessThan(0.1);
    }
  });

  test('notices within a quarter of an hour or two that a sale did not come', () => {
    const sales = windows('sale', [2, 3, 4, 5, 6]);
    const came = sales.slice(0, -1);
    const highAfter = (minutes: number) =>
      follow(demandWith(came, 6 * DAY + 720 + minutes), sales)
        .forecast()[1]!
        .filter((value) => value > 15).length;
    expect(highAfter(0)).toBeGreaterThan(20);
    expect(highAfter(30)).toBeLessThan(5);
  });

  test('knows an event from its announcement on, and nothing of it before', () => {
    const demand = demandWith([], 3 * DAY);
    const [event] = windows('sale', [2]);
    const announced = event!.start - 3;
    const told = nearTermOutlooks(DEFAULT_MODEL, [{ ...event!, announced }]);
    const untold = nearTermOutlooks(DEFAULT_MODEL);
    const at = (outlookOf: typeof told, t: number) =>
      outlookOf(demand.subarray(0, t)).values.map((own) => Array.from(own));
    expect(at(told, announced)).toEqual(at(untold, announced));
    expect(at(told, announced + 1)).not.toEqual(at(untold, announced + 1));
  });
});
