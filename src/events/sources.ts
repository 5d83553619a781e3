import { createHash } from 'node:crypto';
import Sentiment from 'sentiment';
import type { EventSource, SourceMemory } from '../domain/event-source.ts';
import type { Answer, EventSources, IdentifiedEvent, Text } from '../ports/events.ts';
import { plain } from './announcement.ts';
import { readCalendarApart } from './calendar-apart.ts';
import { fetchText, readBounded } from './http.ts';
import { eventsOfFile } from './read-events.ts';
import { seriesOfGdelt, textsOfBluesky, textsOfFeed, textsOfJson, textsOfMastodon } from './texts.ts';

const DAY_MS = 86_400_000;
/** More than one answer may hold. */
const SEEN_TEXTS = 1_000;
const MOST_EVENTS = 2_000;
/** Makes the score of AFINN's words a number from -1 to 1: x / sqrt(x² + 15), as VADER does (Hutto and Gilbert 2014). */
const HALF_WAY = 15;

export type Holidays = (
  region: string,
) => (year: number) => readonly { start: number; end: number; name: string }[];

/** Every source by its own library. `holidaysOf` throws in words where a region is unknown. */
export function createEventSources(holidaysOf: Holidays): EventSources {
  const analyser = new Sentiment();
  return {
    async look(source, memory, now) {
      switch (source.type) {
        case 'calendar':
          return calendar(source, memory, now);
        case 'holidays':
          return { answer: holidays(source, holidaysOf, now) };
        case 'file':
          return { answer: await file(source.at, now) };
        default:
          return chatter(source, memory, now);
      }
    },
    sentiment(words) {
      const { score } = analyser.analyze(words);
      return score / Math.sqrt(score ** 2 + HALF_WAY);
    },
  };
}

type Looked = { answer: Answer; memory?: SourceMemory };

async function calendar(
  source: EventSource & { type: 'calendar' },
  memory: SourceMemory | undefined,
  now: number,
): Promise<Looked> {
  const { kind, expectedUplift } = source;
  const options = { kind, ...(expectedUplift !== undefined && { expectedUplift }) };
  const read = async (text: string): Promise<Answer> => ({
    type: 'events',
    ...(await readCalendarApart(text, options, now)),
  });
  if (!source.at.includes('://')) return { answer: await read(await readBounded(source.at)) };
  // Once a day as if for the first time: what recurs for ever has come into reach by a day more.
  const known = memory?.readAt !== undefined && now - memory.readAt < DAY_MS ? memory : undefined;
  const fetched = await fetchText(source.at, known);
  if (fetched.text === undefined)
    return { answer: { type: 'unchanged' }, memory: { ...memory, ...fetched.memory } };
  return { answer: await read(fetched.text), memory: { ...fetched.memory, readAt: now } };
}

/** This year's and its neighbours', which were known all along. */
function holidays(source: EventSource & { type: 'holidays' }, holidaysOf: Holidays, now: number): Answer {
  const ofYear = holidaysOf(source.region);
  const year = new Date(now).getUTCFullYear();
  const events = [year - 1, year, year + 1].flatMap((one) =>
    ofYear(one).map(({ start, end, name }): IdentifiedEvent => ({
      id: `${name} ${new Date(start).toISOString().slice(0, 10)}`,
      announced: -8.64e15,
      start,
      end,
      name,
      kind: 'holiday',
      ...(source.expectedUplift !== undefined && { expectedUplift: source.expectedUplift }),
    })),
  );
  return { type: 'events', events, completeFrom: now };
}

/** A file says itself since when its events were known; without that they count from the first look on. */
async function file(path: string, now: number): Promise<Answer> {
  const known = eventsOfFile(path, await readBounded(path));
  if (known.length > MOST_EVENTS) throw new Error(`it holds more than ${MOST_EVENTS} events`);
  const events = known.map((event) => ({
    ...event,
    announced: event.announced > -8.64e15 ? event.announced : now,
    id: plain(`${event.name} ${new Date(event.start).toISOString()}`),
    name: plain(event.name),
    kind: plain(event.kind),
  }));
  return { type: 'events', events, completeFrom: now };
}

const TEXTS = { rss: textsOfFeed, json: textsOfJson, mastodon: textsOfMastodon, bluesky: textsOfBluesky };

async function chatter(
  source: EventSource & { type: 'news' | 'social' },
  memory: SourceMemory | undefined,
  now: number,
): Promise<Looked> {
  const fetched = await fetchText(source.url, memory);
  if (source.shape === 'gdelt') {
    const answer: Answer =
      fetched.text === undefined
        ? { type: 'unchanged' }
        : { type: 'series', ...seriesOfGdelt(fetched.text, now) };
    return { answer, memory: fetched.memory };
  }
  const texts = fetched.text === undefined ? [] : TEXTS[source.shape](fetched.text);
  const newest = texts.filter(({ at }) => at > now - DAY_MS);
  const seen = new Set(memory?.seen);
  const fresh = newest.filter((text) => {
    const hash = hashOf(text);
    const known = seen.delete(hash);
    seen.add(hash);
    return !known;
  });
  const since = newest.length > 0 ? { since: Math.min(...newest.map(({ at }) => at)) } : {};
  return {
    answer: { type: 'texts', texts: fresh, ...since },
    memory: { ...fetched.memory, seen: [...seen].slice(-SEEN_TEXTS) },
  };
}

function hashOf({ id }: Text): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}
