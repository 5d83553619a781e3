import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeenDemand } from '../activities/seen-demand.ts';
import { RevisionAge } from '../src/domain/observation-delay.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import { SPEC } from './support/decide-inputs.ts';

/**
 * A source whose samples change after they were first read: how long they do is learnt from reading them again, and what may
 * still change is not taken for final. A value read too early would count for ever in what forecasts are settled by.
 */
const MINUTE_MS = 60_000;
const STEP_MS = SPEC.demand.stepMs;
const DELAY_MS = SPEC.demand.observationDelayMs;
const START_MS = Date.UTC(2026, 2, 2);

/** Demand of 100, shown at half until it is final. `clock` is moved by whoever reads. */
function filling(finalAfterMs: (at: number) => number, clock: { now: number }): DemandSource {
  return {
    async read(_, from, to) {
      const samples = [];
      for (let at = Math.floor(from / STEP_MS) * STEP_MS + STEP_MS; at <= to - DELAY_MS; at += STEP_MS)
        samples.push({ at, value: clock.now - at < finalAfterMs(at) ? 50 : 100 });
      return samples;
    },
  };
}

/** What a look a minute sees of it in the end, and the share of steps that were half when they were counted as final. */
async function followed(finalAfterMs: (at: number) => number, minutes: number) {
  const clock = { now: START_MS };
  const source = filling(finalAfterMs, clock);
  const seen = new SeenDemand();
  let takenIn: number | undefined;
  let halves = 0;
  let last = await seen.readOn(source, SPEC, clock.now);
  for (let minute = 0; minute < minutes; minute++) {
    clock.now += MINUTE_MS;
    last = await seen.readOn(source, SPEC, clock.now, takenIn);
    expect(last.asOf).toBeGreaterThanOrEqual(takenIn ?? -Infinity);
    for (let at = (takenIn ?? last.asOf) + STEP_MS; at <= last.asOf; at += STEP_MS) {
      const { startAt, values } = last.known!;
      if (values[Math.round((at - startAt) / STEP_MS)] === 50) halves++;
    }
    takenIn = last.asOf;
  }
  return { ...last, age: clock.now - last.asOf, halves };
}

describe('the observation delay', () => {
  test('is as declared while what is read does not change', async () => {
    const { age, delayMs, young } = await followed(() => 0, 200);
    expect({ age, delayMs, young }).toEqual({ age: DELAY_MS, delayMs: DELAY_MS, young: [] });
  });

  test('grows within a quarter of an hour to when samples are final; the young ones are shown apart', async () => {
    const changing = DELAY_MS + 3 * MINUTE_MS;
    const { age, delayMs, young, halves } = await followed(() => changing, 200);
    expect(delayMs).toBe(changing);
    expect(age).toBe(changing);
    expect(young).toEqual([50, 50, 50]);
    expect(halves).toBeLessThanOrEqual(15);
  });

  test('does not grow for a correction now and then', async () => {
    const rarely = await followed((at) => ((at / STEP_MS) % 30 === 0 ? 20 * MINUTE_MS : 0), 300);
    expect(rarely.delayMs).toBe(DELAY_MS);
  });

  test('falls back when the source is quick again', async () => {
    const slowUntil = START_MS + 120 * MINUTE_MS;
    const { delayMs } = await followed((at) => (at < slowUntil ? DELAY_MS + 5 * MINUTE_MS : 0), 120 + 240);
    expect(delayMs).toBe(DELAY_MS);
  });
});

test('however samples change, no more than one in twenty is older than the age learnt when it last did', () => {
  const changes = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 20, maxLength: 170 });
  fc.assert(
    fc.property(changes, (lastChanges) => {
      const revisions = new RevisionAge();
      const end = lastChanges.length + 5;
      for (let minute = 1; minute <= end; minute++) {
        const samples = lastChanges.flatMap((lastChange, step) =>
          step <= minute && minute - step <= 30
            ? [{ at: step * 60_000, value: Math.min(minute - step, lastChange) }]
            : [],
        );
        revisions.read(samples, minute * 60_000);
      }
      const older = lastChanges.filter(
        (lastChange, step) => Math.min(lastChange, end - step) * 60_000 > revisions.finalAfterMs,
      );
      expect(older.length).toBeLessThanOrEqual(Math.max(1, lastChanges.length / 20));
    }),
  );
});
