import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Fastify from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { drawAsSvg } from '../src/cli/forecast/svg-fan.ts';
import { drawInText } from '../src/cli/forecast/terminal-fan.ts';
import { readSeriesFile } from '../src/cli/forecast/series-file.ts';
import { premirror } from './support/command.ts';

/** Looking ahead from the command line: what a person gets from a file of theirs, right or wrong. */

const folder = mkdtempSync(join(tmpdir(), 'premirror-forecast-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Days of a quarter-hourly course, peak at noon. */
function daily(days: number): string {
  const lines = Array.from({ length: days * 96 }, (_, i) => {
    const value = 100 - 60 * Math.cos((2 * Math.PI * i) / 96) + ((i * 7919) % 13);
    return `${new Date(Date.UTC(2026, 0, 5) + i * 900_000).toISOString()},${value.toFixed(2)}`;
  });
  return `timestamp,value\n${lines.join('\n')}\n`;
}

describe('a series from a file', () => {
  it('is read at its own step, with columns by name, gaps as gaps and late rows in their place', () => {
    const { history, notes } = readSeriesFile(
      fileWith(
        'odd.csv',
        '﻿host,value,timestamp\n' +
          'a,1,2026-01-05T00:00:00Z\n"b, c",4,2026-01-05 00:15:00\na,3,2026-01-05T00:10:00Z\n' +
          'a,,2026-01-05T00:05:00Z\na,NaN,2026-01-05T00:25:00Z\na,5,2026-01-05T00:15:00+00:00\na,-2,2026-01-05T00:30:00Z\n',
      ),
    );
    expect(history.stepMs).toBe(300_000);
    expect(history.startAt).toBe(Date.UTC(2026, 0, 5, 0, 5));
    expect([...history.values]).toEqual([1, Number.NaN, 3, 4.5, Number.NaN, Number.NaN, -2]);
    expect(notes.join('\n')).toMatch(
      /3 rows came after.*\n1 values share.*\n3 of 7.*gaps\n1 values are negative/,
    );
  });

  // Whoever gets a forecast of something else than the file says has no way to notice.
  it('keeps every value at its time, whatever the order of the rows', () => {
    const rows = fc.uniqueArray(fc.record({ step: fc.nat(400), value: fc.integer({ min: -50, max: 50 }) }), {
      selector: ({ step }) => step,
      minLength: 3,
      maxLength: 60,
    });
    fc.assert(
      fc.property(rows, (given) => {
        const startMs = Date.UTC(2026, 0, 5);
        // Enough neighbours for the step to be a minute whatever lies before.
        const all = [...given, ...Array.from({ length: 70 }, (_, i) => ({ step: 401 + i, value: i }))];
        const text = all.map(
          ({ step, value }) => `${new Date(startMs + step * 60_000).toISOString()},${value}`,
        );
        const { history } = readSeriesFile(fileWith('any.csv', text.join('\n')));
        const first = Math.min(...all.map(({ step }) => step));
        expect(history.stepMs).toBe(60_000);
        expect(history.startAt).toBe(startMs + (first + 1) * 60_000);
        for (const { step, value } of all) expect(history.values[step - first]).toBe(value);
        expect(history.values.filter((value) => !Number.isNaN(value))).toHaveLength(all.length);
      }),
      { numRuns: 50, seed: 5 },
    );
  });

  const line = (time: string, value: string) => `timestamp,value\n2026-01-05T00:00:00Z,1\n${time},${value}\n`;
  it.each([
    [
      'a time that is none',
      line('yesterday', '1'),
      /line 3: timestamp 'yesterday' is no time; write ISO 8601/,
    ],
    [
      'a word for a number',
      line('2026-01-05T00:05:00Z', 'many'),
      /line 3: value 'many' is no number; write one/,
    ],
    [
      'no value',
      `${line('2026-01-05T00:05:00Z', '2')}2026-01-05T00:10:00Z\n`,
      /line 4: no value after the timestamp/,
    ],
    ['too few rows', 'timestamp,value\n', /0 rows of data; give three or more/],
    [
      'one time for all',
      '2026-01-05T00:00:00Z,1\n2026-01-05T00:00:00Z,1\n2026-01-05T00:00:00Z,1\n',
      /all timestamps are the same/,
    ],
    ['days', '2026-01-05,1\n2026-01-06,1\n2026-01-07,1\n', /86400 s apart.*resample/],
    ['gaps alone', '2026-01-05T00:00Z,\n2026-01-05T00:05Z,\n2026-01-05T00:10Z,nan\n', /no value at all/],
    ['no CSV', 'timestamp,value\n"2026-01-05T00:00:00Z,1\n', /no CSV: .*write lines of timestamp,value/],
  ])('says what is wrong and what would be right: %s', async (_, text, words) => {
    const path = fileWith('wrong.csv', text);
    const { exitCode, out, err } = await premirror('forecast', '--series', path);
    expect(err).toMatch(words);
    expect(err).toContain('wrong.csv');
    expect(err).not.toMatch(/^\s+at /m);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  });
});

it.each(['forecast', 'evaluate'])('%s explains itself with an example', async (verb) => {
  const { exitCode, out } = await premirror(verb, '--help');
  expect(exitCode).toBe(0);
  expect(out).toMatch(new RegExp(`Examples:\\n {2}premirror ${verb}`));
});

describe('premirror forecast', () => {
  it('draws a series and its interval in the terminal and as a picture', async () => {
    const series = fileWith('daily.csv', daily(4));
    const svg = join(folder, 'fan.svg');
    const { exitCode, out, err } = await premirror(
      'forecast',
      '--series',
      series,
      '--horizon',
      '6h',
      '--svg',
      svg,
    );
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: expect.stringContaining('fan.svg') });
    expect(out).toMatch(/daily\.csv: forecast of 2026-01-09T00:00Z by premirror, 95% interval/);
    expect(out).toMatch(/•.*│/);
    expect(out).toMatch(/│.*[░▒━]/);
    const picture = readFileSync(svg, 'utf8');
    expect(picture.match(/<polygon/g)).toHaveLength(2);
    expect(picture).not.toContain('NaN');
  });

  it('gives every quantile as JSON', async () => {
    const series = fileWith('daily.csv', daily(4));
    const { out } = await premirror('forecast', '--series', series, '--horizon', '2h', '--json');
    const { levels, steps, maxima, asOf } = JSON.parse(out);
    expect(asOf).toBe('2026-01-09T00:00:00.000Z');
    expect(steps).toHaveLength(8);
    expect(steps[0]).toEqual({ at: '2026-01-09T00:15:00.000Z', quantiles: expect.any(Array) });
    expect(steps.every(({ quantiles }: { quantiles: number[] }) => quantiles.length === levels.length)).toBe(
      true,
    );
    expect(maxima.map(({ until }: { until: string }) => until)).toEqual([
      '2026-01-09T00:15:00.000Z',
      '2026-01-09T01:00:00.000Z',
    ]);
  });

  it("asks the worker for a running application's, and says so when none answers", async () => {
    const asOf = Date.UTC(2026, 0, 5, 12);
    const fan = Array.from({ length: 60 }, (_, i) => ({
      at: asOf + (i + 1) * 60_000,
      lower: 5,
      median: 10 + i,
      upper: 100,
    }));
    const digest = { asOf, model: 'premirror', nominalCoverage: 0.95, quality: 'calibrated', observed: 9 };
    const api = Fastify();
    api.get('/applications/shop/forecast', async () => digest);
    api.get('/applications/shop/fan', async () => fan);
    const address = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
    const config = fileWith(
      'config.json',
      JSON.stringify({
        temporal: {},
        ledger: {},
        api: { host: address.hostname, port: Number(address.port) },
      }),
    );
    const running = await premirror('forecast', 'shop', '--config', config);
    expect(running.out).toMatch(
      /shop: forecast of 2026-01-05T12:00Z by premirror, 95% interval, calibrated\n/,
    );
    const other = await premirror('forecast', 'shoq', '--config', config);
    await api.close();
    expect(other).toMatchObject({ exitCode: 1, out: '' });
    const silent = await premirror('forecast', 'shop', '--config', config);
    expect(silent.err).toMatch(/no worker answers at http:.*premirror up/);
  });

  it.each([
    ['neither', []],
    ['both', ['shop', '--series', 'x.csv']],
    ['events of a running application', ['shop', '--events', 'e.csv']],
    ['a horizon that is none', ['--series', 'x.csv', '--horizon', 'soon']],
    ['a horizon too far', ['--series', 'x.csv', '--horizon', '9d']],
  ])('is called wrongly: %s', async (_, argv) => {
    expect(await premirror('forecast', ...argv)).toMatchObject({ exitCode: 2, out: '' });
  });
});

describe('premirror evaluate', () => {
  it('compares models on what none of them had seen', async () => {
    const series = fileWith('daily.csv', daily(8));
    const argv = ['evaluate', '--series', series, '--horizon', '2h', '--origins', '4'];
    const models = ['--models', 'mixture,mstl-ets,seasonal-naive'];
    const people = await premirror(...argv, ...models);
    expect(people.out).toMatch(/model +MASE +sMAPE % +CRPS +covers 95% +interval score +ms each/);
    const { models: found } = JSON.parse((await premirror(...argv, ...models, '--json')).out);
    expect(found).toHaveLength(3);
    for (const { scores, forecasts } of found) {
      expect(forecasts).toBe(4);
      expect(scores.crps).toBeGreaterThan(0);
      expect(scores.crps).toBeLessThan(0.2);
      expect(scores.coverage).toBeGreaterThan(0.5);
    }
  });

  it('says how long a series must be, and which models there are', async () => {
    const short = fileWith('short.csv', daily(1));
    expect((await premirror('evaluate', '--series', short)).err).toMatch(
      /short\.csv: the series is 1\.0 days long; a horizon of 1\.0 days needs 3\.3/,
    );
    const unknown = await premirror(
      'evaluate',
      '--series',
      fileWith('daily.csv', daily(8)),
      '--models',
      'oracle',
    );
    expect(unknown.err).toMatch(/--models oracle.*use some of premirror/);
  });
});

describe('a picture', () => {
  // A flat, empty or single-stepped forecast is drawn like any other.
  it('is drawn whatever the numbers', () => {
    const value = fc.oneof(fc.constant(0), fc.double({ min: -1e12, max: 1e12, noNaN: true }));
    const past = fc.array(fc.oneof(value, fc.constant(Number.NaN)), { maxLength: 30 });
    fc.assert(
      fc.property(
        past,
        fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 30 }),
        (before, ahead) => {
          const rows = ahead.map((row) => row.toSorted((a, b) => a - b));
          const picture = {
            title: 'a < b & c',
            past: before.map((demand, i) => ({ at: (i - before.length + 1) * 60_000, value: demand })),
            median: rows.map((row, i) => ({ at: (i + 1) * 60_000, value: row[1]! })),
            bands: [{ claim: 0.95, lower: rows.map((row) => row[0]!), upper: rows.map((row) => row[2]!) }],
          };
          const lines = drawInText(picture, 80).split('\n');
          expect(lines).toHaveLength(18);
          expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThanOrEqual(90);
          const svg = drawAsSvg(picture);
          expect(svg).toContain('a &lt; b &amp; c');
          expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
});
