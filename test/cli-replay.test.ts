import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../src/cli/program.ts';
import { replayPast } from '../src/cli/replay.ts';
import { describeReplay } from '../src/cli/replay/describe.ts';
import type { RecordedPast } from '../src/cli/replay/history.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { AS_OF, DELAY_MS, forecast, interval, MINUTE_MS, PRICES, SPEC } from './support/decide-inputs.ts';

/** What would have been decided under other settings, from a recorded history. */

const GOLDEN = 'test/golden/application-continued.json';

async function command(...argv: string[]) {
  let [out, err] = ['', ''];
  const code = await runCommand(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe('a recorded history', () => {
  test('is decided again, look by look, with what was decided then beside it', async () => {
    const { code, out } = await command('replay', 'application/shop1', '--history', GOLDEN, '--json');
    expect(code).toBe(0);
    const { application, looks, cost } = JSON.parse(out) as ReturnType<typeof replayPast>;
    expect(application).toBe('shop1');
    expect(looks.length).toBeGreaterThan(1);
    expect(looks.filter(({ recorded }) => recorded).length).toBeGreaterThan(0);
    expect(cost.after).toEqual(cost.before);
  });

  test('says in words that the same settings decide the same', async () => {
    const { out } = await command('replay', 'application/shop1', '--history', GOLDEN);
    expect(out).toMatch(/^shop1: \d+ looks from .* decided again\n/);
    expect(out).toMatch(/in all +[\d.]+ +[\d.]+: 0% less\n.*\nevery plan would have been the same\n$/);
  });
});

test('a lower threshold raises earlier, and what both cost is told', () => {
  const looks = Array.from({ length: 30 }, (_, minute) => {
    const asOf = AS_OF + minute * MINUTE_MS;
    const near = interval(540, 560, 580);
    const windows = { full: near, warm: near, shadow: near };
    const digest = forecast({ asOf, issuedAt: asOf + DELAY_MS, observed: 290, windows });
    return { forecast: digest, settings: { ...DEFAULT_SETTINGS, thresholdFactor: 1.4 } };
  });
  const past: RecordedPast = { spec: SPEC, looks };
  const result = replayPast(past, PRICES, { settings: { thresholdFactor: 0.9 } });
  const { cost, raises, looks: replayed } = result;
  expect(replayed.every(({ before }) => before.mirrors.length === 0)).toBe(true);
  expect(replayed.some(({ after }) => after.mirrors.length > 0)).toBe(true);
  expect(cost.after.instances).toBeGreaterThan(cost.before.instances);
  expect(raises.before).toEqual([]);
  expect(raises.after[0]).toEqual({ at: replayed[0]!.at, mirrors: replayed[0]!.after.mirrors });
  expect(describeReplay(result)).toMatch(
    /as asked, would have been raised\n +2026-01-05T14:02:00\.000Z +2 full, 1 warm in us-central1-b\n/,
  );
  // Of instances that carry less there are more.
  const less = replayPast(past, PRICES, { settings: { capacityFactor: 0.7 } });
  expect(less.cost.after.instances).toBeGreaterThan(1.3 * less.cost.before.instances);
  // Once for as long as both stay as they are.
  expect(describeReplay(result).match(/no mirrors; primary/g)).toHaveLength(raises.after.length);
});

test.each([
  [['--set', 'speed=3'], /--set speed=3: speed is no setting; there are thresholdFactor, /],
  [['--set', 'parkingMs=soon'], /--set parkingMs=soon: 'soon' is not usable/],
  [['--set', 'thresholdFactor=-1'], /'-1' is not usable; write a number above 0/],
  [['--policy', 'guess'], /Allowed choices are cost, interval/],
  [['--since', 'tea time'], /--since tea time is no time: write ISO 8601/],
  [['--history', 'nowhere.json'], /nowhere\.json cannot be read/],
])('called with %j it says what would be right', async (options, message) => {
  const { code, err } = await command('replay', 'application/shop1', '--history', GOLDEN, ...options);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test.each([
  ['{"events": 3}', /is no workflow history: /],
  ['{"events": []}', /is no history of an application: give the id application\/NAME/],
])('a file of something else is refused', async (text, message) => {
  const file = join(mkdtempSync(join(tmpdir(), 'premirror-replay-')), 'history.json');
  writeFileSync(file, text);
  const { code, err } = await command('replay', 'application/shop1', '--history', file);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});
