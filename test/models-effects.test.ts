import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixture } from '../models/mixture.ts';
import { seasonalNaiveExpert } from '../models/combined/naive-expert.ts';
import { courseOf } from '../models/course.ts';
import { effectsOf } from '../models/effects/effects.ts';
import { mixed } from '../models/effects/scenarios.ts';
import { endOf, until } from '../models/forecaster.ts';
import { createPremirror } from '../models/premirror.ts';
import { LEVELS, MEDIAN } from '../models/quantile-forecast.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import { DAY_MS, historyOf, normal, seeded, START } from './support/models-series.ts';

/** Announced events: what past ones of the kind did decides how far the next one is believed. */

const STEP_MS = 900_000;
const PER_DAY = 96;
const HOURS = 4;
const DAYS = 12;
const fresh = () =>
  createPremirror([mixture, seasonalNaiveExpert], { replayMs: 2 * DAY_MS, beatMs: DAY_MS / 4 });

/** A daily course in quarter hours; at noon of every other day an event of four hours that does `did(n)` of its announced 100%. */
function campaigns(did: (n: number) => number, noise = 0.02, seed = 1) {
  const random = seeded(seed);
  const values = Array.from(
    { length: DAYS * PER_DAY },
    (_, i) => (200 - 80 * Math.cos((2 * Math.PI * (i % PER_DAY)) / PER_DAY)) * (1 + noise * normal(random)),
  );
  const events: AnnouncedEvent[] = [];
  for (let day = 1, n = 0; day <= DAYS; day += 2, n++) {
    const first = day * PER_DAY + PER_DAY / 2;
    for (let i = first; i < Math.min(values.length, first + HOURS * 4); i++) values[i]! *= 1 + did(n);
    const start = START - STEP_MS + first * STEP_MS;
    events.push({
      announced: start - 3 * DAY_MS,
      start,
      end: start + HOURS * 3_600_000,
      name: `e${n}`,
      kind: 'sale',
      expectedUplift: 2,
    });
  }
  // The newest whole day ends before an event of the next noon.
  const next = START - STEP_MS + (DAYS * PER_DAY + PER_DAY / 2) * STEP_MS;
  events.push({ ...events[0]!, start: next, end: next + HOURS * 3_600_000, name: 'next' });
  return { history: historyOf(values, STEP_MS), events };
}

const atNoon = PER_DAY / 2 + 8;
const usualAtNoon = 200 - 80 * Math.cos((2 * Math.PI * atNoon) / PER_DAY);

describe('announced events', () => {
  it('move the forecast as those of their kind moved demand, and what lies outside of them not', async () => {
    const { history, events } = campaigns(() => 1);
    const forecast = await fresh().forecast(history, events);
    expect(forecast.at(atNoon)![MEDIAN]! / usualAtNoon).toBeCloseTo(2, 0);
    expect(forecast.at(atNoon)![0]!).toBeGreaterThan(1.2 * usualAtNoon * 0.5);
    expect(forecast.maximum(DAY_MS)![MEDIAN]!).toBeGreaterThan(1.7 * usualAtNoon);
    const midnight = forecast.at(0)![MEDIAN]!;
    expect(midnight).toBeGreaterThan(110);
    expect(midnight).toBeLessThan(130);
  });

  it('are not believed once their kind has done nothing', async () => {
    const { history, events } = campaigns(() => 0);
    const forecast = await fresh().forecast(history, events);
    expect(forecast.at(atNoon)![MEDIAN]! / usualAtNoon).toBeLessThan(1.1);
  });

  it('leave both outcomes open where some of the kind did nothing', async () => {
    const { history, events } = campaigns((n) => n % 2);
    const row = (await fresh().forecast(history, events)).at(atNoon)!;
    expect(row[LEVELS.indexOf(0.1)]! / usualAtNoon).toBeLessThan(1.2);
    expect(row[LEVELS.indexOf(0.9)]! / usualAtNoon).toBeGreaterThan(1.7);
  });

  it('are doubted while they run and nothing comes', () => {
    const { history, events } = campaigns((n) => (n === 5 ? 0 : 1));
    const last = events[5]!;
    const begun = until(history, last.start + 3_600_000, Infinity);
    const before = until(history, last.start, Infinity);
    const happened = (of: typeof history) => effectsOf(courseOf(of), events).outlooks[0]!.belief.happened;
    expect(happened(before)).toBeGreaterThan(0.8);
    expect(happened(begun)).toBeLessThan(0.2);
  });

  // Bursts on days beside an event look like effects, and like noise that hides them: neither may decide alone.
  it('are told from those that do nothing beside bursts that nobody announced', () => {
    const { history, events } = campaigns((n) => n % 2);
    const random = seeded(10);
    const values = history.values.map((value) => (random() < 0.03 ? 6 * value : value));
    const { cleaned } = effectsOf(courseOf({ ...history, values }), events);
    for (const [n, event] of events.slice(0, 6).entries()) {
      const first = Math.round((event.start - history.startAt) / STEP_MS) + 1;
      const kept = Array.from(
        { length: HOURS * 4 },
        (_, i) => cleaned.values[first + i]! / values[first + i]!,
      );
      const median = kept.toSorted((a, b) => a - b)[HOURS * 2]!;
      if (n % 2) expect(median).toBeLessThan(0.7);
      else expect(median).toBeGreaterThan(0.85);
    }
  });

  it('are taken out of the past that usual days are learnt from', () => {
    const { history, events } = campaigns(() => 1, 0);
    const { cleaned } = effectsOf(courseOf(history), events);
    for (let i = 2 * PER_DAY; i < history.values.length; i++) {
      const usual = 200 - 80 * Math.cos((2 * Math.PI * (i % PER_DAY)) / PER_DAY);
      expect(cleaned.values[i]! / usual).toBeGreaterThan(0.9);
      expect(cleaned.values[i]! / usual).toBeLessThan(1.1);
    }
  });

  it('change nothing where there are none, or none is announced yet', () => {
    const { history, events } = campaigns(() => 1);
    const course = courseOf(history);
    expect(effectsOf(course, []).cleaned).toBe(course);
    const later = events.map((event) => ({ ...event, announced: endOf(history) + 1 }));
    expect(effectsOf(course, later)).toEqual({ cleaned: course, outlooks: [] });
  });

  // Capacity is bought by these numbers: whatever was announced, they are finite and in order, and rest on the past alone.
  it('keep the forecast sound, the same whatever is announced later', async () => {
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.double({ min: -1e9, max: 1e9, noNaN: true }) },
      fc.constant(Number.NaN),
    );
    const length = 160;
    const event = fc.record({
      announced: fc.nat(200),
      start: fc.nat(200),
      steps: fc.integer({ min: 1, max: 40 }),
      expectedUplift: fc.option(fc.double({ min: 0, max: 1e3, noNaN: true }), { nil: undefined }),
      kind: fc.constantFrom('a', 'b'),
    });
    const arbitrary = fc.tuple(
      fc.array(value, { minLength: length, maxLength: length }),
      fc.array(event, { maxLength: 6 }),
    );
    const hour = 3_600_000;
    await fc.assert(
      fc.asyncProperty(arbitrary, async ([values, given]) => {
        const history = historyOf([...values, 1], hour);
        const events = given.map(({ announced, start, steps, kind, expectedUplift }) => ({
          announced: START + announced * hour,
          start: START + start * hour,
          end: START + (start + steps) * hour,
          name: 'e',
          kind,
          ...(expectedUplift === undefined ? {} : { expectedUplift }),
        }));
        const forecast = await fresh().forecast(history, events);
        const rows = [
          ...Array.from({ length: 24 }, (_, step) => forecast.at(step)!),
          forecast.maximum(DAY_MS)!,
        ];
        for (const row of rows) {
          expect(row.every(Number.isFinite)).toBe(true);
          expect(row.every((one, i) => i === 0 || one >= row[i - 1]! - 1e-9 * Math.abs(one))).toBe(true);
        }
        const announced = events.filter((one) => one.announced <= endOf(history));
        expect((await fresh().forecast(history, announced)).at(5)).toEqual(forecast.at(5));
      }),
      { numRuns: 12, seed: 4 },
    );
  });

  it('mix quantiles of scenarios: one of them alone is its own, two lie between', () => {
    const row = LEVELS.map((level) => 100 + 10 * level);
    mixed(row, 0, [{ factor: 1, weight: 1 }]).forEach((one, i) => expect(one).toBeCloseTo(row[i]!, 6));
    const both = mixed(row, 0, [
      { factor: 1, weight: 0.5 },
      { factor: 2, weight: 0.5 },
    ]);
    expect(both[LEVELS.indexOf(0.2)]).toBeLessThan(111);
    expect(both[LEVELS.indexOf(0.8)]).toBeGreaterThan(199);
  });
});
