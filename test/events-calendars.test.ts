import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import {
  answers,
  bench,
  DAY,
  known,
  look,
  MINUTE,
  START,
  stateOf,
  specWith,
  useEventBench,
} from './support/event-bench.ts';
import type { Handler } from './support/event-bench.ts';

/** Calendars and holidays by their real shape over real HTTP; what is wrong with one is told, and nothing is made up. */

useEventBench();

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
  bench.handler = answers(CALENDAR(`${WEEKLY}\n${WHOLE_DAY}`), 'text/calendar');
  const spec = specWith(`{ calendar: "${bench.base}/a.ics", kind: sale, uplift: 1.8 }`);
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
  bench.handler = answers(CALENDAR(`${WEEKLY}\n${WHOLE_DAY}`));
  const spec = specWith(`{ calendar: "${bench.base}/a.ics" }`);
  await look(spec);
  bench.now += 15 * MINUTE;
  bench.handler = answers(CALENDAR(WHOLE_DAY.replace('END:VEVENT', 'STATUS:CANCELLED\nEND:VEVENT')));
  expect(await look(spec)).toBe('0 events, 3 changed');
  expect(await known(spec)).toEqual([]);
});

test('a calendar is fetched again only when it has changed', async () => {
  bench.handler = (request, response) => {
    response.setHeader('etag', '"1"');
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
    else response.end(CALENDAR(WEEKLY));
  };
  const spec = specWith(`{ calendar: "${bench.base}/a.ics" }`);
  await look(spec);
  expect(await look(spec)).toBe('not due yet');
  bench.now += 15 * MINUTE;
  expect(await look(spec)).toBe('unchanged');
  expect(await known(spec)).toHaveLength(2);
  bench.now += 15 * MINUTE;
  expect(await look(spec)).toBe('unchanged');
});

test('a calendar that never changes is still unfolded further, once a day; what of it is unreadable stays told', async () => {
  const weekly = WEEKLY.replace(';COUNT=3', '');
  const soon = WHOLE_DAY.replace('20261111', 'soon');
  bench.handler = (request, response) => {
    response.setHeader('etag', '"1"');
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
    else response.end(CALENDAR(`${weekly}\n${soon}`));
  };
  const spec = specWith(`{ calendar: "${bench.base}/a.ics" }`);
  await look(spec);
  const newest = async () => (await known(spec, START, START + 500 * DAY)).at(-1)!.start;
  const first = await newest();
  bench.now += 15 * MINUTE;
  expect(await look(spec)).toBe('unchanged');
  expect((await stateOf(spec)).note).toMatch(/1 unreadable/);
  bench.now += 8 * DAY;
  await look(spec);
  expect(await newest()).toBe(first + 7 * DAY);
});

test('a rule that never ends is told, costs the others nothing and calls nothing off', async () => {
  bench.handler = answers(CALENDAR(WEEKLY));
  const spec = specWith(`{ calendar: "${bench.base}/a.ics" }`);
  await look(spec);
  bench.now += 15 * MINUTE;
  bench.handler = answers(CALENDAR(`${WEEKLY.replace('WEEKLY;COUNT=3', 'MINUTELY')}\n${WHOLE_DAY}`));
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
    bench.handler = answers(CALENDAR(WHOLE_DAY));
    const spec = specWith(`{ calendar: "${bench.base}/a.ics", name: c }`);
    await look(spec);
    bench.now += 15 * MINUTE;
    bench.handler = bad;
    const told = await look(spec);
    const state = await stateOf(spec);
    expect(told).toMatch(words);
    expect(await known(spec)).toHaveLength(1);
    expect(state).toMatchObject({
      failures: 1,
      nextAt: bench.now + 15 * MINUTE,
      freshUntil: START + 45 * MINUTE,
    });
    bench.now += 15 * MINUTE;
    await look(spec);
    expect(await stateOf(spec)).toMatchObject({ failures: 2, nextAt: bench.now + 30 * MINUTE });
  },
);

test('holidays of a region were always known; an unknown region is told', async () => {
  const spec = specWith('{ holidays: US }');
  await look(spec);
  expect((await known(spec)).map(({ name, kind }) => `${kind} ${name}`)).toContain(
    'holiday Thanksgiving Day',
  );
  expect(await bench.ledger.eventStore.events(spec.application, START, START + 60 * DAY, 0)).not.toEqual([]);
  const nowhere = specWith('{ holidays: XX }');
  expect(await look(nowhere)).toMatch(/region XX: no such country/);
});

test('what an event did is measured once it is over, and a source without any effect is bench.found out', async () => {
  bench.handler = answers(
    CALENDAR(WHOLE_DAY.replaceAll('20261111', '20261021').replaceAll('20261112', '20261022')),
  );
  const spec = specWith(`{ calendar: "${bench.base}/a.ics", kind: sale }`);
  await look(spec);
  const sale = { start: Date.parse('2026-10-20T22:00:00Z'), end: Date.parse('2026-10-21T22:00:00Z') };
  for (let at = START - 8 * DAY; at <= START + 3 * DAY; at += 10 * MINUTE)
    bench.samples.push({
      at,
      value: (100 + 20 * Math.sin((2 * Math.PI * at) / DAY)) * (at > sale.start && at <= sale.end ? 2 : 1),
    });
  spec.demand.stepMs = 10 * MINUTE;
  expect(await bench.activities.measureEvents({ spec })).toBe(0);
  bench.now = START + 3 * DAY;
  expect(await bench.activities.measureEvents({ spec })).toBe(1);
  expect(await bench.activities.measureEvents({ spec })).toBe(0);
  const [uplift] = await bench.ledger.eventStore.uplifts(spec.application);
  expect(uplift).toMatchObject({ source: 'calendar', kind: 'sale', events: 1 });
  expect(uplift!.measured).toBeCloseTo(2, 1);
  expect(uplift!.expected).toBeGreaterThan(1.1);
  expect(uplift!.expected).toBeLessThan(1.8);
});

test('states of sources that the specification dropped are forgotten', async () => {
  const spec = specWith('{ holidays: US }');
  await look(spec);
  bench.found = { ...spec, events: [] };
  expect(await bench.activities.readEventSources(spec.application)).toEqual(bench.found);
  expect(await bench.ledger.eventStore.sourceStates(spec.application)).toEqual(new Map());
});
