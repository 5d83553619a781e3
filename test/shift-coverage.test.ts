import { describe, expect, test } from 'vitest';
import { recoveryOf, turnsOf } from '../bench/shifts/coverage.ts';
import { quickFitter } from '../bench/shifts/fitters.ts';
import type { Walked } from '../bench/shifts/walk.ts';
import { DELAY_MS, JUDGED, walk } from '../bench/shifts/walk.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SHIFTS, SHIFT_MS, SOUND_DAYS, World } from '../bench/shifts/world.ts';
import { SETTINGS_BOUNDS, TUNABLE } from '../src/domain/settings.ts';

/**
 * The worker's own forecast activity, decision and feedback through shifts of demand and of its source, at the least step and
 * model that a test can afford: one seed, 288 forecasts a day. Their binomial error is 1.3 points and they are not
 * independent, so bands are wider here than in the bench (docs/benchmarks.md), which pools seeds.
 */
const STEP_MS = 5 * MINUTE_MS;
const FROM = SHIFT_MS - DAY_MS / 2 + DELAY_MS;
const SHIFT_STEP = Math.floor((SHIFT_MS - FROM) / STEP_MS);
const SETTLED_HOURS = 3;

async function walked(name: string): Promise<Walked> {
  const world = new World(
    SHIFTS.find((shift) => shift.name === name)!,
    1,
    SOUND_DAYS + 3,
    STEP_MS,
    DELAY_MS,
  );
  const to = SHIFT_MS + 1.25 * DAY_MS;
  return walk(world, { fitter: quickFitter(), policy: 'interval', from: FROM, to, decides: true });
}

/** Share within the interval over the 24 hours that begin some hours after the shift. */
function coverageAfter({ within }: Walked, judged: (typeof JUDGED)[number], hours: number): number {
  const start = SHIFT_STEP + (hours * HOUR_MS) / STEP_MS;
  const day = within[JUDGED.indexOf(judged)]!.subarray(start, start + DAY_MS / STEP_MS);
  const judgedSteps = day.filter((value) => value >= 0);
  return judgedSteps.reduce((sum, value) => sum + value, 0) / judgedSteps.length;
}

describe.each(['level x2', 'season 6 h later', 'source dead for 2 h'])('after a shift (%s)', (name) => {
  test('windows are covered again within hours, settings stay in bounds, and nothing oscillates', async () => {
    const walk = await walked(name);
    expect(coverageAfter(walk, 'window', SETTLED_HOURS)).toBeGreaterThan(0.9);
    expect(coverageAfter(walk, '15 min', SETTLED_HOURS)).toBeGreaterThan(0.9);
    for (const settings of walk.settings)
      for (const setting of TUNABLE) {
        expect(settings[setting]).toBeGreaterThanOrEqual(SETTINGS_BOUNDS[setting].least);
        expect(settings[setting]).toBeLessThanOrEqual(SETTINGS_BOUNDS[setting].most);
      }
    for (const setting of TUNABLE)
      expect(turnsOf(walk.settings.map((settings) => settings[setting]))).toBeLessThanOrEqual(2);
    // A rise and a fall an hour, where demand beyond the primary's maximum wanders across instances.
    const hours = ((walk.mirrors.length - SHIFT_STEP) * STEP_MS) / HOUR_MS;
    expect(turnsOf(walk.mirrors.slice(SHIFT_STEP))).toBeLessThanOrEqual(2 * hours);
    // Demand is never below 100: a silence is not taken for none.
    expect(Math.min(...walk.medians)).toBeGreaterThan(80);
  }, 60_000);
});

test('a recovery is counted from the first hour on from which coverage stays in the band', () => {
  const [shift, perHour] = [24 * 20, 20];
  const walk = Int8Array.from({ length: 4 * shift }, (_, i) =>
    (i >= shift && i < shift + 6 * perHour) || i % 20 === 0 ? 0 : 1,
  );
  expect(recoveryOf([walk], shift, perHour)).toMatchObject({ before: 0.95, backAfterHours: 6 });
});
