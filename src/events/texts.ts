import { parseFeed } from 'feedsmith';
import type { Text } from '../ports/events.ts';

/** Texts out of what news and social sources answer. Only what has an id, a time and words counts. */

const MOST_TEXTS = 500;
const MOST_CHARACTERS = 2_000;

/** Texts of a feed in RSS, RDF or Atom. Throws in words where it is none. */
export function textsOfFeed(text: string): Text[] {
  const { format, feed } = parsed(text);
  if (format === 'json') throw new Error('it is a JSON Feed: name it under social.json');
  const items = at(feed, 'entries') ?? at(feed, 'items') ?? [];
  return textsOf(
    items as unknown[],
    ['id', 'guid', 'link', 'rdf.about'],
    ['title', 'description', 'summary'],
    ['published', 'pubDate', 'updated', 'dc.date', 'dc.dates'],
  );
}

function parsed(text: string): { format: string; feed: object } {
  try {
    return parseFeed(text) as { format: string; feed: object };
  } catch {
    throw new Error('it is neither RSS nor Atom');
  }
}

/** A JSON Feed, or a list of objects (or one under items, posts, statuses or data) with id, text and time. */
export function textsOfJson(text: string): Text[] {
  const root = readJson(text);
  const list = Array.isArray(root)
    ? root
    : ['items', 'posts', 'statuses', 'data'].map((key) => at(root, key)).find(Array.isArray);
  if (!list) throw new Error('it holds no list: neither itself nor under items, posts, statuses or data');
  return textsOf(
    list as unknown[],
    ['id', 'uri', 'url', 'guid'],
    ['title', 'content_text', 'text', 'content', 'summary'],
    ['date_published', 'created_at', 'createdAt', 'published', 'time', 'date'],
  );
}

/** A Mastodon timeline: a list of statuses. */
export function textsOfMastodon(text: string): Text[] {
  const root = readJson(text);
  if (!Array.isArray(root)) throw new Error('it is no timeline of Mastodon: a list of statuses is expected');
  return textsOf(root, ['id', 'uri'], ['content'], ['created_at']);
}

/** Posts that Bluesky's search has found. */
export function textsOfBluesky(text: string): Text[] {
  const posts = at(readJson(text), 'posts');
  if (!Array.isArray(posts)) throw new Error("it is no answer of Bluesky's search: no list of posts");
  return textsOf(posts, ['uri', 'cid'], ['record.text'], ['record.createdAt', 'indexedAt']);
}

/** GDELT's volume timeline: a value per step, `at` its END; the newest step, which still grows, is left out. */
export function seriesOfGdelt(
  text: string,
  now: number,
): { stepMs: number; points: { at: number; value: number }[] } {
  const timeline = at(readJson(text), 'timeline');
  const data = Array.isArray(timeline) ? at(timeline[0], 'data') : undefined;
  if (!Array.isArray(data)) throw new Error('it is no timeline of GDELT: no data in it');
  // One value a step, the last named; what is no number is missing, not zero.
  const values = new Map<number, number>();
  for (const row of data.slice(-MOST_TEXTS) as unknown[]) {
    const start = gdeltTime(at(row, 'date'));
    const value = at(row, 'value');
    if (Number.isFinite(start) && typeof value === 'number' && value >= 0) values.set(start, value);
  }
  const starts = [...values.keys()].toSorted((a, b) => a - b);
  const stepMs = Math.min(...starts.slice(1).map((start, i) => start - starts[i]!));
  if (!Number.isFinite(stepMs)) throw new Error('its timeline has fewer than two steps');
  const points = starts.map((start) => ({ at: start + stepMs, value: values.get(start)! }));
  return { stepMs, points: points.filter((point) => point.at <= now) };
}

function gdeltTime(date: unknown): number {
  if (typeof date !== 'string') return NaN;
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

function textsOf(items: readonly unknown[], ids: string[], words: string[], times: string[]): Text[] {
  return items.slice(0, MOST_TEXTS).flatMap((item) => {
    const said = words.flatMap((path) => first(item, [path]) ?? []).join('. ');
    const id = first(item, ids) ?? said;
    const time = Date.parse(first(item, times) ?? '');
    if (id === '' || Number.isNaN(time)) return [];
    return [{ id, at: time, words: unmarked(said.slice(0, 4 * MOST_CHARACTERS)).slice(0, MOST_CHARACTERS) }];
  });
}

/** The first of the paths that holds a text, or an object around one. */
function first(item: unknown, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = path.split('.').reduce(at, item);
    const one: unknown = Array.isArray(found) ? found[0] : found;
    const value = typeof one === 'object' ? at(one, 'value') : one;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function unmarked(text: string): string {
  return text.replace(/<[^<>]{0,1000}>/g, ' ');
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is no JSON');
  }
}
