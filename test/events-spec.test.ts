import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSpec, SpecError } from '../src/spec/parse.ts';

/** The `events:` section of a specification: what it means, and how a wrong one is refused. */

const SHOP = readFileSync('examples/shop.yaml', 'utf8').replace(/^events:[^]*?(?=^\S|$(?![^]))/m, '');
const parse = (events: string) => parseSpec(`${SHOP}\nevents: ${events}\n`, 'shop.yaml');

test('every kind of source is read into the domain, each with a beat and a name of its own', () => {
  const { spec } = parse(`
  - { calendar: https://example.com/sales.ics, kind: campaign, uplift: 1.8 }
  - { calendar: /etc/premirror/matches.ics, name: matches, every: 1h }
  - { holidays: us-ca }
  - { news: { rss: https://example.com/feed.xml } }
  - { news: { gdelt: '"black friday"' } }
  - { social: { mastodon: https://mastodon.example, tag: sale } }
  - { social: { bluesky: black friday } }
  - { social: { json: http://127.0.0.1:1/feed.json } }
  - { file: /etc/premirror/events.yaml }`);
  expect(spec.events).toMatchObject([
    { id: 'calendar', type: 'calendar', everyMs: 900_000, kind: 'campaign', expectedUplift: 1.8 },
    { id: 'matches', type: 'calendar', everyMs: 3_600_000, kind: 'calendar' },
    { id: 'holidays-us-ca', type: 'holidays', region: 'US-CA' },
    { id: 'news-rss', type: 'news', shape: 'rss', url: 'https://example.com/feed.xml' },
    {
      id: 'news-gdelt',
      shape: 'gdelt',
      url: 'https://api.gdeltproject.org/api/v2/doc/doc?query=%22black+friday%22&mode=timelinevol&format=json&timespan=2d',
    },
    { id: 'social-mastodon', url: 'https://mastodon.example/api/v1/timelines/tag/sale?limit=40' },
    {
      id: 'social-bluesky',
      url: 'https://public.api.bsky.app/xrpc/app.bsky.feed.searchPosts?q=black+friday&sort=latest&limit=100',
    },
    { id: 'social-json', shape: 'json' },
    { id: 'file', type: 'file', at: '/etc/premirror/events.yaml' },
  ]);
});

test('what is believed of the first bursts is read, and by default where nothing is said', () => {
  const { spec } = parse(`
  - { news: { rss: https://example.com/feed.xml }, burst: { probability: 40%, least: 4, within: 20m } }
  - { social: { mastodon: https://m.example, tag: sale } }`);
  expect(spec.events).toMatchObject([
    { burst: { probability: 0.4, leastUplift: 4, mostUplift: 4, withinMs: 1_200_000 } },
    { id: 'social-mastodon' },
  ]);
  expect(spec.events![1]).not.toHaveProperty('burst');
});

test('a path counts from the folder of the specification, wherever the worker runs', () => {
  const text = `${SHOP}\nevents: [{ file: events.yaml }, { calendar: cal/a.ics }]\n`;
  const { spec } = parseSpec(text, '/srv/shop/shop.yaml');
  expect(spec.events).toMatchObject([{ at: '/srv/shop/events.yaml' }, { at: '/srv/shop/cal/a.ics' }]);
});

test('a specification without sources says nothing of them', () => {
  expect(parse('[]').spec).not.toHaveProperty('events');
});

test.each([
  ['no list', 'soon', /events: soon: write a list/],
  ['two sources in one entry', '[{ holidays: US, file: a.yaml }]', /give exactly one of calendar, holidays/],
  ['no source in an entry', '[{ uplift: 2 }]', /give exactly one of calendar, holidays/],
  [
    'a misspelt source',
    '[{ calender: a.ics }]',
    /events\.0\.calender.*not a known key: did you mean calendar/,
  ],
  ['plain http', '[{ calendar: "http://example.com/a.ics" }]', /events\.0\.calendar: .*https/],
  ['another scheme', '[{ calendar: "file:///etc/passwd" }]', /events\.0\.calendar: .*https/],
  ['a URL that is none', '[{ news: { rss: "https://[" } }]', /events\.0\.news\.rss: .*https/],
  [
    'a region that is none',
    '[{ holidays: America }]',
    /events\.0\.holidays: America: write a country such as US/,
  ],
  [
    'a beat that is too fast',
    '[{ file: a.yaml, every: 1s }]',
    /events\.0\.every: 1s: write a duration of 10s/,
  ],
  [
    'an uplift that is no factor',
    '[{ holidays: US, uplift: -1 }]',
    /events\.0\.uplift: -1: write the factor/,
  ],
  [
    'a belief about a calendar',
    '[{ holidays: US, burst: { probability: 10% } }]',
    /events\.0\.burst: .*belongs to news and social/,
  ],
  [
    'a belief beside a size',
    '[{ social: { json: "https://a.example/f" }, uplift: 2, burst: {} }]',
    /events\.0\.burst: .*uplift says already/,
  ],
  [
    'a burst that is sure',
    '[{ social: { json: "https://a.example/f" }, burst: { probability: 100% } }]',
    /burst\.probability: .*below 100%/,
  ],
  [
    'sizes the wrong way round',
    '[{ social: { json: "https://a.example/f" }, burst: { least: 3, most: 2 } }]',
    /burst: .*least is above most/,
  ],
  [
    'Mastodon without a tag',
    '[{ social: { mastodon: "https://m.example" } }]',
    /mastodon and tag go together/,
  ],
  ['a file of another kind', '[{ file: events.txt }]', /events\.0\.file: events\.txt: write the path/],
  ['two alike', '[{ file: a.yaml }, { file: b.yaml }]', /events\.1: .*give it a name.*file already/],
])('%s is refused with the field and what would be right', (_, events, words) => {
  expect(() => parse(events)).toThrow(SpecError);
  expect(() => parse(events)).toThrow(words);
});
