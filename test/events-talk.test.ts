import { expect, test } from 'vitest';
import {
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

/** News and social sources by their real shapes over real HTTP: what is said is counted once, and a burst becomes an event. */

useEventBench();

interface Item {
  id: string;
  at: number;
  title: string;
}

const rss = (items: Item[]) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${items
    .map(
      (i) =>
        `<item><guid>${i.id}</guid><title>${i.title}</title><pubDate>${new Date(i.at).toUTCString()}</pubDate></item>`,
    )
    .join('')}</channel></rss>`;
const atom = (items: Item[]) =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>x</id><updated>2026-01-01T00:00:00Z</updated>${items
    .map(
      (i) =>
        `<entry><id>${i.id}</id><title>${i.title}</title><updated>${new Date(i.at).toISOString()}</updated></entry>`,
    )
    .join('')}</feed>`;
const mastodon = (items: Item[]) =>
  JSON.stringify(
    items.map((i) => ({ id: i.id, created_at: new Date(i.at).toISOString(), content: `<p>${i.title}</p>` })),
  );
const bluesky = (items: Item[]) =>
  JSON.stringify({
    posts: items.map((i) => ({
      uri: i.id,
      cid: 'c',
      record: { text: i.title, createdAt: new Date(i.at).toISOString() },
    })),
  });
const jsonFeed = (items: Item[]) =>
  JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    items: items.map((i) => ({
      id: i.id,
      content_text: i.title,
      date_published: new Date(i.at).toISOString(),
    })),
  });

test.each([
  ['RSS', () => `{ news: { rss: "${bench.base}/f" }, every: 1m, uplift: 1.5 }`, rss, 'news'],
  ['Atom', () => `{ news: { rss: "${bench.base}/f" }, every: 1m }`, atom, 'news'],
  ['Mastodon', () => `{ social: { mastodon: "${bench.base}", tag: shop } }`, mastodon, 'social'],
  ['Bluesky', () => `{ social: { bluesky: shop, api: "${bench.base}" } }`, bluesky, 'social'],
  ['JSON Feed', () => `{ social: { json: "${bench.base}/f" } }`, jsonFeed, 'social'],
] as const)(
  '%s: texts are counted once, and a burst becomes an event within a minute',
  async (_, source, shape, kind) => {
    const items = [{ id: 'old', at: START - 3 * MINUTE, title: 'before anybody looked' }];
    bench.handler = (_request, response) => void response.end(shape(items.slice(-40)));
    const spec = specWith(source());
    const steps = 28;
    for (let step = 0; step < steps; step++) {
      await look(spec);
      if (step % 4 === 0)
        items.push({ id: `t${step}`, at: bench.now + 1_000, title: 'A word about the shop' });
      bench.now += MINUTE;
    }
    expect(await known(spec)).toEqual([]);
    const chatter = await bench.ledger.eventStore.chatter(
      spec.application,
      spec.events![0]!.id,
      START + 1,
      bench.now + 1,
    );
    expect(chatter).toHaveLength(steps - 1);
    expect(chatter.reduce((sum, { volume }) => sum + volume, 0)).toBe(7);

    for (let i = 0; i < 30; i++)
      items.push({ id: `burst${i}`, at: bench.now + 1_000, title: 'Horrible outage, awful shop' });
    await look(spec);
    bench.now += MINUTE;
    await look(spec);
    const [burst, ...more] = await known(spec);
    expect(burst).toMatchObject({
      kind,
      announced: bench.now,
      name: expect.stringContaining('more is said than usual'),
    });
    expect(burst!.expectedUplift).toBe(
      spec.events![0]!.type === 'news' && source().includes('uplift') ? 1.5 : undefined,
    );
    expect(more).toEqual([]);
    const [newest] = (
      await bench.ledger.eventStore.chatter(spec.application, spec.events![0]!.id, bench.now, bench.now + 1)
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
  bench.handler = (_, response) => void response.end(mastodon(shown));
  const spec = specWith(`{ social: { mastodon: "${bench.base}", tag: shop } }`);
  expect(await look(spec)).toBe('234 steps');
  const chatter = await bench.ledger.eventStore.chatter(
    spec.application,
    'social-mastodon',
    START - DAY,
    START + 1,
  );
  expect(chatter.reduce((sum, { volume }) => sum + volume, 0)).toBe(39);
  expect(await known(spec)).toEqual([]);
  bench.now += MINUTE;
  for (let i = 0; i < 20; i++)
    shown.unshift({ id: `b${i}`, at: bench.now - 30_000, title: 'Have you seen this' });
  await look(spec);
  expect(await known(spec)).toMatchObject([{ kind: 'social', announced: bench.now }]);
});

test('a source that was silent leaves its steps missing, not zero, and makes no burst of what it catches up on', async () => {
  const items: Item[] = [];
  bench.handler = (_, response) => void response.end(rss(items));
  const spec = specWith(`{ news: { rss: "${bench.base}/f" }, every: 1m }`);
  for (let step = 0; step < 30; step++, bench.now += MINUTE) await look(spec);
  const alive = bench.handler;
  bench.handler = (_, response) => void response.writeHead(500).end();
  const died = bench.now;
  for (let step = 0; step < 60; step++, bench.now += MINUTE) {
    items.push({ id: `s${step}`, at: bench.now, title: 'said meanwhile' });
    await look(spec);
  }
  bench.handler = alive;
  bench.now = (await stateOf(spec)).nextAt;
  await look(spec);
  const back = bench.now;
  for (let step = 0; step < 5; step++, bench.now += MINUTE) await look(spec);
  const chatter = await bench.ledger.eventStore.chatter(spec.application, 'news-rss', START, bench.now + 1);
  expect(chatter.filter(({ at }) => at > died && at <= back)).toEqual([]);
  expect(chatter.filter(({ at }) => at > back).map(({ volume }) => volume)).toEqual([0, 0, 0, 0]);
  expect(await known(spec)).toEqual([]);
});

test("GDELT's volume timeline: only whole steps, and a surge of it becomes an event", async () => {
  const step = 15 * MINUTE;
  const gdelt = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  let surge = 0;
  bench.handler = (_, response) => {
    const data = Array.from({ length: 100 }, (_row, i) => {
      const at = Math.floor(bench.now / step) * step - (99 - i) * step;
      return { date: gdelt(at), value: at >= START + step && surge > 0 ? surge : 0.01 + 0.001 * (i % 3) };
    });
    response.end(
      JSON.stringify({ query_details: { title: 'q' }, timeline: [{ series: 'Volume Intensity', data }] }),
    );
  };
  const spec = specWith(`{ news: { gdelt: shop, api: "${bench.base}/api/v2/doc/doc" } }`);
  expect(await look(spec)).toBe('99 steps');
  expect(bench.requests[0]!.url).toBe('/api/v2/doc/doc?query=shop&mode=timelinevol&format=json&timespan=2d');
  expect(await known(spec)).toEqual([]);
  surge = 0.2;
  bench.now += 2 * step + 1_000;
  await look(spec);
  expect(await known(spec)).toMatchObject([{ kind: 'news', announced: bench.now }]);
});
