import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeatureInput } from '../models/features.ts';
import { catalogue, featuresAt } from '../models/features.ts';
import { holidaysOf } from '../models/features/holidays.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import { historyOf, START } from './support/models-series.ts';

const STEP_MS = 900_000;
const HOUR_MS = 3_600_000;
const options = { region: 'US-CA', categories: { type: ['web', 'batch'] }, metrics: ['cpu'] };
const features = catalogue(options);
const labels = { type: 'web' };

const value = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  fc.constant(Number.NaN),
);
const series = fc.array(value, { minLength: 120, maxLength: 400 });
const event = fc
  .record({
    announced: fc.nat(500),
    start: fc.nat(500),
    length: fc.integer({ min: 1, max: 40 }),
    uplift: fc.double({ min: 0.1, max: 4, noNaN: true }),
  })
  .map(({ announced, start, length, uplift }): AnnouncedEvent => ({
    announced: START + announced * STEP_MS,
    start: START + start * STEP_MS,
    end: START + (start + length) * STEP_MS,
    name: 'e',
    kind: 'sale',
    expectedUplift: uplift,
  }));
const events = fc.array(event, { maxLength: 8 });

describe('a feature', () => {
  // A feature that sees the future makes every backtest a lie.
  it('changes with nothing later than its time, but for events announced by then', () => {
    fc.assert(
      fc.property(
        series,
        series,
        series,
        events,
        events,
        fc.nat(119),
        (past, future, cpu, known, later, cut) => {
          const t = START + cut * STEP_MS;
          const asIs: FeatureInput = {
            demand: historyOf(past, STEP_MS),
            metrics: { cpu: historyOf(cpu, STEP_MS) },
            events: known,
            labels,
          };
          const replaced = (values: number[]) => [...values.slice(0, cut + 1), ...future];
          const other: FeatureInput = {
            demand: historyOf(replaced(past), STEP_MS),
            metrics: { cpu: historyOf(replaced(cpu), STEP_MS) },
            events: [
              ...known.filter(({ announced }) => announced <= t),
              ...later.map((each) => ({ ...each, announced: Math.max(each.announced, t + 1) })),
            ],
            labels,
          };
          expect(featuresAt(features, other, t)).toEqual(featuresAt(features, asIs, t));
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  it('is a number or missing, never infinite, and missing where nothing was seen', () => {
    fc.assert(
      fc.property(series, events, fc.integer({ min: -50, max: 600 }), (past, known, at) => {
        const input = { demand: historyOf(past, STEP_MS), events: known, labels };
        const found = featuresAt(features, input, START + at * STEP_MS);
        for (const each of Object.values(found))
          expect(Number.isNaN(each) || Number.isFinite(each)).toBe(true);
        if (at < 0) expect(found['mean 1h']).toBeNaN();
        expect(found['cpu now']).toBeNaN();
      }),
      { numRuns: 40, seed: 12 },
    );
  });

  it('says what its formula says', () => {
    const demand = historyOf(
      Array.from({ length: 4 * 96 }, (_, i) => i),
      STEP_MS,
    );
    const t = START + (3 * 96 + 40) * STEP_MS;
    const campaign = {
      announced: START,
      start: t - HOUR_MS,
      end: t + 2 * HOUR_MS,
      name: 'e',
      kind: 'sale',
      expectedUplift: 2,
    };
    const next = { ...campaign, start: t + 5 * HOUR_MS, end: t + 6 * HOUR_MS };
    const cpu = historyOf(
      [...demand.values].map((each) => each / 1000),
      STEP_MS,
    );
    const found = featuresAt(features, { demand, events: [campaign, next], metrics: { cpu }, labels }, t);
    const now = 3 * 96 + 40;
    expect(found).toMatchObject({
      'lag 1 step': now,
      'lag 1d': now - 96,
      'mean 1h': now - 1.5,
      'least 1h': now - 3,
      'most 1d': now,
      'median 1h': now - 1.5,
      'change 1d': 1,
      'events on': 1,
      'event size': 2,
      'since event start': 60,
      'to event end': 120,
      'to next event': 300,
      'cpu now': now / 1000,
      'type=web': 1,
      'type=batch': 0,
      'lag 1d x type=web': now - 96,
      'lag 1d x type=batch': 0,
    });
    expect(found['since last event']).toBeNaN();
    expect(found['lag 14d']).toBeNaN();
  });

  it('knows the calendar and the holidays of a region', () => {
    const at = (time: string) => featuresAt(features, { demand: historyOf([1]) }, Date.parse(time));
    expect(at('2026-07-04T20:00:00Z')).toMatchObject({ holiday: 1, weekend: 1, 'to month end': 27 });
    expect(at('2026-07-06T20:00:00Z')).toMatchObject({ holiday: 0, weekend: 0 });
    // Midnight is the region's own.
    expect(at('2026-07-04T03:00:00Z')['day sine']).toBeCloseTo(Math.SQRT1_2);
    expect(holidaysOf('DE')(2026).find(({ name }) => name === 'Neujahr')?.start).toBe(
      Date.parse('2025-12-31T23:00:00Z'),
    );
    expect(() => holidaysOf('XX')).toThrow(/region XX: no such country; write ISO 3166/);
    expect(() => holidaysOf('US-XX')).toThrow(/US has no such state/);
  });

  it('has a name of its own, a formula and a unit, and stands in the documentation', () => {
    const docs = readFileSync('docs/forecasting.md', 'utf8');
    const listed = [...docs.matchAll(/^\| ([^|]*) \|/gm)]
      .flatMap(([, cell]) => cell!.replace(/\(.*\)|\*.*\*/g, '').split(','))
      .map((name) => name.trim());
    expect(new Set(features.map(({ name }) => name)).size).toBe(features.length);
    for (const { name, formula, unit } of features) {
      expect(formula.length).toBeGreaterThan(3);
      expect(unit.length).toBeGreaterThan(0);
      // Windows, metrics and categories are listed once for all.
      const general = name
        .replace(/^type=.*/, 'indicator')
        .replace('cpu', 'METRIC')
        .replace(/(?<!METRIC mean) (1 step|5m|10m|15m|1h|6h|1d|2d|7d|14d)( x .*)?$/, '');
      expect(listed, name).toContain(general);
    }
  });
});
