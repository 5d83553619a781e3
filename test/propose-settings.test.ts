import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../src/domain/plan.ts';
import type { Replay } from '../src/domain/propose-settings.ts';
import { proposeSettings } from '../src/domain/propose-settings.ts';
import { replayOf } from '../src/domain/replay.ts';
import type { Tunable } from '../src/domain/settings.ts';
import { DEFAULT_SETTINGS, SETTINGS_BOUNDS, TUNABLE } from '../src/domain/settings.ts';
import { AS_OF, DELAY_MS, forecast, interval, MINUTE_MS, PRICES, SPEC } from './support/decide-inputs.ts';

/** Feedback moves settings by evidence alone, within bounds, and comes to rest. */

/** Any settings within the bounds, as far as feedback may move them. */
const settingsWithin = fc
  .record(
    Object.fromEntries(
      TUNABLE.map((name) => {
        const { least, most } = SETTINGS_BOUNDS[name];
        return [name, fc.double({ min: least, max: most, noNaN: true })];
      }),
    ) as Record<Tunable, fc.Arbitrary<number>>,
  )
  .map((tuned): Settings => ({ ...DEFAULT_SETTINGS, ...tuned }));

/** A past in which cost grows with the distance from one best setting, in any of several ways. */
const pasts = fc
  .record({
    best: settingsWithin,
    slope: fc.double({ min: 0, max: 5, noNaN: true }),
    hours: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ best, slope, hours }): Replay => (settings) => {
    const distance = TUNABLE.reduce((sum, name) => sum + Math.abs(Math.log(settings[name] / best[name])), 0);
    return Array.from({ length: hours }, () => 1 + slope * distance);
  });

/** A past whose costs follow no law at all, but always the same for the same settings. */
const lawless = fc.integer().map((seed): Replay => (settings) => {
  const text = JSON.stringify(settings);
  return Array.from({ length: 30 }, (_, hour) => {
    let hash = seed + hour;
    for (const letter of text) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
    return 1 + (hash >>> 0) / 2 ** 32;
  });
});

const anyPast = fc.oneof(pasts, lawless);
const cost = (replay: Replay, settings: Settings) => replay(settings).reduce((a, b) => a + b, 0);

describe('a proposal', () => {
  test('never leaves the bounds: in all, and per move in one setting', () => {
    fc.assert(
      fc.property(anyPast, settingsWithin, (replay, settings) => {
        const proposed = proposeSettings(replay, settings, SETTINGS_BOUNDS).settings;
        const moved = TUNABLE.filter((name) => proposed[name] !== settings[name]);
        expect(moved.length).toBeLessThanOrEqual(1);
        for (const name of TUNABLE) {
          const { least, most, factor } = SETTINGS_BOUNDS[name];
          expect(proposed[name]).toBeGreaterThanOrEqual(least);
          expect(proposed[name]).toBeLessThanOrEqual(most);
          // Settings are rounded to three digits.
          expect(Math.abs(Math.log(proposed[name] / settings[name]))).toBeLessThan(Math.log(factor) + 0.006);
        }
      }),
    );
  });

  test('moves only where the same hours would have cost 1% less, and says by how much', () => {
    fc.assert(
      fc.property(anyPast, settingsWithin, (replay, settings) => {
        const { settings: proposed, move, evidence } = proposeSettings(replay, settings, SETTINGS_BOUNDS);
        if (!move) {
          expect(proposed).toEqual(settings);
          return;
        }
        expect(evidence.hours).toBeGreaterThanOrEqual(24);
        expect(proposed[move.setting]).toBe(move.to);
        expect(cost(replay, proposed)).toBeLessThan(0.99 * cost(replay, settings));
        expect(Math.min(...evidence.candidates.map((one) => one.cost))).toBeCloseTo(
          cost(replay, proposed),
          9,
        );
      }),
    );
  });

  test('repeated on the same past comes to rest and never returns to what it left', () => {
    fc.assert(
      fc.property(anyPast, settingsWithin, (replay, start) => {
        const seen = new Set<string>();
        let settings = start;
        for (let moves = 0; ; moves++) {
          expect(moves).toBeLessThan(200);
          expect(seen.has(JSON.stringify(settings))).toBe(false);
          seen.add(JSON.stringify(settings));
          const next = proposeSettings(replay, settings, SETTINGS_BOUNDS);
          if (!next.move) {
            expect(next.settings).toEqual(settings);
            return;
          }
          settings = next.settings;
        }
      }),
    );
  });

  test('brings settings from outside the bounds inside before anything else', () => {
    const outside = { ...DEFAULT_SETTINGS, thresholdFactor: 9, parkingMs: 0 };
    const { settings } = proposeSettings(() => [1, 1], outside, SETTINGS_BOUNDS);
    expect(settings.thresholdFactor).toBe(SETTINGS_BOUNDS.thresholdFactor.most);
    expect(settings.parkingMs).toBe(SETTINGS_BOUNDS.parkingMs.least);
  });

  test('refuses a replay that compares different hours', () => {
    const uneven: Replay = (settings) =>
      Array.from(
        { length: settings.thresholdFactor === DEFAULT_SETTINGS.thresholdFactor ? 30 : 29 },
        () => 1,
      );
    expect(() => proposeSettings(uneven, DEFAULT_SETTINGS, SETTINGS_BOUNDS)).toThrow(
      /thresholdFactor .* covers 29 hours, of the present settings 30/,
    );
  });
});

describe('the past replayed by the decision itself', () => {
  const HOURS = 25;
  /** Ten minutes of each hour demand stands above what the primary carries, and each forecast knows it. */
  const past = (high: number) => {
    const at = (minute: number) => (minute % 60 < 10 ? high : 300);
    const looks = Array.from({ length: HOURS * 60 }, (_, minute) => {
      const asOf = AS_OF + minute * MINUTE_MS;
      const ahead = (minutes: number) => {
        const highest = Math.max(...Array.from({ length: minutes }, (__, i) => at(minute + i)));
        return interval(highest, highest, highest);
      };
      const windows = { full: ahead(4), warm: ahead(5), shadow: ahead(6) };
      return forecast({ asOf, issuedAt: asOf + DELAY_MS, observed: at(minute - 1), windows });
    });
    const values = Float64Array.from({ length: HOURS * 60 + 1 }, (_, minute) => at(minute + 1));
    const demand = { startAt: AS_OF + DELAY_MS, stepMs: MINUTE_MS, values };
    const timesToServe = { warmMs: 40_000, shadowMs: 90_000, coldMs: 150_000 };
    const primary = { minimum: 10, maximum: 10 };
    return { looks, demand, world: { spec: SPEC, prices: PRICES, timesToServe, primary } };
  };

  test('costs what serves, and what nobody serves at the price of a violation', () => {
    const quiet = replayOf(past(300))(DEFAULT_SETTINGS);
    expect(quiet).toHaveLength(HOURS);
    expect(quiet.at(-1)).toBeCloseTo(10 * PRICES.full, 9);
    // With no mirror at all ten minutes of 100 requests/s, two instances' worth, would go unserved each hour.
    const unserved = (10 / 60) * 2 * SPEC.objectives.violationCost * PRICES.full;
    const over = replayOf(past(600))(DEFAULT_SETTINGS).at(-1)!;
    expect(over).toBeGreaterThan(10 * PRICES.full);
    expect(over).toBeLessThan(10 * PRICES.full + unserved);
  });

  test('is the same each time, and teaches a threshold that serves such demand', () => {
    const replay = replayOf(past(570));
    const slack = { ...DEFAULT_SETTINGS, thresholdFactor: 1.2 };
    expect(replay(slack)).toEqual(replay(slack));
    const { move } = proposeSettings(replay, slack, SETTINGS_BOUNDS);
    expect(move).toMatchObject({ setting: 'thresholdFactor', from: 1.2 });
    expect(move!.to).toBeLessThan(570 / 500);
  });
});
