import { PGlite } from '@electric-sql/pglite';
import { Kysely, sql } from 'kysely';
import { PGliteDialect } from 'kysely-pglite-dialect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../src/ledger/migrations.ts';
import { PARTED, partOf } from '../src/ledger/parts.ts';
import { SqlLedger } from '../src/ledger/sql-ledger.ts';
import type { Tables } from '../src/ledger/tables.ts';
import { decisionAt, exportedRows, forecastAt, INTERVAL } from './support/ledger-rows.ts';

/** Tables in parts by time: an older ledger keeps what is in it, and a part goes whole when its time has come. */

const DAY_MS = 86_400_000;
const DAY = Date.UTC(2026, 10, 2);
let db: Kysely<Tables>;
let ledger: SqlLedger;
const fan = [[DAY, INTERVAL.lower, INTERVAL.median, INTERVAL.upper]];

beforeAll(async () => {
  db = new Kysely<Tables>({ dialect: new PGliteDialect(await PGlite.create()) });
  await migrate(db, '005-mirror-runs');
  for (const at of [DAY - 40 * DAY_MS, DAY]) {
    const [forecast, decision] = [forecastAt(at), decisionAt(at, 'before')];
    await sql`insert into forecasts values (${forecast.fan}, 'shop', ${at}, ${JSON.stringify(forecast)}, ${JSON.stringify(fan)})`.execute(
      db,
    );
    await sql`insert into decisions (application, plan, as_of_ms, hash, decision)
      values ('shop', ${decision.plan.id}, ${at}, 'hash', ${JSON.stringify(decision)})`.execute(db);
    await sql`insert into happenings (application, at_ms, kind, text) values ('shop', ${at}, 'scale', 'before')`.execute(
      db,
    );
  }
  await migrate(db);
  ledger = new SqlLedger(db);
});
afterAll(() => ledger.close());

const parts = async (table: string) => {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on oid = inhrelid
    where inhparent = ${table}::regclass order by 1`.execute(db);
  return rows.map(({ name }) => name);
};

test('what an older ledger held is there after it was put into parts, and new rows come after it', async () => {
  expect(await ledger.latestForecast('shop')).toEqual(forecastAt(DAY));
  expect(await ledger.fan(forecastAt(DAY).fan)).toEqual([{ at: DAY, ...INTERVAL }]);
  expect(await exportedRows(ledger, 'decisions', 'shop')).toHaveLength(2);
  await ledger.tell({ at: DAY + 1, application: 'shop', kind: 'scale', text: 'after' });
  const told = await ledger.happenings(0);
  expect(told.map(({ text }) => text)).toEqual(['before', 'before', 'after']);
  expect(new Set(told.map(({ id }) => id)).size).toBe(3);
});

test('a part is made when a first row falls into it, also before the epoch; a repetition finds the row', async () => {
  for (const at of [-DAY_MS, DAY + 400 * DAY_MS, -DAY_MS])
    await ledger.saveForecast({ ...forecastAt(at), application: 'odd', fan: `odd@${at}` }, []);
  expect(await exportedRows(ledger, 'forecasts', 'odd')).toHaveLength(2);
  expect(await parts('forecasts')).toContain(`forecasts_${partOf('forecasts', -DAY_MS)}`);
});

test('a part is dropped whole once all of it is old, and is made again where somebody writes into its time', async () => {
  const { keptDays, partDays } = PARTED.decisions;
  const old = DAY - 40 * DAY_MS;
  const lastDayOfPart = (partOf('decisions', old) + 1) * partDays * DAY_MS + keptDays * DAY_MS;
  const name = `decisions_${partOf('decisions', old)}`;
  await ledger.history.prune(lastDayOfPart - 1);
  expect(await parts('decisions')).toContain(name);
  expect(await ledger.history.prune(lastDayOfPart)).toBeGreaterThan(0);
  expect(await parts('decisions')).not.toContain(name);
  expect((await ledger.latestDecision('shop'))?.plan.asOf).toBe(DAY);
  await ledger.saveDecision(decisionAt(old, 'late'));
  expect(await exportedRows(ledger, 'decisions', 'shop')).toMatchObject([{ headline: 'late' }, {}]);
});
