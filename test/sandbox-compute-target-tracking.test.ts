import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_TRACK, instancesForLoad, trackTarget } from '../src/domain/target-tracking.ts';
import type { Track } from '../src/domain/target-tracking.ts';

const MINUTE_MS = 60_000;
const RULE = { utilizationTarget: 0.6, minimum: 1, maximum: 50, stabilizationMs: 10 * MINUTE_MS };

/** Looks once a minute while every instance shows the same load, shared among `size`. */
function follow(load: number[], start: number, rule = RULE): number[] {
  let size = start;
  let track: Track = NO_TRACK;
  return load.map((total, minute) => {
    const each = Math.min(1, total / size);
    const step = trackTarget(rule, track, minute * MINUTE_MS, Array<number>(size).fill(each), size);
    ({ size, track } = step);
    return size;
  });
}

describe('the reactive rule', () => {
  it('scales out at once to what brings mean utilisation to its target', () => {
    // 5 instances at 90% carry 4.5 instances' worth of work: 4.5 / 0.6 = 7.5.
    expect(trackTarget(RULE, NO_TRACK, 0, [0.9, 0.9, 0.9, 0.9, 0.9], 5).size).toBe(8);
  });

  it('keeps the size where the load is exactly on target, whatever floating point makes of it', () => {
    for (let size = 1; size <= 200; size += 1)
      expect(instancesForLoad(Array<number>(size).fill(0.6), 0.6)).toBe(size);
  });

  it('scales in only when the peak has left the stabilisation period', () => {
    const load = [6, ...Array<number>(14).fill(1.2)];
    const sizes = follow(load, 5);
    // The peak at minute 0 wanted ceil(5 * 1 / 0.6) = 9; it counts up to, not including, minute 10.
    expect(sizes.slice(0, 10)).toEqual(Array<number>(10).fill(9));
    expect(sizes[10]).toBe(2);
  });

  it('holds the size that it found for one stabilisation period', () => {
    const sizes = follow(Array<number>(12).fill(0.6), 7);
    expect(sizes.slice(0, 10)).toEqual(Array<number>(10).fill(7));
    expect(sizes[10]).toBe(1);
  });

  it('keeps the size while nothing can be measured', () => {
    expect(trackTarget(RULE, NO_TRACK, 0, [], 4).size).toBe(4);
  });

  it('obeys a raised minimum at once, and lets go of it at once when load never asked for it', () => {
    const quiet = follow(Array<number>(11).fill(0.6), 1);
    expect(quiet.at(-1)).toBe(1);
    const first = trackTarget({ ...RULE, minimum: 6 }, NO_TRACK, 0, [0.1], 1);
    expect(first.size).toBe(6);
    expect(trackTarget(RULE, first.track, MINUTE_MS, Array<number>(6).fill(0.02), 6).size).toBe(1);
  });

  it('stays within its bounds, and never below the highest want of the stabilisation period', () => {
    const look = fc.record({
      stepMs: fc.integer({ min: 1, max: 5 * MINUTE_MS }),
      cpu: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(
        fc.array(look, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 10, max: 30 }),
        (looks, utilizationTarget, minimum, maximum) => {
          const rule = { utilizationTarget, minimum, maximum, stabilizationMs: 10 * MINUTE_MS };
          const wants: { at: number; want: number }[] = [];
          let [size, track, now] = [minimum, NO_TRACK as Track, 0];
          for (const { stepMs, cpu } of looks) {
            now += stepMs;
            const before = size;
            const step = trackTarget(rule, track, now, cpu, size);
            ({ size, track } = step);
            wants.push({ at: now, want: step.recommended });
            const recent = wants.filter(({ at }) => at > now - rule.stabilizationMs).map(({ want }) => want);
            expect(size).toBeGreaterThanOrEqual(minimum);
            expect(size).toBeLessThanOrEqual(maximum);
            expect(size).toBeGreaterThanOrEqual(step.recommended);
            if (size < before) expect(size).toBeGreaterThanOrEqual(Math.max(...recent));
          }
        },
      ),
    );
  });
});
