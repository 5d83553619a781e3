import { beforeAll, describe, expect, test } from 'vitest';
import { turnsOf } from '../bench/shifts/coverage.ts';
import type { DecideOptions, Decided } from '../bench/shifts/decide-along.ts';
import { decideAlong, outOfBounds, turnsOfSettings, worldOf } from '../bench/shifts/decide-along.ts';
import { quickFitter } from '../bench/shifts/fitters.ts';
import { walk, type Walked } from '../bench/shifts/walk.ts';
import {
  DAY_MS,
  DELAY_MS,
  MINUTE_MS,
  SHIFT_MS,
  SOUND_DAYS,
  World,
  type Shift,
} from '../bench/shifts/world.ts';
import { proposeSettings } from '../src/domain/propose-settings.ts';
import { DEFAULT_SETTINGS, SETTINGS_BOUNDS, TUNABLE } from '../src/domain/settings.ts';

/**
 * Settings through a shift that calls for other ones: half a day of bursts that nothing announces, between calm. A threshold that
 * starts at its bound must rise while it is calm, fall to the bound again for the bursts, rise once they are forgotten, and
 * do no more than that. Broken ways of proposing are caught by the same checks.
 */
const BURSTS: Shift = { name: 'bursts', demand: { burstsADay: 8 }, demandForMs: DAY_MS / 2 };
const STEP_MS = 5 * MINUTE_MS;
const FROM = SHIFT_MS - 1.25 * DAY_MS + DELAY_MS;
const PER_INSTANCE = worldOf(STEP_MS, 'cost').spec.demand.perInstance;
const LEAST = SETTINGS_BOUNDS.thresholdFactor.least;
const world = new World(BURSTS, 1, SOUND_DAYS + 3, STEP_MS, DELAY_MS);
let walked: Walked;

beforeAll(async () => {
  walked = await walk(world, { fitter: quickFitter(), from: FROM, to: SHIFT_MS + 1.9 * DAY_MS });
}, 180_000);

function decided(policy: DecideOptions['policy'], propose?: DecideOptions['propose']): Decided {
  const settings = { ...DEFAULT_SETTINGS, thresholdFactor: LEAST };
  const feedback = { retuneEveryHours: 3, lookBackHours: 24 };
  return decideAlong(world, walked, { policy, settings, ...feedback, ...(propose ? { propose } : {}) });
}

/** What is wrong with a course of settings, in words. */
function faultsOf(course: Decided): string[] {
  const turns = turnsOfSettings(course);
  return [
    ...outOfBounds(course).map((name) => `${name} is out of bounds`),
    // Up and down with the bursts, and up again after them.
    ...TUNABLE.filter((name) => turns[name] > 2).map((name) => `${name} oscillates`),
    ...course.moves
      .filter(
        ({ setting, from, to }) => Math.max(to / from, from / to) > SETTINGS_BOUNDS[setting].factor * 1.01,
      )
      .map(({ setting }) => `${setting} leaps`),
  ];
}

describe.each(['interval', 'cost'] as const)('policy %s', (policy) => {
  test('follows there and back, within bounds, and does no more', () => {
    const course = decided(policy);
    expect(faultsOf(course)).toEqual([]);
    expect(turnsOfSettings(course).thresholdFactor).toBe(2);
    expect(course.settings.at(-1)!.thresholdFactor).toBeGreaterThan(LEAST);
    // What is held is calmer than demand, counted in as much as an instance is trusted with.
    const asked = course.mirrors.map((_, step) =>
      Math.ceil(world.demandAt(FROM + step * STEP_MS)! / (LEAST * PER_INSTANCE)),
    );
    expect(turnsOf(course.mirrors)).toBeLessThan(turnsOf(asked));
  }, 180_000);
});

test('bounds that do not hold are noticed', () => {
  const wide = { ...SETTINGS_BOUNDS, thresholdFactor: { least: 0.01, most: 100, factor: 1.1 } };
  const course = decided('interval', (replay, settings) => proposeSettings(replay, settings, wide));
  expect(faultsOf(course)).toEqual(['thresholdFactor is out of bounds']);
}, 180_000);

test('settings that follow the last hour only are noticed', () => {
  const course = decided('interval', (replay, settings) => {
    const [before = 0, last = 0] = replay(settings).slice(-2);
    const { factor, least, most } = SETTINGS_BOUNDS.thresholdFactor;
    const from = settings.thresholdFactor;
    const to = Math.min(most, Math.max(least, last > before ? from / factor : from * factor));
    const moved = { ...settings, thresholdFactor: to };
    const evidence = { hours: 1, cost: last, candidates: [] };
    return {
      settings: moved,
      move: { setting: 'thresholdFactor', from, to },
      why: 'the last hour',
      evidence,
    };
  });
  expect(faultsOf(course)).toEqual(['thresholdFactor oscillates']);
}, 180_000);
