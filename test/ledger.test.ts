import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import { EMPTY_MEMORY, type Decision } from '../src/domain/plan.ts';
import { openLedger } from '../src/ledger/open.ts';
import { DEFAULT_TIMES_TO_SERVE, type StoredLedger } from '../src/ledger/sql-ledger.ts';

const run = promisify(execFile);
const INTERVAL = { lower: 1, median: 2.5, upper: 4 };

function forecastAt(asOf: number): ForecastDigest {
  return {
    application: 'shop',
    asOf,
    issuedAt: asOf + 240_000,
    model: 'seasonal-naive',
    quality: 'cold',
    nominalCoverage: 0.95,
    observed: 100,
    windows: { full: INTERVAL, warm: INTERVAL, shadow: INTERVAL },
    sustained: 90,
    peak: { ...INTERVAL, at: asOf + 600_000 },
    fan: `shop@${asOf}`,
  };
}

function decisionAt(asOf: number, headline: string): Decision {
  return {
    plan: { id: `shop@${asOf}`, application: 'shop', asOf, mirrors: [], primaryMinimum: 3 },
    reasons: {
      headline,
      policy: 'interval',
      observed: 1,
      threshold: 1,
      thresholdFactor: 0.9,
      wanted: { full: 0, fullAndWarm: 0, fullWarmAndShadow: 0, reactive: 1 },
      bindings: [],
      rejected: [],
      zones: [],
      spendPerHour: 0,
    },
    nextLookMs: 60_000,
    memory: EMPTY_MEMORY,
  };
}

/** The same expectations of every store. */
function keepsItsWord(open: () => StoredLedger) {
  test('a forecast and its whole fan come back as they were; repeating the write changes nothing', async () => {
    const ledger = open();
    const [older, newer] = [forecastAt(60_000), forecastAt(120_000)];
    const fan = [{ at: 180_000, ...INTERVAL }];
    await ledger.saveForecast(newer, fan);
    await ledger.saveForecast(older, []);
    await ledger.saveForecast(newer, []);
    expect(await ledger.fan(newer.fan)).toEqual(fan);
    expect(await ledger.fan('unknown')).toEqual([]);
    expect(await ledger.latestForecast('shop')).toEqual(newer);
    expect(await ledger.latestForecast('other')).toBeUndefined();
  });

  test('decisions are kept per plan; the same plan decided otherwise is kept as well and is the newest', async () => {
    const ledger = open();
    const first = decisionAt(60_000, 'first');
    const again = decisionAt(60_000, 'a zone ran dry');
    const later = decisionAt(120_000, 'later');
    for (const decision of [first, later, again, first]) await ledger.saveDecision(decision);
    expect(await ledger.latestDecision('shop')).toEqual(later);
    expect(await ledger.latestDecision('shop', 119_999)).toEqual(again);
    expect(await ledger.latestDecision('shop', 59_999)).toBeUndefined();
  });

  test('what happened is told once, in the order of the telling', async () => {
    const ledger = open();
    const raised = {
      at: 1_785_000_000_000.5,
      application: 'shop',
      kind: 'mirror' as const,
      text: 'raised 4',
    };
    await ledger.tell(raised);
    await ledger.tell(raised);
    await ledger.tell({ ...raised, text: 'retired' });
    await ledger.tell({ ...raised, application: 'other' });
    const told = await ledger.happenings(0);
    expect(told).toMatchObject([raised, { ...raised, text: 'retired' }, { ...raised, application: 'other' }]);
    const [first] = told;
    expect(await ledger.happenings(first!.id)).toHaveLength(2);
  });

  test("a model's state is replaced whole, arrays and strings included", async () => {
    const ledger = open();
    expect(await ledger.loadModelState('shop')).toBeUndefined();
    for (const state of [[1, 'two'], 'text', { buckets: [[0.1], []] }]) {
      await ledger.saveModelState('shop', state);
      expect(await ledger.loadModelState('shop')).toEqual(state);
    }
  });

  test('times to serve are defaults until five were observed, then their 95th percentile per tier', async () => {
    const ledger = open();
    const observe = (run: string, ms: number) =>
      ledger.recordTimeToServe({ application: 'shop', zone: 'us-central1-b', from: 'warm', run, ms });
    for (const ms of [1, 2, 3, 4]) await observe(`run-${ms}`, ms * 1_000);
    await observe('run-4', 99_000);
    expect(await ledger.timesToServe('shop')).toEqual(DEFAULT_TIMES_TO_SERVE);
    await observe('run-5', 5_000);
    expect(await ledger.timesToServe('shop')).toEqual({ ...DEFAULT_TIMES_TO_SERVE, warmMs: 5_000 });
    for (let ms = 6; ms <= 40; ms++) await observe(`run-${ms}`, ms * 1_000);
    expect((await ledger.timesToServe('shop')).warmMs).toBe(38_000);
    expect(await ledger.timesToServe('other')).toEqual(DEFAULT_TIMES_TO_SERVE);
  });
}

describe('the embedded ledger in memory', () => {
  let ledger: StoredLedger;
  beforeAll(async () => void (ledger = await openLedger({ directory: 'memory' })));
  afterAll(() => ledger.close());
  keepsItsWord(() => ledger);
});

describe('the embedded ledger in a directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-ledger-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('outlives its process, and is refused while another process has it open', async () => {
    const first = await openLedger({ directory });
    await first.saveDecision(decisionAt(60_000, 'kept'));
    await first.close();

    // This test's parent is alive and not this process.
    writeFileSync(join(directory, 'owner.pid'), String(process.ppid));
    await expect(openLedger({ directory })).rejects.toThrow(
      new RegExp(`open in process ${process.ppid}.*ledger.directory`),
    );

    // The mark of a process that was killed is taken over: no process has this id.
    writeFileSync(join(directory, 'owner.pid'), String(2 ** 30));
    const second = await openLedger({ directory });
    expect((await second.latestDecision('shop'))?.reasons.headline).toBe('kept');
    await second.close();
    expect(existsSync(join(directory, 'owner.pid'))).toBe(false);
  });
});

const binaries = postgresBinaries();
if (!binaries)
  console.warn('The ledger is not tried on a PostgreSQL: no initdb in /usr/lib/postgresql/*/bin');

describe.skipIf(!binaries)('the ledger on a PostgreSQL', () => {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-postgres-'));
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const server = (args: string[]) =>
    run(join(binaries!, 'pg_ctl'), ['-D', join(directory, 'data'), ...args], { ...user, cwd: directory });
  let ledger: StoredLedger;
  let url: string;

  beforeAll(async () => {
    if ('uid' in user) chownSync(directory, user.uid!, user.gid!);
    const port = await freePort();
    await run(
      join(binaries!, 'initdb'),
      ['-D', join(directory, 'data'), '-U', 'premirror', '-A', 'trust', '-N'],
      {
        ...user,
        cwd: directory,
      },
    );
    await server([
      '-w',
      '-l',
      join(directory, 'log'),
      '-o',
      `-F -p ${port} -h 127.0.0.1 -k ${directory}`,
      'start',
    ]);
    url = `postgres://premirror@127.0.0.1:${port}/postgres`;
    ledger = await openLedger({ directory: 'memory', url });
  });
  afterAll(async () => {
    await ledger?.close();
    await server(['-m', 'immediate', 'stop']);
    rmSync(directory, { recursive: true, force: true });
  });
  keepsItsWord(() => ledger);

  test('several workers may open it at once', async () => {
    const others = await Promise.all([1, 2, 3].map(() => openLedger({ directory: 'memory', url })));
    expect(await others[0]!.latestDecision('shop')).toBeDefined();
    await Promise.all(others.map((other) => other.close()));
  });
});

function postgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .map((version) => join(root, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
