import { describe, expect, test } from 'vitest';
import { LivedPast } from '../activities/past/lived-past.ts';
import { propose } from '../activities/past/proposer.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Settings } from '../src/domain/plan.ts';
import type { ReplayWorld } from '../src/domain/replay.ts';
import { DEFAULT_SETTINGS, SETTINGS_BOUNDS, TUNABLE } from '../src/domain/settings.ts';
import { AS_OF, forecast, interval, MINUTE_MS, PRICES, SPEC } from './support/decide-inputs.ts';
import { seeded } from './support/models-series.ts';

/** Forecasts that are wrong on purpose, lived through in simulated time with feedback and without. */

const STEP_MS = 5 * MINUTE_MS;
const STEPS_PER_DAY = 288;
const DAYS = 4;
const FEEDBACK_EVERY = STEPS_PER_DAY / 4;
const WORLD: ReplayWorld = {
  spec: { ...SPEC, demand: { ...SPEC.demand, stepMs: STEP_MS, observationDelayMs: 0 } },
  prices: PRICES,
  timesToServe: { warmMs: 40_000, shadowMs: 90_000, coldMs: 300_000 },
  primary: { minimum: 10, maximum: 10 },
};

/** Twelve crowds a day, higher and lower ones, with noise: what the primary carries is 500. */
const demand = (() => {
  const random = seeded(7);
  const heights = Array.from({ length: DAYS * 12 }, () => 550 + 250 * random());
  return Float64Array.from({ length: DAYS * STEPS_PER_DAY + 12 }, (_, i) => {
    const crowd = i % 24 < 5 ? (heights[Math.floor(i / 24)] ?? 600) : 330;
    return crowd * (0.95 + 0.1 * random());
  });
})();

interface Forecaster {
  bias: number;
  /** Half-width of the interval as a share of the median. */
  half: number;
}
const UNHARMED: Forecaster = { bias: 1, half: 0.1 };

/** What is said after step `i` of the windows ahead. */
function said(i: number, { bias, half }: Forecaster): ForecastDigest {
  const highest = (steps: number) => bias * Math.max(...demand.subarray(i, i + 1 + steps));
  const around = (median: number) => interval(median * (1 - half), median, median * (1 + half));
  const asOf = AS_OF + i * STEP_MS;
  return forecast({
    asOf,
    issuedAt: asOf,
    observed: demand[i]!,
    windows: { full: around(highest(1)), warm: around(highest(1)), shadow: around(highest(2)) },
    sustained: 330,
  });
}

interface Life {
  settings: Settings;
  /** Cost per day. */
  costs: number[];
  moves: { setting: string; from: number; to: number }[];
}

function live(forecaster: Forecaster, learns: boolean): Life {
  const lived = new LivedPast(WORLD, demand[0]!);
  const looks: ForecastDigest[] = [];
  const life: Life = { settings: DEFAULT_SETTINGS, costs: [], moves: [] };
  for (let i = 0; i < DAYS * STEPS_PER_DAY; i++) {
    const look = said(i, forecaster);
    looks.push(look);
    lived.look(life.settings, look);
    lived.step(demand[i + 1], AS_OF + (i + 1) * STEP_MS, STEP_MS);
    if ((i + 1) % STEPS_PER_DAY === 0) life.costs.push(lived.takeBalance().cost);
    if (learns && (i + 1) % FEEDBACK_EVERY === 0) learn(life, looks.slice(-2 * STEPS_PER_DAY), i + 1);
  }
  return life;
}

function learn(life: Life, looks: ForecastDigest[], now: number): void {
  const values = demand.subarray(now - looks.length, now + 1);
  const recent = { looks, demand: { startAt: looks[0]!.asOf, stepMs: STEP_MS, values }, world: WORLD };
  const { settings, move } = propose({ recent, settings: life.settings });
  if (move) life.moves.push(move);
  life.settings = settings;
}

describe.each([
  ['too low', { bias: 0.8, half: 0.1 }],
  ['too high', { bias: 1.3, half: 0.1 }],
  ['too sure', { bias: 1, half: 0.005 }],
])('forecasts that are %s', (_, forecaster) => {
  const without = live(forecaster, false);
  const learning = live(forecaster, true);
  const unharmed = live(UNHARMED, true);

  test('cost no more with feedback than without, and soon about what sound ones do', () => {
    const last = (life: Life) => life.costs.at(-1)!;
    expect(last(learning)).toBeLessThanOrEqual(last(without) * 1.01);
    expect(last(learning)).toBeLessThan(last(unharmed) * 1.1);
  });

  test('are answered within bounds, per move and in all', () => {
    for (const { setting, from, to } of learning.moves) {
      const { least, most, factor } = SETTINGS_BOUNDS[setting as (typeof TUNABLE)[number]];
      expect(Math.abs(Math.log(to / from))).toBeLessThan(Math.log(factor) + 0.01);
      expect(to).toBeGreaterThanOrEqual(least);
      expect(to).toBeLessThanOrEqual(most);
    }
  });

  test('make nothing swing: no setting turns around more than once', () => {
    for (const name of TUNABLE) {
      const ways = learning.moves.filter(({ setting }) => setting === name).map(({ from, to }) => to > from);
      expect(ways.filter((up, i) => i > 0 && up !== ways[i - 1]).length).toBeLessThanOrEqual(1);
    }
  });
});
