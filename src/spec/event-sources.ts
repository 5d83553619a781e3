import { resolve } from 'node:path';
import { z } from 'zod';
import type { EventSource } from '../domain/event-source.ts';
import { DEFAULT_BURST_BELIEF } from '../domain/event-source.ts';
import type { BurstBelief } from '../domain/event.ts';
import { DURATION_REMEDY, PATTERNS, PERCENTAGE_REMEDY, parseDurationMs, parseFraction } from './units.ts';

/** The `events:` section: each entry names one source, by one key that says what it is. */

const LEAST_EVERY_MS = 10_000;
const SECURE = /^(https:\/\/[^\s/]+|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(?=[:/]|$))\S*$/;
const URL_REMEDY = 'write a URL that begins with https:// (plain http is for loopback only)';
const isUrl = (text: string) => SECURE.test(text) && URL.canParse(text);
const url = () => z.string({ error: URL_REMEDY }).refine(isUrl, { error: URL_REMEDY });
const PLACE_REMEDY =
  'write a URL that begins with https://, or the path of a file on the machine of the worker';
const place = () =>
  z
    .string({ error: PLACE_REMEDY })
    .min(1, { error: PLACE_REMEDY })
    .refine((text) => !/^[a-z]+:\/\//i.test(text) || isUrl(text), { error: PLACE_REMEDY });
const words = (what: string) =>
  z.string({ error: what }).trim().min(1, { error: what }).max(500, { error: what });

const KIND_REMEDY = 'write what they are, such as campaign, match or release';
const UPLIFT_REMEDY = 'write the factor on usual demand, a number above 0 and up to 50, such as 1.8';
const EVERY_REMEDY = 'write a duration of 10s or more';
const common = {
  name: z
    .string({ error: 'write a short name' })
    .regex(/^[a-z0-9][-a-z0-9]{0,39}$/, { error: 'write 1 to 40 lowercase letters, digits or hyphens' })
    .optional()
    .describe('Name of the source, as it is shown; needed where two are alike'),
  every: z
    .string({ error: DURATION_REMEDY })
    .regex(PATTERNS.duration, { error: DURATION_REMEDY, abort: true })
    .transform((text) => parseDurationMs(text)!)
    .refine((ms) => ms >= LEAST_EVERY_MS, { error: EVERY_REMEDY })
    .optional()
    .describe('Time between two looks'),
};
const uplift = z
  .number({ error: UPLIFT_REMEDY })
  .positive({ error: UPLIFT_REMEDY })
  .max(50, { error: UPLIFT_REMEDY })
  .optional()
  .describe('Factor on usual demand that its events are expected to make, until measured');

const FACTOR_REMEDY = 'write a factor on usual demand, above 1 and up to 50, such as 1.5';
const factor = (what: string) =>
  z
    .number({ error: FACTOR_REMEDY })
    .gt(1, { error: FACTOR_REMEDY })
    .max(50, { error: FACTOR_REMEDY })
    .optional()
    .describe(what);
const WITHIN_REMEDY = 'write a duration from 1m to 6h';
const Burst = z
  .strictObject({
    probability: z
      .string({ error: PERCENTAGE_REMEDY })
      .regex(PATTERNS.percentage, { error: PERCENTAGE_REMEDY, abort: true })
      .transform((text) => parseFraction(text)!)
      .refine((share) => share < 1, { error: 'write a percentage below 100%' })
      .optional()
      .describe('That demand follows a burst; default 25%'),
    least: factor('Factor on usual demand that most of those exceed that follow; default 1.5'),
    most: factor('Factor that most of them stay below; default 3'),
    within: z
      .string({ error: DURATION_REMEDY })
      .regex(PATTERNS.duration, { error: DURATION_REMEDY, abort: true })
      .transform((text) => parseDurationMs(text)!)
      .refine((ms) => ms >= 60_000 && ms <= 6 * 3_600_000, { error: WITHIN_REMEDY })
      .optional()
      .describe('Time within which demand follows, if it does; default 30m'),
  })
  .transform((it): BurstBelief => {
    const { probability, leastUplift, mostUplift, withinMs } = DEFAULT_BURST_BELIEF;
    const [least, most] = [
      it.least ?? Math.min(leastUplift, it.most ?? Infinity),
      it.most ?? Math.max(mostUplift, it.least ?? 0),
    ];
    return {
      probability: it.probability ?? probability,
      leastUplift: least,
      mostUplift: most,
      withinMs: it.within ?? withinMs,
    };
  })
  .refine(({ leastUplift, mostUplift }) => leastUplift <= mostUplift, {
    error: 'least is above most: write the smaller factor as least',
  })
  .optional()
  .describe('What is believed of the first bursts of talk, of news and social sources alone');

const REGION_REMEDY = 'write a country such as US, or a state such as US-CA (ISO 3166)';

const News = z
  .strictObject({
    rss: url().optional().describe('Feed in RSS or Atom'),
    gdelt: words('write a query of the GDELT document API')
      .optional()
      .describe('Query of the GDELT document API'),
    api: url().optional().describe('Another address of the GDELT document API than its own'),
  })
  .refine(({ rss, gdelt }) => (rss === undefined) !== (gdelt === undefined), {
    error: 'give exactly one of rss and gdelt',
  });

const Social = z
  .strictObject({
    json: url().optional().describe('JSON Feed, or a list of objects with id, text and time'),
    mastodon: url().optional().describe('A Mastodon server; goes with tag'),
    tag: z
      .string({ error: 'write a tag without #' })
      .regex(/^[\p{L}\p{N}_]{1,100}$/u, { error: 'write a tag without #' })
      .optional(),
    bluesky: words('write what to search for').optional().describe('Search over public posts of Bluesky'),
    api: url().optional().describe("Another address of Bluesky's API than its public one"),
  })
  .refine((it) => [it.json, it.mastodon, it.bluesky].filter((one) => one !== undefined).length === 1, {
    error: 'give exactly one of json, mastodon and bluesky',
  })
  .refine((it) => (it.mastodon === undefined) === (it.tag === undefined), {
    error: 'mastodon and tag go together: write both',
  });

const TYPES = ['calendar', 'holidays', 'news', 'social', 'file'] as const;

const Source = z
  .strictObject({
    ...common,
    calendar: place().optional().describe('iCalendar by URL or file'),
    holidays: z
      .string({ error: REGION_REMEDY })
      .regex(/^[A-Za-z]{2}(-[A-Za-z0-9]{1,3}){0,2}$/, { error: REGION_REMEDY })
      .optional()
      .describe('Public holidays of a region (ISO 3166)'),
    news: News.optional(),
    social: Social.optional(),
    file: z
      .string({ error: 'write the path of a .csv, .yaml or .yml file' })
      .regex(/\.(csv|ya?ml)$/i, { error: 'write the path of a .csv, .yaml or .yml file' })
      .optional()
      .describe('Events in a CSV or YAML file on the machine of the worker'),
    kind: words(KIND_REMEDY).optional().describe("Kind of a calendar's events where they name no category"),
    uplift,
    burst: Burst,
  })
  .refine((it) => it.burst === undefined || it.news !== undefined || it.social !== undefined, {
    error: 'belongs to news and social sources: leave it out',
    path: ['burst'],
  })
  .refine((it) => it.burst === undefined || it.uplift === undefined, {
    error: 'uplift says already what follows: leave one of both out',
    path: ['burst'],
  })
  .refine((it) => TYPES.filter((type) => it[type] !== undefined).length === 1, {
    error: `give exactly one of ${TYPES.join(', ')}`,
  });

const MOST_SOURCES = 20;

export const EventSources = z
  .array(Source, { error: 'write a list, such as [{ calendar: https://... }, { holidays: US }]' })
  .max(MOST_SOURCES, { error: `name ${MOST_SOURCES} sources at most` })
  .superRefine((sources, context) => {
    const ids = sources.map(idOf);
    for (const [i, id] of ids.entries())
      if (ids.indexOf(id) < i)
        context.addIssue({
          code: 'custom',
          path: [i],
          message: `give it a name: another source is called ${id} already`,
        });
  })
  .default([])
  .describe('Where the application hears of events that move its demand');

type SourceFile = z.output<typeof Source>;

const MINUTE_MS = 60_000;
const GDELT = 'https://api.gdeltproject.org/api/v2/doc/doc';
const BLUESKY = 'https://public.api.bsky.app';

/** The domain's words for the section; paths count from the specification's own folder. */
export function toEventSources(sources: readonly SourceFile[], folder: string): EventSource[] {
  return sources.map((source): EventSource => {
    const { every, kind, calendar, holidays, news, social, file } = source;
    const id = idOf(source);
    const beat = (standardMs: number) => ({ id, everyMs: every ?? standardMs });
    const expected = source.uplift === undefined ? {} : { expectedUplift: source.uplift };
    const talk = { ...expected, ...(source.burst && { burst: source.burst }) };
    if (calendar !== undefined)
      return {
        type: 'calendar',
        ...beat(15 * MINUTE_MS),
        at: calendar.includes('://') ? calendar : resolve(folder, calendar),
        kind: kind ?? 'calendar',
        ...expected,
      };
    if (holidays !== undefined)
      return { type: 'holidays', ...beat(24 * 60 * MINUTE_MS), region: holidays.toUpperCase(), ...expected };
    if (news?.rss !== undefined)
      return { type: 'news', ...beat(5 * MINUTE_MS), shape: 'rss', url: news.rss, ...talk };
    if (news)
      return {
        type: 'news',
        ...beat(15 * MINUTE_MS),
        shape: 'gdelt',
        url: gdeltUrl(news.gdelt!, news.api),
        ...talk,
      };
    if (social) return { type: 'social', ...beat(MINUTE_MS), ...socialAt(social), ...talk };
    return { type: 'file', ...beat(MINUTE_MS), at: resolve(folder, file!) };
  });
}

function idOf({ name, calendar, holidays, news, social, file }: SourceFile): string {
  if (name !== undefined) return name;
  if (calendar !== undefined) return 'calendar';
  if (holidays !== undefined) return `holidays-${holidays.toLowerCase()}`;
  if (news) return news.rss === undefined ? 'news-gdelt' : 'news-rss';
  if (social) return `social-${social.json ? 'json' : social.mastodon ? 'mastodon' : 'bluesky'}`;
  return file === undefined ? 'source' : 'file';
}

/** Two days: the longest span that GDELT answers by the quarter of an hour is three. */
function gdeltUrl(query: string, api = GDELT): string {
  const url = new URL(api);
  for (const [key, value] of Object.entries({ query, mode: 'timelinevol', format: 'json', timespan: '2d' }))
    url.searchParams.set(key, value);
  return url.href;
}

const TEXTS_PER_LOOK = { mastodon: '40', bluesky: '100' };

function socialAt(social: NonNullable<SourceFile['social']>) {
  if (social.json !== undefined) return { shape: 'json' as const, url: social.json };
  if (social.mastodon !== undefined) {
    const url = new URL(`/api/v1/timelines/tag/${encodeURIComponent(social.tag!)}`, social.mastodon);
    url.searchParams.set('limit', TEXTS_PER_LOOK.mastodon);
    return { shape: 'mastodon' as const, url: url.href };
  }
  const url = new URL('/xrpc/app.bsky.feed.searchPosts', social.api ?? BLUESKY);
  url.searchParams.set('q', social.bluesky!);
  url.searchParams.set('sort', 'latest');
  url.searchParams.set('limit', TEXTS_PER_LOOK.bluesky);
  return { shape: 'bluesky' as const, url: url.href };
}
