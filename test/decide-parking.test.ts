import { describe, expect, it } from 'vitest';
import { bridgingLevel, parkedAfter, withParked } from '../src/domain/parking.ts';

const MINUTE_MS = 60_000;
const zone = (full: number, warm: number, shadow = 0) => ({
  zone: 'us-central1-b',
  full,
  warm,
  shadow,
  serving: full,
});
const fleet = (serving: number, target: number, ...mirrors: ReturnType<typeof zone>[]) => ({
  primary: { serving, target, minimum: 2, maximum: 40 },
  mirrors,
});

describe('bridging what the autoscaler has asked for and still boots', () => {
  it('resumes as many warm mirrors as are missing, on top of what is full', () => {
    expect(bridgingLevel(fleet(8, 11, zone(2, 7)), 'interval')).toBe(5);
  });

  it('never asks for more than is at hand: a new instance would come no sooner', () => {
    expect(bridgingLevel(fleet(8, 30, zone(2, 1)), 'interval')).toBe(3);
    expect(bridgingLevel(fleet(8, 11, zone(0, 0, 5)), 'interval')).toBe(0);
  });

  it('by policy cost wakes shadows too, two for each that is missing: a group under full load asks step by step', () => {
    expect(bridgingLevel(fleet(8, 11, zone(2, 0, 9)), 'cost')).toBe(2 + 6);
    expect(bridgingLevel(fleet(8, 11, zone(2, 1, 3)), 'cost')).toBe(2 + 4);
    expect(bridgingLevel(fleet(11, 11, zone(2, 0, 9)), 'cost')).toBe(0);
  });

  it('lets nothing full go while the gap lasts, though nothing more is at hand', () => {
    expect(bridgingLevel(fleet(8, 11, zone(2, 0)), 'cost')).toBe(2);
    expect(bridgingLevel(fleet(8, 11, zone(2, 0)), 'interval')).toBe(2);
  });

  it('asks for nothing while the primary has what it wants', () => {
    expect(bridgingLevel(fleet(11, 11, zone(2, 7)), 'interval')).toBe(0);
    expect(bridgingLevel(fleet(11, 8, zone(2, 7)), 'interval')).toBe(0);
  });

  it('leaves to the forecast what its own minimum asked for ahead of demand', () => {
    const { primary, mirrors } = fleet(8, 11, zone(2, 7));
    expect(bridgingLevel({ primary: { ...primary, minimum: 11 }, mirrors }, 'interval')).toBe(0);
    expect(bridgingLevel({ primary: { ...primary, minimum: 10 }, mirrors }, 'interval')).toBe(5);
  });
});

describe('parking after a spike', () => {
  const nothing = { full: 0, fullAndWarm: 0, fullWarmAndShadow: 0 };

  it('keeps as many as were full at once, from when they last were, and then lets go', () => {
    let parked = parkedAfter(undefined, 7, 0, 60 * MINUTE_MS);
    parked = parkedAfter(parked, 4, 10 * MINUTE_MS, 60 * MINUTE_MS);
    expect(withParked(nothing, parked, 59 * MINUTE_MS)).toEqual({
      full: 0,
      fullAndWarm: 7,
      fullWarmAndShadow: 7,
    });
    expect(withParked(nothing, parked, 60 * MINUTE_MS)).toEqual(nothing);
    expect(parkedAfter(parked, 0, 60 * MINUTE_MS, 60 * MINUTE_MS)).toBeUndefined();
  });

  it('parks nothing where nothing was ever full', () => {
    expect(parkedAfter(undefined, 0, 0, 60 * MINUTE_MS)).toBeUndefined();
  });

  it('asks for no more readiness than the forecast does already', () => {
    const levels = { full: 9, fullAndWarm: 12, fullWarmAndShadow: 20 };
    expect(withParked(levels, { instances: 7, until: MINUTE_MS }, 0)).toEqual(levels);
  });
});
