import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnnouncementError } from '../src/events/announcement.ts';
import { readCalendar } from '../src/events/calendar.ts';
import { eventsOfRequest } from '../src/events/cloud-events.ts';
import { eventsOfCsv, eventsOfYaml } from '../src/events/read-events.ts';
import {
  seriesOfGdelt,
  textsOfBluesky,
  textsOfFeed,
  textsOfJson,
  textsOfMastodon,
} from '../src/events/texts.ts';

/**
 * Ten thousand inputs of each kind that are damaged, hostile or nothing at all: each is refused in words, or what can be read
 * of it is sound and bounded. Nothing crashes, and nothing of them stays in memory.
 */
const RUNS = 10_000;

const NOW = Date.parse('2026-11-24T12:00:00Z');

/** What breaks readers: structure of every format, ends of ranges, names of what objects inherit, letters that are none. */
const SPLINTERS = fc.oneof(
  fc.constantFrom(
    '<',
    '>',
    '&',
    ']]>',
    '<![CDATA[',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    ';',
    '\r\n',
    '\n ',
    '=',
    '-',
  ),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '\u202e',
    '\ufeff',
    '﷽',
    '9999999999999',
    '-1',
    '1e309',
    'NaN',
    'null',
    '""',
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'BEGIN:VEVENT',
    'END:VEVENT',
    'BEGIN:VTIMEZONE',
    'TZID=',
  ),
  fc.string({ maxLength: 8, unit: 'binary' }),
);

type Damage = { from: number; length: number; put: string };
const damages = fc.array(
  fc.record({
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 4 }) }, fc.nat({ max: 400 })),
    put: SPLINTERS,
  }),
  { minLength: 1, maxLength: 4 },
);

function damaged(text: string, all: readonly Damage[]): string {
  return all.reduce((whole, { from, length, put }) => {
    const at = Math.floor(from * whole.length);
    return whole.slice(0, at) + put + whole.slice(at + length);
  }, text);
}

/** Ten thousand times: an assertion of vitest costs more than most of what it would look at here. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken: ${what}`);
}

/** Reads, or is refused in words: by an Error of ours, not by what a reader stumbled over. */
function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const ours = error instanceof AnnouncementError || (error as Error).constructor === Error;
    must(ours, `refused by ${String(error)}`);
    const { length } = (error as Error).message;
    must(length > 0 && length < 2_000, 'refused in words');
    return undefined;
  }
}

interface Read {
  id?: string;
  name: string;
  kind: string;
  start: number;
  end: number;
}

function checkEvents(events: readonly Read[] = []): void {
  for (const { id = 'x', name, kind, start, end } of events) {
    must(Number.isFinite(start) && end > start, 'an end after the start');
    for (const word of [id, name, kind])
      must(/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(word), `letters only: ${JSON.stringify(word)}`);
  }
}

function checkTexts(texts: ReturnType<typeof textsOfFeed> = []): void {
  must(texts.length <= 1_000, 'a thousand texts at most');
  for (const { id, at, words } of texts)
    must(id !== '' && Number.isFinite(at) && words.length <= 2_000, 'id, time and bounded words');
}

const HEADERS = { 'content-type': 'application/cloudevents+json' };
const DATA = { name: 'Sale', kind: 'campaign', start: '2026-11-27T18:00:00Z', end: '2026-11-27T20:00:00Z' };
const ENVELOPE = {
  specversion: '1.0',
  id: '1',
  source: '/shop',
  type: 'premirror.event.announced',
  datacontenttype: 'application/json',
  data: { ...DATA, expectedUplift: 2 },
};

test('CloudEvents, damaged as text or with anything in a field', () => {
  const asText = damages.map((all) => damaged(JSON.stringify(ENVELOPE), all));
  const strange = fc.oneof(fc.jsonValue({ maxDepth: 2 }), SPLINTERS);
  const asData = fc
    .tuple(fc.constantFrom(...Object.keys(DATA), 'announced', 'expectedUplift', 'more'), strange)
    .map(([key, value]) => JSON.stringify({ ...ENVELOPE, data: { ...DATA, [key]: value } }));
  const asAttribute = fc
    .tuple(fc.constantFrom(...Object.keys(ENVELOPE), 'time', 'subject', 'data_base64'), strange)
    .map(([key, value]) => JSON.stringify({ ...ENVELOPE, [key]: value }));
  const modes = fc.constantFrom(
    HEADERS,
    { 'content-type': 'application/cloudevents-batch+json' },
    {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '/shop',
      'ce-type': 'premirror.event.announced',
    },
  );
  fc.assert(
    fc.property(modes, fc.oneof(asText, asData, asAttribute), (headers, body) => {
      checkEvents(readOr(() => eventsOfRequest(headers, body, NOW)));
    }),
    { numRuns: RUNS },
  );
}, 60_000);

const CALENDAR = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VEVENT
UID:weekly@example.com
CREATED:20261001T120000Z
DTSTART;TZID=Europe/Berlin:20261120T180000
DTEND;TZID=Europe/Berlin:20261120T200000
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE;TZID=Europe/Berlin:20261127T180000
SUMMARY;LANGUAGE=en:Weekly deals
CATEGORIES:Campaign
END:VEVENT
BEGIN:VEVENT
UID:day@example.com
DTSTART;VALUE=DATE:20261211
DURATION:P1D
SUMMARY:A day
END:VEVENT
END:VCALENDAR
`.replaceAll('\n', '\r\n');

test('calendars', () => {
  fc.assert(
    fc.property(damages, (all) => {
      const reading = readOr(() => readCalendar(damaged(CALENDAR, all), { kind: 'sale' }, NOW));
      if (!reading) return;
      checkEvents(reading.events);
      must(reading.events.length <= 2_500, 'a bounded number');
      for (const { announced } of reading.events) must(announced <= NOW, 'not announced later than now');
    }),
    { numRuns: RUNS },
  );
}, 120_000);

const FEEDS = {
  rss: `<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><item><guid isPermaLink="false">1</guid><title><![CDATA[A sale]]></title><description>&lt;b&gt;Now&lt;/b&gt;</description><pubDate>Tue, 24 Nov 2026 11:00:00 GMT</pubDate></item></channel></rss>`,
  atom: `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><id>1</id><title type="html">A sale</title><updated>2026-11-24T11:00:00Z</updated></entry></feed>`,
};

test('feeds in XML (half of them)', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(FEEDS)), damages, (feed, all) => {
      checkTexts(readOr(() => textsOfFeed(damaged(feed, all))));
    }),
    { numRuns: RUNS / 2 },
  );
}, 60_000);

test('feeds in JSON of each shape (the other half)', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      '2026-11-24T11:00:00Z',
      { toString: 1, valueOf: 1 },
      '20261124T110000Z',
      '20261124T111500Z',
    ),
  );
  const keys = [
    'id',
    'uri',
    'text',
    'content',
    'created_at',
    'record',
    'indexedAt',
    'date',
    'value',
    '__proto__',
  ];
  const row = fc.oneof(value, fc.dictionary(fc.constantFrom(...keys), value));
  const rows = fc.array(row, { maxLength: 5 });
  const answer = fc.oneof(
    rows,
    fc.dictionary(fc.constantFrom('items', 'posts', 'statuses', 'data', 'timeline'), rows),
    rows.map((data) => ({ timeline: [{ series: 'Volume Intensity', data }] })),
  );
  const bodies = fc.tuple(answer, fc.option(damages)).map(([root, all]) => {
    const text = JSON.stringify(root);
    return all ? damaged(text, all) : text;
  });
  fc.assert(
    fc.property(bodies, fc.constantFrom(textsOfJson, textsOfMastodon, textsOfBluesky), (body, read) => {
      checkTexts(readOr(() => read(body)));
      const { points = [], stepMs = 1 } = readOr(() => seriesOfGdelt(body, NOW)) ?? {};
      must(stepMs > 0 && new Set(points.map(({ at }) => at)).size === points.length, 'one value a step');
      for (const { at, value } of points) must(at <= NOW && value >= 0, 'whole steps, no negative volume');
    }),
    { numRuns: RUNS / 2 },
  );
}, 60_000);

const FILES = {
  csv: 'announced,start,end,name,kind,expected_uplift\n2026-11-01,2026-11-27T18:00Z,2026-11-27T20:00Z,"A, sale",sale,1.8\n',
  yaml: '- { name: A sale, kind: sale, start: 2026-11-27T18:00Z, end: 2026-11-27T20:00Z, expected_uplift: 1.8 }\n',
};
const readFileOf = (all: readonly Damage[], format: 'csv' | 'yaml') =>
  format === 'csv'
    ? eventsOfCsv(damaged(FILES.csv, all), 'a.csv')
    : eventsOfYaml(damaged(FILES.yaml, all), 'a.yaml');

test('files of events, in CSV and in YAML', () => {
  fc.assert(
    fc.property(fc.constantFrom('csv', 'yaml'), damages, (format, all) => {
      for (const { start, end, kind } of readOr(() => readFileOf(all, format)) ?? [])
        must(end > start && kind !== '', 'end and kind');
    }),
    { numRuns: RUNS },
  );
}, 60_000);

test('nothing of what was refused or read stays in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const readers: ((all: readonly Damage[]) => unknown)[] = [
    (all) => eventsOfRequest(HEADERS, damaged(JSON.stringify(ENVELOPE), all), NOW),
    (all) => readCalendar(damaged(CALENDAR, all), { kind: 'sale' }, NOW),
    (all) => textsOfFeed(damaged(FEEDS.rss, all)),
    (all) => textsOfFeed(damaged(FEEDS.atom, all)),
    (all) => textsOfJson(damaged('{"items":[{"id":"1","text":"A sale","created_at":"2026-11-24"}]}', all)),
    (all) => readFileOf(all, 'csv'),
    (all) => readFileOf(all, 'yaml'),
  ];
  const readAll = (inputs: readonly Damage[][]) =>
    inputs.forEach((all) => readers.forEach((read) => void readOr(() => read(all))));
  const held = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const [warm, counted] = [fc.sample(damages, 200), fc.sample(damages, 1_000)];
  readAll(warm);
  const before = held();
  readAll(counted);
  // Seven thousand inputs of about 500 letters: to keep even a third of them would take more.
  expect(held() - before).toBeLessThan(1_000_000);
}, 60_000);

const EVENT = (i: number, rest = '') =>
  `BEGIN:VEVENT\r\nUID:${i}\r\nDTSTART:20261127T180000Z\r\nDTEND:20261127T200000Z\r\n${rest}END:VEVENT\r\n`;
const calendarOf = (...events: string[]) =>
  `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${events.join('')}END:VCALENDAR\r\n`;
const many = (count: number, rest = '') => Array.from({ length: count }, (_, i) => EVENT(i, rest));

test.each([
  ['cut short', calendarOf(EVENT(1)).slice(0, -20), /cut short/],
  ['of a thousand rules and one', calendarOf(...many(1_001, 'RRULE:FREQ=DAILY;COUNT=2\r\n')), /1001 rules/],
  ['of very many events', calendarOf(...many(2_500)), /more than 2000 occurrences/],
  [
    'of very many occurrences',
    calendarOf(EVENT(1, 'RRULE:FREQ=HOURLY;COUNT=2100\r\n')),
    /more than 2000 occurrences/,
  ],
  [
    'that ends what never began',
    `BEGIN:VCALENDAR\r\n${'END:VEVENT\r\n'.repeat(3)}END:VCALENDAR`,
    /can be read/,
  ],
])('a calendar %s is refused whole: nothing of it is called off', (_, text, words) => {
  expect(() => readCalendar(text, { kind: 'sale' }, NOW)).toThrow(words);
});

test('an event whose start is no time is noted, and calls nothing off; without a UID each is its own', () => {
  const soon = EVENT(1).replace('20261127T180000Z', 'soon');
  const nameless = [EVENT(2), EVENT(3).replaceAll('20261127', '20261128')].map((one) =>
    one.replace(/UID:\d\r\n/, ''),
  );
  const { events, note, completeFrom } = readCalendar(calendarOf(soon, ...nameless), { kind: 'sale' }, NOW);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  expect(note).toMatch(/1 unreadable.*start is no time/);
  expect(completeFrom).toBe(Infinity);
});

test('a value that GDELT does not give is missing, not zero; a step named twice counts once', () => {
  const rows = ['T110000Z', 'T111500Z', 'T111500Z', 'T113000Z'].map((at, i) => ({
    date: `20261124${at}`,
    value: i,
  }));
  const data = [...rows, { date: '20261124T114500Z', value: null }];
  const { points, stepMs } = seriesOfGdelt(JSON.stringify({ timeline: [{ data }] }), NOW);
  expect(stepMs).toBe(15 * 60_000);
  expect(points.map(({ value }) => value)).toEqual([0, 2, 3]);
});

const ENTITIES = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join(
  '',
);
const inFeed = (item: string) =>
  `<rss version="2.0"><channel><title>x</title><item>${item}</item></channel></rss>`;
const ITEM = '<guid>1</guid><pubDate>Tue, 24 Nov 2026 11:00:00 GMT</pubDate>';

test.each([
  [
    'entities within entities',
    `<!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">${ENTITIES}]>${inFeed(`${ITEM}<title>&e9;</title>`)}`,
  ],
  ['elements within elements', inFeed(`${ITEM}${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`)],
  ['an open comment', `<rss><!--${'-'.repeat(500_000)}`],
  ['a title of a megabyte', inFeed(`${ITEM}<title>${'<![CDATA[<]]>'.repeat(80_000)}</title>`)],
])('a feed with %s is refused, or read within bounds', (_, text) => {
  checkTexts(readOr(() => textsOfFeed(text)));
});

test('JSON nested a million deep is refused', () => {
  for (const read of [textsOfJson, textsOfMastodon, textsOfBluesky])
    expect(() => read('['.repeat(1_000_000))).toThrow(/no JSON/);
});
