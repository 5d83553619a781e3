import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../src/cli/program.ts';
import { decide } from '../src/domain/decide.ts';
import { withExpectedCost } from '../src/domain/expected-cost.ts';
import type { Preview } from '../src/domain/preview.ts';
import { effectOf } from '../src/domain/preview.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { createApi } from '../src/worker/api.ts';
import { AS_OF, forecast, input, interval, MINUTE_MS, nearTerm, PRICES } from './support/decide-inputs.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** What the command shows of decisions: the made ones with their reasons, and the one that would be made now. */

const high = interval(620, 640, 800);
const raised = input({
  forecast: forecast({ windows: { full: high, warm: high, shadow: high }, nearTerm: nearTerm(640, 100) }),
  fleet: {
    primary: { serving: 10, minimum: 4, maximum: 30, target: 10 },
    mirrors: [{ zone: 'us-central1-c', full: 0, warm: 2, shadow: 0, serving: 0 }],
  },
});
const decision = withExpectedCost(decide(raised), raised);
const HOUR_BEFORE = AS_OF - 60 * MINUTE_MS;
const quiet = decide(
  input({ forecast: forecast({ asOf: HOUR_BEFORE, issuedAt: HOUR_BEFORE + 4 * MINUTE_MS }) }),
);

let ledger: StoredLedger;
let api: FastifyInstance;
let config: string;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  await ledger.saveDecision(quiet);
  await ledger.saveDecision(decision);
  const effect = effectOf(decision, raised.fleet, raised.capacity, PRICES, 2);
  const preview = async (name: string): Promise<Preview | undefined> =>
    name === 'shop' ? { decision, effect } : undefined;
  api = createApi({ ledger, clock: { now: () => AS_OF, speed: 1 }, preview });
  const base = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
  config = join(mkdtempSync(join(tmpdir(), 'premirror-explain-')), 'config.json');
  writeFileSync(
    config,
    JSON.stringify({ temporal: {}, ledger: {}, api: { host: base.hostname, port: Number(base.port) } }),
  );
});
afterAll(async () => {
  await api.close();
  await ledger.close();
});

async function command(...argv: string[]) {
  let [out, err] = ['', ''];
  const code = await runCommand([...argv, '--config', config], {
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

describe('explain', () => {
  test('shows the newest decision: headline, figures, limits, what was rejected and each zone', async () => {
    const { code, out } = await command('explain', 'shop');
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toBe(decision.reasons.headline);
    expect(out).toMatch(/policy +interval/);
    expect(out).toMatch(/wanted +\d+ full, \d+ full or warm, \d+ at hand; reaction alone 0 full/);
    for (const { zone, why } of decision.reasons.zones)
      expect(out).toMatch(new RegExp(`${zone} +score .*room 0.25, .*${why}`));
    for (const { what } of decision.reasons.rejected) expect(out).toContain(what);
  });

  test('shows what the plan is expected to cost, beside what else could have been done', async () => {
    const { out } = await command('explain', 'shop');
    expect(out).toMatch(
      /expected cost of the next 12 min, USD\n +an hour +instances +violations +in all\n +planned /,
    );
    const { options } = decision.reasons.expected!;
    expect(options.length).toBeGreaterThan(4);
    for (const { what } of options) expect(out).toMatch(new RegExp(`${what}( +[^ ].*){4}`));
  });

  test('shows the one that had been made by a time', async () => {
    const at = new Date(AS_OF - 30 * MINUTE_MS).toISOString();
    const { out } = await command('explain', 'shop', '--at', at, '--json');
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(quiet)));
  });

  test.each([
    [['explain', 'shop', '--at', 'tea time'], 2, /--at tea time is no time: write ISO 8601/],
    [['explain', 'nobody'], 1, /no decision of nobody yet/],
    [['plan', 'nobody'], 1, /no forecast of nobody yet/],
  ])('%j fails with code %i and says why', async (argv, expected, message) => {
    const { code, err } = await command(...argv);
    expect(code).toBe(expected);
    expect(err).toMatch(message);
  });
});

describe('plan', () => {
  test('shows what starts and stops where, and what is left of quota and spend', async () => {
    const { out } = await command('plan', 'shop');
    expect(out).toMatch(/^would be done now: /);
    const { starts, quotaLeft } = effectOf(decision, raised.fleet, raised.capacity, PRICES).zones.find(
      ({ zone }) => zone === 'us-central1-c',
    )!;
    expect(starts).toBeGreaterThan(0);
    expect(out).toMatch(
      new RegExp(`us-central1-c +starts ${starts}, stops 0 +quota left 50 -> ${quotaLeft.after}`),
    );
    expect(out).toMatch(/primary +minimum 4 -> \d+ +2 before it was raised/);
    expect(out).toMatch(/spend +0\.02 -> [\d.]+ USD an hour for mirrors +a test/);
  });

  test('a promotion takes no quota', () => {
    const { mirrors } = raised.fleet;
    const promoted = {
      ...decision,
      plan: { ...decision.plan, mirrors: [{ zone: 'us-central1-c', full: 2, warm: 0, shadow: 0 }] },
    };
    const effect = effectOf(promoted, { ...raised.fleet, mirrors }, raised.capacity, PRICES);
    expect(effect.zones.find(({ zone }) => zone === 'us-central1-c')).toEqual({
      zone: 'us-central1-c',
      starts: 0,
      stops: 0,
      quotaLeft: { now: 50, after: 50 },
    });
    expect(effect.spendPerHour).toMatchObject({ now: 2 * PRICES.warm, after: 2 * PRICES.full });
  });
});
