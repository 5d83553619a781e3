import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../src/cli/program.ts';

/** `premirror backtest` as a person calls it: what it prints, what it writes, and how it refuses. */

const folder = mkdtempSync(join(tmpdir(), 'premirror-backtest-'));
const MINUTES = 900;
const START = Date.UTC(2026, 0, 5);

async function command(...argv: string[]) {
  let [out, err] = ['', ''];
  const code = await runCommand(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

function fileOf(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const rows = Array.from({ length: MINUTES }, (_, t) => {
  const demand = 60 + 40 * Math.sin(t / 100) + (t % 300 < 20 ? 70 : 0);
  return `${new Date(START + t * 60_000).toISOString()},${demand.toFixed(2)}`;
});

describe('a series', () => {
  let result: Awaited<ReturnType<typeof command>>;
  const out = join(folder, 'out');
  beforeAll(async () => {
    const series = fileOf('demand.csv', ['timestamp,value', ...rows]);
    result = await command('backtest', '--series', series, '--per-instance', '10', '--out', out);
  }, 120_000);

  test('gets a table of the optimum, both policies and the rivals, with progress on the side', () => {
    expect(result.code).toBe(0);
    const lines = result.out.split('\n');
    expect(lines[0]).toMatch(
      /demand\.csv: 0\.3 days judged, from 2026-01-05 09:00Z on.* carries 10; .* costs 20 hours/,
    );
    expect(lines[2]).toMatch(
      /^policy +cost +regret +unserved h .* mirror runs +false alarms +missed spikes +settings$/,
    );
    const names = lines.slice(3).map((line) => line.split(/ {2,}/)[0]);
    for (const name of [
      'optimum',
      'cost',
      'interval',
      'interval, frozen',
      'mig',
      'gcp predictive',
      'static peak',
    ])
      expect(names).toContain(name);
    expect(result.err).toMatch(/forecasts: 50% of 900 minutes/);
  });

  test('has every policy minute by minute in a file, which adds up to the table', () => {
    const csv = readFileSync(join(out, 'interval.csv'), 'utf8').trim().split('\n');
    expect(csv[0]).toBe(
      'timestamp,demand,demand_instances,primary,full,warm,shadow,serving,billed_full,billed_warm,billed_shadow,unserved,cost',
    );
    expect(csv).toHaveLength(1 + MINUTES * 0.4);
    const spent = csv.slice(1).reduce((sum, line) => sum + Number(line.split(',')[12]), 0);
    const told = /^interval +([\d.]+)/m.exec(result.out)?.[1];
    expect(spent).toBeCloseTo(Number(told), 0);
    const optimum = readFileSync(join(out, 'optimum.csv'), 'utf8').split('\n')[1]!.split(',');
    expect(optimum.slice(3, 7)).toEqual(['', '', '', '']);
  });

  test('has a report that stands alone: pictures inline, nothing loaded from elsewhere', () => {
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page.match(/<svg /g)!.length).toBeGreaterThanOrEqual(5);
    expect(page).not.toMatch(/<script|<link|https?:\/\/|url\(|NaN|Infinity|undefined/);
    expect(readdirSync(out).filter((name) => name.endsWith('.csv')).length).toBe(
      result.out.split('\n\n')[1]!.split('\n').length - 1,
    );
  });
});

test.each([
  [
    'text in a number',
    ['timestamp,value', rows[0]!, rows[1]!, '2026-01-05T00:02:00Z,much', rows[3]!],
    /line 4: value 'much' is no number; write one/,
  ],
  [
    'a time that is none',
    ['timestamp,value', rows[0]!, 'yesterday,2', rows[2]!, rows[3]!],
    /line 3: timestamp 'yesterday' is no time; write ISO 8601/,
  ],
  [
    'a column too few',
    ['timestamp', '2026-01-05T00:00:00Z', '2026-01-05T00:01:00Z', '2026-01-05T00:02:00Z'],
    /line \d: no value after the timestamp/,
  ],
  [
    'negative demand',
    ['timestamp,value', rows[0]!, rows[1]!, '2026-01-05T00:02:00Z,-4', rows[3]!],
    /demand at 2026-01-05T00:02:00.000Z is -4: give 0 or more/,
  ],
])('%s is refused with the line, the value and the remedy', async (name, lines, message) => {
  const { code, err } = await command('backtest', '--series', fileOf(`${name}.csv`, lines));
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test.each([
  [['--test-from', 'noon'], /--test-from noon is no time: write ISO 8601/],
  [
    ['--test-from', '2027-01-01T00:00:00Z'],
    /judging would begin at step \d+ of 900: leave samples on both sides/,
  ],
  [['--per-instance', '0'], /--per-instance 0: give the demand that one instance carries, above 0/],
  [['--violation-cost', '0'], /--violation-cost 0: give a number above 0/],
  [['--spec', 'nowhere.yaml'], /nowhere\.yaml cannot be read/],
])('called with %j it says what is wrong before any work', async (options, message) => {
  const series = fileOf('short.csv', ['timestamp,value', ...rows]);
  const { code, err } = await command('backtest', '--series', series, ...options);
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
});
