import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsOfCsv, eventsOfYaml } from '../src/events/read-events.ts';

const HEADER = 'announced,start,end,name,kind,expected_uplift';
const SALE = '2026-11-25T00:00:00Z,2026-11-27T18:00:00Z,2026-11-27T22:00:00Z,sale-1,sale,1.8';

describe('events in a file', () => {
  it('are read alike from CSV and YAML, in order of their start', () => {
    const csv = `${HEADER}\n${SALE}\n,2026-11-26,2026-11-27,thanksgiving,holiday,\n`;
    const yaml = `
- { announced: 2026-11-25T00:00:00Z, start: 2026-11-27T18:00:00Z, end: 2026-11-27T22:00:00Z, name: sale-1, kind: sale, expected_uplift: 1.8 }
- { start: 2026-11-26, end: 2026-11-27, name: thanksgiving, kind: holiday }
`;
    const events = eventsOfCsv(csv, 'a.csv');
    expect(events.map(({ name }) => name)).toEqual(['thanksgiving', 'sale-1']);
    expect(events[1]).toEqual({
      announced: Date.UTC(2026, 10, 25),
      start: Date.UTC(2026, 10, 27, 18),
      end: Date.UTC(2026, 10, 27, 22),
      name: 'sale-1',
      kind: 'sale',
      expectedUplift: 1.8,
    });
    expect(eventsOfYaml(yaml, 'a.yaml')).toEqual(events);
  });

  // Whoever maintains a calendar by hand must be told which line is wrong, and how.
  it.each([
    [SALE.replace('1.8', 'much'), /line 2: expected_uplift 'much'.*above 0/],
    [SALE.replace('2026-11-27T18:00:00Z', 'friday'), /line 2: start 'friday'.*ISO 8601/],
    [SALE.replace('2026-11-27T22', '2026-11-27T17'), /line 2: end .* is not after start/],
    [SALE.replace(',sale,', ',,'), /line 2: kind is empty/],
  ])('are refused whole: %s', (line, message) => {
    expect(() => eventsOfCsv(`${HEADER}\n${line}`, 'a.csv')).toThrow(message);
  });

  it('names the missing column', () => {
    expect(() => eventsOfCsv('start,end\n', 'a.csv')).toThrow(/no column 'kind'/);
  });

  it('survive being written and read', () => {
    const time = fc.integer({ min: 0, max: 4e9 }).map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(time, time, fc.integer({ min: 1, max: 1e6 }), (announced, start, seconds) => {
        const iso = (ms: number) => new Date(ms).toISOString();
        const end = start + seconds * 1000;
        const line = [iso(announced), iso(start), iso(end), 'n', 'k', '2'].join(',');
        expect(eventsOfCsv(`${HEADER}\n${line}`, 'x')).toEqual([
          { announced, start, end, name: 'n', kind: 'k', expectedUplift: 2 },
        ]);
      }),
      { numRuns: 50 },
    );
  });
});
