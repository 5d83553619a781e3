import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudEvent, emitterFor, httpTransport } from 'cloudevents';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { createApi } from '../src/worker/api.ts';
import { premirror as runPremirror } from './support/command.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** Programs announce events by CloudEvents, people by the command; nobody without the token, and nothing half. */

const NOW = Date.parse('2026-11-20T00:00:00Z');
const TOKEN = 'a-token-of-16-or-more';
const folder = mkdtempSync(join(tmpdir(), 'premirror-events-'));
const configFile = join(folder, 'config.json');
let ledger: StoredLedger;
let api: FastifyInstance;
let base: string;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  api = createApi({ ledger, clock: { now: () => NOW, speed: 1 }, eventToken: TOKEN });
  base = await api.listen({ host: '127.0.0.1', port: 0 });
  const port = Number(new URL(base).port);
  writeFileSync(
    configFile,
    JSON.stringify({ temporal: {}, ledger: {}, api: { port }, events: { token: TOKEN } }),
  );
});
afterAll(async () => {
  await api.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

const DATA = { name: 'Sale', kind: 'campaign', start: '2026-11-27T18:00:00Z', end: '2026-11-27T23:00:00Z' };
const cloudEvent = (change: object = {}, data: object = {}) => ({
  specversion: '1.0',
  type: 'premirror.event.announced',
  source: '/marketing',
  id: '1',
  data: { ...DATA, ...data },
  ...change,
});
const bearer = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/cloudevents+json' };

async function post(application: string, body: unknown, headers: Record<string, string> = bearer) {
  const answer = await fetch(`${base}/applications/${application}/events`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as { error?: string; message?: string } };
}
const known = (application: string) => ledger.eventStore.events(application, NOW, NOW + 1e10, NOW);

test.each(['structured', 'binary'] as const)(
  'an event sent by the library of CloudEvents in %s mode is known',
  async (mode) => {
    const shop = `shop-${mode}`;
    const send = emitterFor(httpTransport(`${base}/applications/${shop}/events`), { mode: mode as never });
    const event = new CloudEvent(cloudEvent({}, { expectedUplift: 1.8 }));
    await send(event, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await known(shop)).toEqual([
      {
        source: 'announced',
        id: '/marketing 1',
        announced: NOW,
        start: Date.parse(DATA.start),
        end: Date.parse(DATA.end),
        name: 'Sale',
        kind: 'campaign',
        expectedUplift: 1.8,
      },
    ]);
  },
);

test('the same event delivered again is one, whichever way; a batch is taken whole', async () => {
  const batch = [cloudEvent(), cloudEvent({ id: '2' }), cloudEvent()];
  const headers = { ...bearer, 'content-type': 'application/cloudevents-batch+json' };
  expect(await post('again', cloudEvent())).toMatchObject({ status: 202 });
  expect(await post('again', batch, headers)).toMatchObject({ status: 202, body: { changed: 1 } });
  expect(await known('again')).toHaveLength(2);
});

test.each([
  ['no token', {}, 401],
  ['another token', { authorization: 'Bearer another-token-of-16' }, 401],
  ['another scheme', { authorization: `Basic ${TOKEN}` }, 401],
])('%s is refused, and nothing is kept', async (_, headers, status) => {
  const answer = await post('closed', cloudEvent(), { 'content-type': bearer['content-type'], ...headers });
  expect(answer).toMatchObject({ status, body: { error: expect.stringContaining('events.token') } });
  expect(await known('closed')).toEqual([]);
});

test('without a token in the configuration nobody may announce, whatever they send', async () => {
  const closed = createApi({ ledger, clock: { now: () => NOW, speed: 1 } });
  const answer = await closed.inject({
    method: 'POST',
    url: '/applications/closed/events',
    headers: { ...bearer, authorization: 'Bearer undefined' },
    payload: JSON.stringify(cloudEvent()),
  });
  expect(answer.statusCode).toBe(403);
  await closed.close();
});

test.each([
  ['no JSON', '{', /not a CloudEvent/],
  ['no CloudEvent', { data: DATA }, /not a CloudEvent/],
  [
    'another type',
    cloudEvent({ type: 'order.placed' }),
    /type: order\.placed: write premirror\.event\.announced/,
  ],
  ['no data', cloudEvent({ data: undefined }), /data: write an object/],
  ['a field missing', cloudEvent({}, { kind: undefined }), /kind: write what it is/],
  ['an unknown field', cloudEvent({}, { uplfit: 2 }), /uplfit: not a known field/],
  ['a time that is none', cloudEvent({}, { start: 'soon' }), /start: write ISO 8601/],
  ['an end before the start', cloudEvent({}, { end: '2026-11-27T17:00:00Z' }), /end: write an end after/],
  ['an endless event', cloudEvent({}, { end: '2036-11-27T17:00:00Z' }), /end: write an end within a year/],
  [
    'an event of another century',
    cloudEvent({}, { start: '1926-01-01T00:00:00Z', end: '1926-01-02T00:00:00Z' }),
    /ten years/,
  ],
  ['an uplift that is no factor', cloudEvent({}, { expectedUplift: 0 }), /expectedUplift: write the factor/],
])('%s is refused with the field and the remedy; nothing is kept', async (_, body, words) => {
  const answer = await post('refused', body);
  expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(words) } });
  expect(await known('refused')).toEqual([]);
});

test('one bad event refuses its whole batch, and too long a body or batch is refused before it is read', async () => {
  const headers = { ...bearer, 'content-type': 'application/cloudevents-batch+json' };
  expect(await post('whole', [cloudEvent(), cloudEvent({ id: '2' }, { name: '' })], headers)).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('name: write a name') },
  });
  const many = Array.from({ length: 101 }, (_, i) => cloudEvent({ id: String(i) }));
  expect(await post('whole', many, headers)).toMatchObject({ status: 400 });
  expect(await post('whole', cloudEvent({ id: 'x'.repeat(300_000) }))).toMatchObject({ status: 413 });
  expect(await known('whole')).toEqual([]);
});

const premirror = (...argv: string[]) => runPremirror(...argv, '--config', configFile);

test('people announce, list, change and call off by the command', async () => {
  const sale = (end: string) =>
    premirror(
      'event',
      'add',
      'web',
      '--name',
      'Black Friday',
      '--kind',
      'campaign',
      '--start',
      '2026-11-27T18:00',
      '--end',
      end,
      '--uplift',
      '2.5',
    );
  expect(await sale('2026-11-27T20:00')).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('is announced'),
  });
  await sale('2026-11-27T23:00:00+01:00');
  const listed = await premirror('events', 'web');
  expect(listed.out).toMatch(/^2026-11-27 18:00Z to 2026-11-27 22:00Z +campaign +x2\.5 +Black Friday/);
  expect(listed.out.match(/Black Friday/g)).toHaveLength(2);
  const { events } = JSON.parse((await premirror('events', 'web', '--json')).out) as {
    events: { id: string }[];
  };
  expect(await premirror('event', 'remove', 'web', events[0]!.id)).toMatchObject({ exitCode: 0 });
  expect((await premirror('events', 'web')).out).toMatch(/^web: no event is known/);
  expect(await premirror('event', 'remove', 'web', events[0]!.id)).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('knows no announced event'),
  });
});

test('the state of every source and what events did are shown in words', async () => {
  const store = ledger.eventStore;
  await store.saveSourceState('words', 'calendar', {
    nextAt: NOW,
    answeredAt: NOW,
    freshUntil: NOW + 1,
    failures: 0,
  });
  await store.saveSourceState('words', 'news-rss', {
    nextAt: NOW + 6e5,
    failures: 3,
    problem: 'it answers 503',
  });
  const outcome = { source: 'calendar', kind: 'campaign', announced: 2 };
  await store.saveOutcomes('words', [
    { ...outcome, id: '1', start: 1, factor: 2 },
    { ...outcome, id: '2', start: 2, factor: 2.2 },
  ]);
  const { out } = await premirror('events', 'words');
  expect(out).toMatch(/calendar +fresh +answered 2026-11-20 00:00Z/);
  expect(out).toMatch(
    /news-rss +missing +never answered +3 looks failed: it answers 503; next 2026-11-20 00:10Z/,
  );
  expect(out).toMatch(/calendar +demand in its 2 events is expected within x1\.\d+ +without it within x2\.1/);
  expect(out).toMatch(
    /campaign \(calendar\) +x2\.0\d expected +within x1\.\d+ to x2\.\d+ +x2\.1 measured over 2 events/,
  );
});

test.each([
  ['a time that is none', ['--start', 'soon', '--end', '2026-11-27T20:00'], 2, /write ISO 8601/],
  [
    'an end before the start',
    ['--start', '2026-11-27T20:00', '--end', '2026-11-27T18:00'],
    1,
    /end: write an end after/,
  ],
])('%s is refused in words', async (_, times, exitCode, words) => {
  const { err, ...rest } = await premirror('event', 'add', 'web', '--name', 'x', '--kind', 'y', ...times);
  expect(rest.exitCode).toBe(exitCode);
  expect(err).toMatch(words);
});
