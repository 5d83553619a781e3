import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../src/cli/program.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { createApi } from '../src/worker/api.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** `premirror export` over real HTTP: whole files or none. */

const DAY = Date.UTC(2026, 10, 2);
const folder = mkdtempSync(join(tmpdir(), 'premirror-export-'));
const config = join(folder, 'config.json');
let ledger: StoredLedger;
let api: FastifyInstance;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  for (const hour of [0, 1, 2])
    await ledger.tell({
      at: DAY + hour * 3_600_000,
      application: 'shop',
      kind: 'scale',
      text: `hour ${hour}`,
    });
  api = createApi({ ledger, clock: { now: () => DAY, speed: 1 } });
  const base = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
  const address = { host: base.hostname, port: Number(base.port) };
  writeFileSync(config, JSON.stringify({ temporal: {}, ledger: {}, api: address }));
});
afterAll(async () => {
  await api.close();
  await ledger.close();
});

async function command(...argv: string[]) {
  let [out, err] = ['', ''];
  const streams = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
  const code = await runCommand(['export', 'shop', ...argv, '--config', config], streams);
  return { code, out, err };
}

test('everything is written as Parquet, a file a table, and says where', async () => {
  const out = join(folder, 'all');
  const { code, out: said } = await command('--out', out, '--json');
  expect(code).toBe(0);
  const files = JSON.parse(said) as { table: string; path: string; bytes: number }[];
  expect(files.map(({ table }) => table)).toEqual(ledger.exports.names);
  expect(readdirSync(out).toSorted()).toEqual(
    ledger.exports.names.map((name) => `shop-${name}.parquet`).toSorted(),
  );
  const path = files.find(({ table }) => table === 'happenings')!.path;
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  expect(rows.map(({ text }) => text)).toEqual(['hour 0', 'hour 1', 'hour 2']);
});

test('some tables, of a time, as CSV', async () => {
  const out = join(folder, 'some');
  const range = ['--from', '2026-11-02T01:00', '--to', '2026-11-02T02:00Z'];
  const { code } = await command(
    '--out',
    out,
    '--format',
    'csv',
    ...range,
    '--table',
    'happenings',
    'scores',
  );
  expect(code).toBe(0);
  expect(readdirSync(out)).toEqual(['shop-happenings.csv', 'shop-scores.csv']);
  expect(readFileSync(join(out, 'shop-happenings.csv'), 'utf8')).toBe(
    'at,kind,text\n2026-11-02T01:00:00.000Z,scale,hour 1\n',
  );
});

test('what cannot be exported is refused before anything is written', async () => {
  const out = join(folder, 'none');
  const unknown = await command('--out', out, '--table', 'secrets');
  expect(unknown).toMatchObject({ code: 2, err: expect.stringMatching(/secrets: .*happenings/) });
  expect(await command('--out', out, '--from', 'yesterday')).toMatchObject({
    code: 2,
    err: expect.stringContaining('ISO 8601'),
  });
  expect(readdirSync(folder)).not.toContain('none');
});

test('a reading that fails half-way leaves no half file', async () => {
  const out = join(folder, 'broken');
  const { open } = ledger.exports;
  ledger.exports.open = (...args) => {
    const found = open.apply(ledger.exports, args)!;
    return {
      ...found,
      pages: (async function* () {
        yield* found.pages;
        throw new Error('the database went away');
      })(),
    };
  };
  try {
    for (const format of ['csv', 'parquet']) {
      const { code, err } = await command('--out', out, '--table', 'happenings', '--format', format);
      expect(code, err).toBe(1);
      expect(readdirSync(out)).toEqual([]);
    }
  } finally {
    ledger.exports.open = open;
  }
});
