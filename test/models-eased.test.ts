import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import { eased } from '../models/combined/eased.ts';
import type { Expert } from '../models/combined/expert.ts';
import type { Course } from '../models/course.ts';

const STEP_MS = 300_000;
const DAY = 288;
const END_MS = Date.UTC(2026, 5, 1);

/** Says of every row what it was shown last, and keeps what it was shown. */
function witness() {
  const shown: { course: Course; events: readonly AnnouncedEvent[] }[] = [];
  const expert: Expert = {
    name: 'witness',
    prior: 1,
    knowsEvents: true,
    sketch(course, leads, windows, events) {
      shown.push({ course, events });
      return Promise.resolve(
        new Float64Array((leads.length + windows.length) * 15).fill(course.values.at(-1)!),
      );
    },
  };
  return { expert: eased(expert), shown };
}

/** Ten days of a daily course of 100 to 140, `peaks` of 1000 in the bins that are named. */
function courseWith(...peaks: number[]): Course {
  const values = Float64Array.from(
    { length: 10 * DAY },
    (_, i) => 120 - 20 * Math.cos((2 * Math.PI * i) / DAY),
  );
  for (const bin of peaks) values[bin] = 1000;
  return { values, stepMs: STEP_MS, endMs: END_MS };
}

const ASKED = 5 * DAY + 100;

async function shownAt(bin: number, course: Course, events: readonly AnnouncedEvent[] = []): Promise<number> {
  const { expert, shown } = witness();
  await expert.sketch(course, [0], [], events);
  return shown[0]!.course.values[bin]! ** 1.5;
}

describe('an expert that is shown eased demand', () => {
  it('does not see a peak that no other day had, and the course is left as it was', async () => {
    const course = courseWith(ASKED);
    expect(await shownAt(ASKED, course)).toBeLessThan(141);
    expect(course.values[ASKED]).toBe(1000);
  });

  // A daily job is demand that comes again: to hide it would be to forecast it away.
  it('sees a peak that came at the same time, or nearly, on another day', async () => {
    expect(await shownAt(ASKED, courseWith(ASKED, 2 * DAY + 103))).toBeCloseTo(1000, 6);
  });

  it('sees the last hours as they are', async () => {
    const last = 10 * DAY - 10;
    expect(await shownAt(last, courseWith(last))).toBeCloseTo(1000, 6);
  });

  it('sees what demand did within an announced event, whose size is eased alike', async () => {
    const course = courseWith(ASKED);
    const start = END_MS - (10 * DAY - ASKED) * STEP_MS;
    const event = { start, end: start + STEP_MS, announced: start, name: 'sale', kind: 'sale' };
    expect(await shownAt(ASKED, course, [event])).toBeCloseTo(1000, 6);
    const { expert, shown } = witness();
    await expert.sketch(course, [0], [], [{ ...event, expectedUplift: 8 }]);
    expect(shown[0]!.events[0]!.expectedUplift).toBeCloseTo(4, 9);
  });

  it('answers in the unit of demand, whatever its size and sign', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 600 }),
        fc.boolean(),
        async (drawn, positive) => {
          const values = Float64Array.from(drawn, (value) => (positive ? Math.abs(value) : value));
          const sketch = await witness().expert.sketch(
            { values, stepMs: STEP_MS, endMs: END_MS },
            [0, 5],
            [1],
            [],
          );
          const last = values.at(-1)!;
          for (const said of sketch!) {
            expect(Math.abs(said - last)).toBeLessThanOrEqual(1e-9 * Math.abs(last));
          }
        },
      ),
    );
  });
});
