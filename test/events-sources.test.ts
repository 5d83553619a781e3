import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createEventActivities } from '../activities/events.ts';
import { holidaysOf } from '../models/features/holidays.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { createEventSources } from '../src/events/sources.ts';
import { openLedger } from '../src/ledger/open.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { parseSpec } from '../src/spec/parse.ts';
import type { Sample } from '../src/ports/demand.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';

/** Each source by its real shape over real HTTP on loopback; what is wrong with one is told and nothing is made up. */

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const MINUTE = 60_000;
const DAY = 86_400_000;
const START = Date.parse('2026-10-20T00:00:00Z');

let ledger: StoredLedger;
let base: string;
let handler: Handler;
let activities: ReturnType<typeof createEventActivities>;
let found: ApplicationSpec;
let requests: IncomingMessage[];
let now: number;
let samples: Sample[];
const server = createServer((request, response) => {
  requests.push(request);
  handler(request, response);
});
beforeAll(async () => {
  ledger = await openLedger({ directory: 'memory' });
  activities = createEventActivities({
    applications: { find: async () => ({ spec: found, settings: DEFAULT_SETTINGS }) },
    events: ledger.eventStore,
    eventSources: createEventSources(holidaysOf),
    demand: { read: async (_, from, to) => samples.filter(({ at }) => at > from && at <= to) },
    clock: { now: () => now, speed: 1 },
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await ledger.close();
});
beforeEach(() => {
  requests = [];
  samples = [];
  now = START;
});

let count = 0;
function specWith(source: string): ApplicationSpec {
  const text = `application: app-${count++}
primary: { project: p, zone: us-central1-a, instanceGroup: a }
demand: { perInstance: 50 }
mirrors: { zones: [us-central1-b], limits: { instances: 4, spendPerHour: 1 USD } }
routing: { dns: { managedZone: z, name: a.example. } }
events: [ ${source} ]`;
  return parseSpec(text, 'a.yaml').spec;
}
const look = (spec: ApplicationSpec) => activities.lookForEvents({ spec, source: spec.events![0]! });
const known = ({ application }: ApplicationSpec, from = START, to = START + 60 * DAY) =>
  ledger.eventStore.events(application, from, to, now);
const stateOf = async ({ application, events }: ApplicationSpec) =>
  (await ledger.eventStore.sourceStates(application)).get(events![0]!.id)!;
const answers =
  (text: string, type = 'text/plain'): Handler =>
  (_, response) =>
    void response.setHeader('content-type', type).end(text);

const CALENDAR = (events: string) =>
  `BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nX-WR-TIMEZONE:Europe/Berlin\n${events}\nEND:VCALENDAR\n`.replaceAll(
    '\n',
    '\r\n',
  );
const WEEKLY = `BEGIN:VEVENT
UID:weekly@example.com
DTSTAMP:20261001T000000Z
CREATED:20261001T120000Z
DTSTART;TZID=Europe/Berlin:20261020T180000
DTEND;TZID=Europe/Berlin:20261020T200000
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE;TZID=Europe/Berlin:20261103T180000
SUMMARY:Weekly deals
CATEGORIES:Campaign
END:VEVENT`;
const WHOLE_DAY = `BEGIN:VEVENT
UID:day@example.com
DTSTAMP:20261001T000000Z
DTSTART;VALUE=DATE:20261111
DTEND;VALUE=DATE:20261112
SUMMARY:Singles' Day
END:VEVENT`;

test('a calendar: recurring over a change of clocks, exceptions, whole days in its own zone, announced when made', async () => {
  handler = answers(CALENDAR(`${WEEKLY}\n${WHOLE_DAY}`), 'text/calendar');
  const spec = specWith(`{ calendar: "${base}/a.ics", kind: sale, uplift: 1.8 }`);
  expect(await look(spec)).toBe('3 events, 3 changed');
  const iso = (at: number) => new Date(at).toISOString();
  const events = (await known(spec)).map(({ start, end, ...rest }) => ({
    start: iso(start),
    end: iso(end),
    ...rest,
  }));
  expect(events).toMatchObject([
    {
      start: '2026-10-20T16:00:00.000Z',
      end: '2026-10-20T18:00:00.000Z',
      kind: 'campaign',
      name: 'Weekly deals',
    },
    { start: '2026-10-27T17:00:00.000Z', end: '2026-10-27T19:00:00.000Z', expectedUplift: 1.8 },
    { start: '2026-11-10T23:00:00.000Z', end: '2026-11-11T23:00:00.000Z', kind: 'sale', announced: START },
  ]);
  expect(events[0]!.announced).toBe(Date.parse('2026-10-01T12:00:00Z'));
});

test('an event that leaves the calendar, or is cancelled in it, is called off', async () => {
  handler = answers(CALENDAR(`${WEEKLY}\n${WHOLE_DAY}`));
  const spec = specWith(`{ calendar: "${base}/a.ics" }`);
  await look(spec);
  now += 15 * MINUTE;
  handler = answers(CALENDAR(WHOLE_DAY.replace('END:VEVENT', 'STATUS:CANCELLED\nEND:VEVENT')));
  expect(await look(spec)).toBe('0 events, 3 changed');
  expect(await known(spec)).toEqual([]);
});

test('a calendar is fetched again only when it has changed', async () => {
  handler = (request, response) => {
    response.setHeader('etag', '"1"');
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
    else response.end(CALENDAR(WEEKLY));
  };
  const spec = specWith(`{ calendar: "${base}/a.ics" }`);
  await look(spec);
  expect(await look(spec)).toBe('not due yet');
  now += 15 * MINUTE;
  expect(await look(spec)).toBe('unchanged');
  expect(await known(spec)).toHaveLength(2);
  now += 15 * MINUTE;
  expect(await look(spec)).toBe('unchanged');
});

test('a calendar that never changes is still unfolded further, once a day; what of it is unreadable stays told', async () => {
  const weekly = WEEKLY.replace(';COUNT=3', '');
  const soon = WHOLE_DAY.replace('20261111', 'soon');
  handler = (request, response) => {
    response.setHeader('etag', '"1"');
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
    else response.end(CALENDAR(`${weekly}\n${soon}`));
  };
  const spec = specWith(`{ calendar: "${base}/a.ics" }`);
  await look(spec);
  const newest = async () => (await known(spec, START, START + 500 * DAY)).at(-1)!.start;
  const first = await newest();
  now += 15 * MINUTE;
  expect(await look(spec)).toBe('unchanged');
  expect((await stateOf(spec)).note).toMatch(/1 unreadable/);
  now += 8 * DAY;
  await look(spec);
  expect(await newest()).toBe(first + 7 * DAY);
});

test('a rule that never ends is told, costs the others nothing and calls nothing off', async () => {
  handler = answers(CALENDAR(WEEKLY));
  const spec = specWith(`{ calendar: "${base}/a.ics" }`);
  await look(spec);
  now += 15 * MINUTE;
  handler = answers(CALENDAR(`${WEEKLY.replace('WEEKLY;COUNT=3', 'MINUTELY')}\n${WHOLE_DAY}`));
  expect(await look(spec)).toBe('1 events, 1 changed');
  expect((await stateOf(spec)).note).toMatch(/1 unreadable: Weekly deals \(Maximum iterations/);
  expect(await known(spec)).toHaveLength(3);
});

test.each([
  [
    'an error',
    (_: unknown, response: ServerResponse) => void response.writeHead(503).end('no'),
    /it answers 503/,
  ],
  ['a web page', answers('<html>sign in</html>', 'text/html'), /no iCalendar/],
  [
    'a broken connection',
    (_: unknown, response: ServerResponse) => void response.destroy(),
    /fetch failed|terminated/,
  ],
  ['an endless answer', answers(CALENDAR('X:' + 'x'.repeat(3_000_000))), /larger than 2 MiB/],
  [
    'a redirect to nowhere',
    (_: unknown, response: ServerResponse) => void response.writeHead(302, { location: '/a' }).end(),
    /redirect/,
  ],
  ['a rule that is none', answers(CALENDAR(WEEKLY.replace('WEEKLY', 'SOMETIMES'))), /Invalid FREQ/],
] as [string, Handler, RegExp][])(
  '%s leaves what is known, and the source missing once its deadline is over',
  async (_, bad, words) => {
    handler = answers(CALENDAR(WHOLE_DAY));
    const spec = specWith(`{ calendar: "${base}/a.ics", name: c }`);
    await look(spec);
    now += 15 * MINUTE;
    handler = bad;
    const told = await look(spec);
    const state = await stateOf(spec);
    expect(told).toMatch(words);
    expect(await known(spec)).toHaveLength(1);
    expect(state).toMatchObject({ failures: 1, nextAt: now + 15 * MINUTE, freshUntil: START + 45 * MINUTE });
    now += 15 * MINUTE;
    await look(spec);
    expect(await stateOf(spec)).toMatchObject({ failures: 2, nextAt: now + 30 * MINUTE });
  },
);

test('holidays of a region were always known; an unknown region is told', async () => {
  const spec = specWith('{ holidays: US }');
  await look(spec);
  expect((await known(spec)).map(({ name, kind }) => `${kind} ${name}`)).toContain(
    'holiday Thanksgiving Day',
  );
  expect(await ledger.eventStore.events(spec.application, START, START + 60 * DAY, 0)).not.toEqual([]);
  const nowhere = specWith('{ holidays: XX }');
  expect(await look(nowhere)).toMatch(/region XX: no such country/);
});

const rss = (items: { id: string; at: number; title: string }[]) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${items
    .map(
      (i) =>
        `<item><guid>${i.id}</guid><title>${i.title}</title><pubDate>${new Date(i.at).toUTCString()}</pubDate></item>`,
    )
    .join('')}</channel></rss>`;
const atom = (items: { id: string; at: number; title: string }[]) =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>x</id><updated>2026-01-01T00:00:00Z</updated>${items
    .map(
      (i) =>
        `<entry><id>${i.id}</id><title>${i.title}</title><updated>${new Date(i.at).toISOString()}</updated></entry>`,
    )
    .join('')}</feed>`;
const mastodon = (items: { id: string; at: number; title: string }[]) =>
  JSON.stringify(
    items.map((i) => ({ id: i.id, created_at: new Date(i.at).toISOString(), content: `<p>${i.title}</p>` })),
  );
const bluesky = (items: { id: string; at: number; title: string }[]) =>
  JSON.stringify({
    posts: items.map((i) => ({
      uri: i.id,
      cid: 'c',
      record: { text: i.title, createdAt: new Date(i.at).toISOString() },
    })),
  });
const jsonFeed = (items: { id: string; at: number; title: string }[]) =>
  JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    items: items.map((i) => ({
      id: i.id,
      content_text: i.title,
      date_published: new Date(i.at).toISOString(),
    })),
  });

test.each([
  ['RSS', () => `{ news: { rss: "${base}/f" }, every: 1m, uplift: 1.5 }`, rss, 'news'],
  ['Atom', () => `{ news: { rss: "${base}/f" }, every: 1m }`, atom, 'news'],
  ['Mastodon', () => `{ social: { mastodon: "${base}", tag: shop } }`, mastodon, 'social'],
  ['Bluesky', () => `{ social: { bluesky: shop, api: "${base}" } }`, bluesky, 'social'],
  ['JSON Feed', () => `{ social: { json: "${base}/f" } }`, jsonFeed, 'social'],
] as const)(
  '%s: texts are counted once, and a burst becomes an event within a minute',
  async (_, source, shape, kind) => {
    const items = [{ id: 'old', at: START - 3 * MINUTE, title: 'before anybody looked' }];
    handler = (_request, response) => void response.end(shape(items.slice(-40)));
    const spec = specWith(source());
    const steps = 28;
    for (let step = 0; step < steps; step++) {
      await look(spec);
      if (step % 4 === 0) items.push({ id: `t${step}`, at: now + 1_000, title: 'A word about the shop' });
      now += MINUTE;
    }
    expect(await known(spec)).toEqual([]);
    const chatter = await ledger.eventStore.chatter(
      spec.application,
      spec.events![0]!.id,
      START + 1,
      now + 1,
    );
    expect(chatter).toHaveLength(steps - 1);
    expect(chatter.reduce((sum, { volume }) => sum + volume, 0)).toBe(7);

    for (let i = 0; i < 30; i++)
      items.push({ id: `burst${i}`, at: now + 1_000, title: 'Horrible outage, awful shop' });
    await look(spec);
    now += MINUTE;
    await look(spec);
    const [burst, ...more] = await known(spec);
    expect(burst).toMatchObject({
      kind,
      announced: now,
      name: expect.stringContaining('more is said than usual'),
    });
    expect(burst!.expectedUplift).toBe(
      spec.events![0]!.type === 'news' && source().includes('uplift') ? 1.5 : undefined,
    );
    expect(more).toEqual([]);
    const [newest] = (
      await ledger.eventStore.chatter(spec.application, spec.events![0]!.id, now, now + 1)
    ).slice(-1);
    expect(newest).toMatchObject({ volume: 30, sentiment: expect.any(Number) });
    expect(newest!.sentiment).toBeLessThan(-0.5);
  },
);

test('the first look learns what is usual from what the source still shows, and calls none of it unusual', async () => {
  const shown = Array.from({ length: 40 }, (_, i) => ({
    id: `t${i}`,
    at: START - i * 6 * MINUTE - 1_000,
    title: 'A word',
  }));
  handler = (_, response) => void response.end(mastodon(shown));
  const spec = specWith(`{ social: { mastodon: "${base}", tag: shop } }`);
  expect(await look(spec)).toBe('234 steps');
  const chatter = await ledger.eventStore.chatter(
    spec.application,
    'social-mastodon',
    START - DAY,
    START + 1,
  );
  expect(chatter.reduce((sum, { volume }) => sum + volume, 0)).toBe(39);
  expect(await known(spec)).toEqual([]);
  now += MINUTE;
  for (let i = 0; i < 20; i++) shown.unshift({ id: `b${i}`, at: now - 30_000, title: 'Have you seen this' });
  await look(spec);
  expect(await known(spec)).toMatchObject([{ kind: 'social', announced: now }]);
});

test('a source that was silent leaves its steps missing, not zero, and makes no burst of what it catches up on', async () => {
  const items: { id: string; at: number; title: string }[] = [];
  handler = (_, response) => void response.end(rss(items));
  const spec = specWith(`{ news: { rss: "${base}/f" }, every: 1m }`);
  for (let step = 0; step < 30; step++, now += MINUTE) await look(spec);
  const alive = handler;
  handler = (_, response) => void response.writeHead(500).end();
  const died = now;
  for (let step = 0; step < 60; step++, now += MINUTE) {
    items.push({ id: `s${step}`, at: now, title: 'said meanwhile' });
    await look(spec);
  }
  handler = alive;
  now = (await stateOf(spec)).nextAt;
  await look(spec);
  const back = now;
  for (let step = 0; step < 5; step++, now += MINUTE) await look(spec);
  const chatter = await ledger.eventStore.chatter(spec.application, 'news-rss', START, now + 1);
  expect(chatter.filter(({ at }) => at > died && at <= back)).toEqual([]);
  expect(chatter.filter(({ at }) => at > back).map(({ volume }) => volume)).toEqual([0, 0, 0, 0]);
  expect(await known(spec)).toEqual([]);
});

test("GDELT's volume timeline: only whole steps, and a surge of it becomes an event", async () => {
  const step = 15 * MINUTE;
  const gdelt = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  let surge = 0;
  handler = (_, response) => {
    const data = Array.from({ length: 100 }, (_row, i) => {
      const at = Math.floor(now / step) * step - (99 - i) * step;
      return { date: gdelt(at), value: at >= START + step && surge > 0 ? surge : 0.01 + 0.001 * (i % 3) };
    });
    response.end(
      JSON.stringify({ query_details: { title: 'q' }, timeline: [{ series: 'Volume Intensity', data }] }),
    );
  };
  const spec = specWith(`{ news: { gdelt: shop, api: "${base}/api/v2/doc/doc" } }`);
  expect(await look(spec)).toBe('99 steps');
  expect(requests[0]!.url).toBe('/api/v2/doc/doc?query=shop&mode=timelinevol&format=json&timespan=2d');
  expect(await known(spec)).toEqual([]);
  surge = 0.2;
  now += 2 * step + 1_000;
  await look(spec);
  expect(await known(spec)).toMatchObject([{ kind: 'news', announced: now }]);
});

test('what an event did is measured once it is over, and a source without any effect is found out', async () => {
  handler = answers(
    CALENDAR(WHOLE_DAY.replaceAll('20261111', '20261021').replaceAll('20261112', '20261022')),
  );
  const spec = specWith(`{ calendar: "${base}/a.ics", kind: sale }`);
  await look(spec);
  const sale = { start: Date.parse('2026-10-20T22:00:00Z'), end: Date.parse('2026-10-21T22:00:00Z') };
  for (let at = START - 8 * DAY; at <= START + 3 * DAY; at += 10 * MINUTE)
    samples.push({
      at,
      value: (100 + 20 * Math.sin((2 * Math.PI * at) / DAY)) * (at > sale.start && at <= sale.end ? 2 : 1),
    });
  spec.demand.stepMs = 10 * MINUTE;
  expect(await activities.measureEvents({ spec })).toBe(0);
  now = START + 3 * DAY;
  expect(await activities.measureEvents({ spec })).toBe(1);
  expect(await activities.measureEvents({ spec })).toBe(0);
  const [uplift] = await ledger.eventStore.uplifts(spec.application);
  expect(uplift).toMatchObject({ source: 'calendar', kind: 'sale', events: 1 });
  expect(uplift!.measured).toBeCloseTo(2, 1);
  expect(uplift!.expected).toBeGreaterThan(1.1);
  expect(uplift!.expected).toBeLessThan(1.8);
});

test('states of sources that the specification dropped are forgotten', async () => {
  const spec = specWith('{ holidays: US }');
  await look(spec);
  found = { ...spec, events: [] };
  expect(await activities.readEventSources(spec.application)).toEqual(found);
  expect(await ledger.eventStore.sourceStates(spec.application)).toEqual(new Map());
});
