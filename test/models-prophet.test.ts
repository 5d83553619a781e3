import { describe, expect, it } from 'vitest';
import type { Course } from '../models/course.ts';
import { loadProphetExpert } from '../models/prophet-expert.ts';
import { LEVELS, MEDIAN } from '../models/quantile-forecast.ts';
import { normal, seeded, START } from './support/models-series.ts';

/** Prophet is a row to compare with, so it must be Prophet: its seasons, its width, the same at every call. */

const HOUR_MS = 3_600_000;
const LEADS = Array.from({ length: 24 }, (_, lead) => lead);
const WINDOWS = [1, 24];
const usual = (hour: number) => 200 - 80 * Math.cos((2 * Math.PI * (hour % 24)) / 24) + 0.05 * hour;

function course(days: number, noise: number): Course {
  const random = seeded(5);
  const values = Float64Array.from({ length: days * 24 }, (_, i) => usual(i) + noise * normal(random));
  return { values, stepMs: HOUR_MS, endMs: START + values.length * HOUR_MS };
}

const sketchOf = async (of: Course) => (await loadProphetExpert()).sketch(of, LEADS, WINDOWS, []);
const level = (rows: Float64Array, row: number, at: number) => rows[row * LEVELS.length + at]!;

describe('Prophet', () => {
  it('finds the day and the trend, and is as wide as the noise', async () => {
    const rows = (await sketchOf(course(10, 10)))!;
    const high = LEVELS.indexOf(0.975);
    for (const lead of LEADS) {
      expect(Math.abs(level(rows, lead, MEDIAN) - usual(240 + lead))).toBeLessThan(8);
      expect(level(rows, lead, high) - level(rows, lead, MEDIAN)).toBeGreaterThan(15);
      expect(level(rows, lead, high) - level(rows, lead, MEDIAN)).toBeLessThan(35);
    }
    expect(level(rows, LEADS.length, MEDIAN), 'of a maximum it says nothing').toBeNaN();
  });

  it('says the same twice, and ahead of gaps at the end too', async () => {
    const whole = course(10, 2);
    const gappy = { ...whole, values: Float64Array.from(whole.values).fill(Number.NaN, 230) };
    const rows = (await sketchOf(gappy))!;
    expect(await sketchOf(gappy)).toEqual(rows);
    for (const lead of LEADS)
      expect(Math.abs(level(rows, lead, MEDIAN) - usual(240 + lead))).toBeLessThan(12);
  });

  it('says nothing below two days of samples', async () => {
    expect(await sketchOf(course(1, 1))).toBeUndefined();
    const mostlyGaps = course(10, 1);
    mostlyGaps.values.fill(Number.NaN, 0, 200);
    expect(await sketchOf(mostlyGaps)).toBeUndefined();
  });
});
