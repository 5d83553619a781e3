import { describe, expect, test } from 'vitest';
import { recoveryOf } from '../bench/shifts/coverage.ts';
import { quickFitter } from '../bench/shifts/fitters.ts';
import type { Walked } from '../bench/shifts/walk.ts';
import { JUDGED, walk } from '../bench/shifts/walk.ts';
import {
  DAY_MS,
  DELAY_MS,
  HOUR_MS,
  MINUTE_MS,
  SHIFTS,
  SHIFT_MS,
  SOUND_DAYS,
  World,
} from '../bench/shifts/world.ts';

/**
 * The worker's own forecast activity through shifts of demand and of its source, at the least step and model that a test can
 * afford: one seed, 288 forecasts a day. Their binomial error is 1.3 points and they are not
 * independent, so bands are wider here than in the bench (docs/benchmarks.md), which pools seeds.
 */
const STEP_MS = 5 * MINUTE_MS;
const FROM = SHIFT_MS - 2 * HOUR_MS + DELAY_MS;
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
  const to = SHIFT_MS + DAY_MS + SETTLED_HOURS * HOUR_MS;
  return walk(world, { fitter: quickFitter(), from: FROM, to });
}

/** Share within the interval over the 24 hours that begin some hours after the shift. */
function coverageAfter({ within }: Walked, judged: (typeof JUDGED)[number], hours: number): number {
  const start = SHIFT_STEP + (hours * HOUR_MS) / STEP_MS;
  const day = within[JUDGED.indexOf(judged)]!.subarray(start, start + DAY_MS / STEP_MS);
  const judgedSteps = day.filter((value) => value >= 0);
  return judgedSteps.reduce((sum, value) => sum + value, 0) / judgedSteps.length;
}

describe.each(['level x2', 'season 6 h later', 'source dead for 2 h', 'points late, revised'])(
  'after a shift (%s)',
  (name) => {
    test('windows are covered again within hours, and a silence is not taken for no demand', async () => {
      const walk = await walked(name);
      expect(coverageAfter(walk, 'window', SETTLED_HOURS)).toBeGreaterThan(0.9);
      expect(coverageAfter(walk, '15 min', SETTLED_HOURS)).toBeGreaterThan(0.9);
      // Demand is never below 100.
      expect(Math.min(...walk.digests.map(({ windows }) => windows.shadow.median))).toBeGreaterThan(80);
    }, 60_000);
  },
);

test('a recovery is counted from the first hour on from which coverage stays in the band', () => {
  const [shift, perHour] = [24 * 20, 20];
  const walk = Int8Array.from({ length: 4 * shift }, (_, i) =>
    (i >= shift && i < shift + 6 * perHour) || i % 20 === 0 ? 0 : 1,
  );
  expect(recoveryOf([walk], shift, perHour)).toMatchObject({ before: 0.95, backAfterHours: 6 });
});
