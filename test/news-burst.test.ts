import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createEventActivities } from '../activities/events.ts';
import { sizedEvents } from '../activities/sized-events.ts';
import { holidaysOf } from '../models/features/holidays.ts';
import { describeDecision } from '../src/cli/explain.ts';
import type { FeedScript } from '../src/cli/up/feed-script.ts';
import type { FeedServer } from '../src/cli/up/feed-server.ts';
import { serveFeeds } from '../src/cli/up/feed-server.ts';
import { prepareScene } from '../src/cli/up/scene.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { eventInWords } from '../src/domain/counted-event.ts';
import { decide } from '../src/domain/decide.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { sumOf } from '../src/domain/tier.ts';
import { createEventSources } from '../src/events/sources.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { parseSpec } from '../src/spec/parse.ts';
import { freePort } from '../src/temporal/free-port.ts';
import { input, MINUTE_MS } from './support/decide-inputs.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { exampleForecast } from './support/example-forecast.ts';

/**
 * The example with a news and a social source on its whole way: served feeds, looks, surprise, event, outlook, decision. A
 * first burst that nobody sized raises mirrors before the crowd that nothing else foretells, and one of a kind that never
 * meant anything hardly does.
 */
const BURST = Date.parse('2026-09-16T14:30:00Z');
/** As far apart as `premirror up` looks at speed 20. */
const LOOKS_APART_MS = 200_000;

const scene = prepareScene({ speed: 20, seed: 1007, spec: 'examples/shop-news.yaml' });
let ledger: StoredLedger;
let feeds: FeedServer | undefined;
beforeAll(async () => {
  ledger = await openEmptyLedger();
  return () => ledger.close();
});
afterEach(() => feeds?.stop());

/** The example's specification as another application, at another port. */
function specOf(application: string, port: number): ApplicationSpec {
  const text = readFileSync('examples/shop-news.yaml', 'utf8');
  return parseSpec(
    text.replace('application: shop', `application: ${application}`).replaceAll('4185', `${port}`),
    'a.yaml',
  ).spec;
}

/** Looks at all sources from `from` to `to`, and what came of it there. */
async function follow(application: string, script: FeedScript, from: number, to: number) {
  const spec = specOf(application, await freePort('127.0.0.1'));
  const port = Number(new URL((spec.events![0] as { url: string }).url).port);
  let now = from;
  feeds = await serveFeeds({ ...script, port }, { seed: 7, untilMs: to, now: () => now });
  const activities = createEventActivities({
    applications: { find: async () => ({ spec, settings: DEFAULT_SETTINGS }) },
    events: ledger.eventStore,
    eventSources: createEventSources(holidaysOf),
    demand: { read: async () => [] },
    clock: { now: () => now, speed: 1 },
  });
  for (; now < to; now += LOOKS_APART_MS)
    for (const source of spec.events!.slice(-script.feeds.length))
      await activities.lookForEvents({ spec, source });
  await feeds.stop();
  return { spec, events: await sizedEvents(ledger.eventStore, spec, from, to, now) };
}

/** What is decided at `now` by the example's demand up to then. */
async function decisionAt(
  spec: ApplicationSpec,
  events: Awaited<ReturnType<typeof sizedEvents>>,
  now: number,
) {
  const known = await exampleForecast(scene.series, spec, events, now);
  const serving = Math.ceil(known.observed / spec.demand.perInstance) + 2;
  return decide(
    input({
      spec,
      settings: DEFAULT_SETTINGS,
      forecast: known,
      fleet: { primary: { serving, minimum: 2, maximum: 40, target: serving }, mirrors: [] },
    }),
  );
}

async function mirrorsAt(...given: Parameters<typeof decisionAt>) {
  return sumOf((await decisionAt(...given)).plan.mirrors);
}

test('a first burst has mirrors serve minutes before the crowd; without the feeds none does', async () => {
  const { spec, events } = await follow('heard', scene.feeds!, scene.series.startMs, BURST + 12 * MINUTE_MS);
  expect(events.map(({ kind }) => kind).toSorted()).toEqual(['news', 'social']);
  for (const { start } of events) expect(start).toBeGreaterThan(BURST);
  const now = BURST + 12 * MINUTE_MS;
  expect((await mirrorsAt(spec, [], now)).full).toBe(0);
  const decision = await decisionAt(spec, events, now);
  expect(sumOf(decision.plan.mirrors).full).toBeGreaterThan(4);
  // The reasons name what was heard, where and when, and what is believed of it before anything like it was seen.
  const told = decision.reasons.events!.map(eventInWords);
  expect(told).toHaveLength(2);
  const [news, social] = told.toSorted();
  expect(news).toMatch(
    /^news-rss at 14:\d\d: more is said than usual, by \d+ deviations; demand believed x[1-9.]+ with probability 0\.\d+$/,
  );
  expect(social).toMatch(/^social-mastodon at 14:\d\d: more is said/);
  expect(describeDecision(decision)).toContain(`events that count\n  ${told[0]}`);
  // By the interval nobody counted with talk: it is no reason there.
  const byInterval = { ...spec, mirrors: { ...spec.mirrors, policy: 'interval' as const } };
  expect((await decisionAt(byInterval, events, now)).reasons.events).toBeUndefined();
});

test('bursts that meant nothing teach that the next may mean nothing', async () => {
  const social = scene.feeds!.feeds.filter(({ mastodon }) => mastodon !== undefined);
  const decoys = [2, 1].map((hours) => BURST - hours * 3_600_000);
  const script: FeedScript = {
    ...scene.feeds!,
    feeds: social.map(({ talk, ...feed }) => ({
      ...feed,
      talk: [
        ...talk,
        ...decoys.flatMap((from) => [
          { from, perHour: 900 },
          { from: from + 4 * MINUTE_MS, perHour: 4 },
        ]),
      ],
    })),
  };
  const now = BURST + 12 * MINUTE_MS;
  const { spec, events } = await follow('warned', script, BURST - 2.1 * 3_600_000, now);
  expect(events).toHaveLength(3);
  const [warned, first] = [await mirrorsAt(spec, events, now), await mirrorsAt(spec, events.slice(-1), now)];
  expect(first.full).toBeGreaterThan(4);
  expect(warned.full).toBeLessThanOrEqual(first.full / 2);
});
