import ical, { type CalendarResponse, type EventInstance, type ParameterValue, type VEvent } from 'node-ical';
import type { IdentifiedEvent } from '../ports/events.ts';
import { plain } from './announcement.ts';

const DAY_MS = 86_400_000;
const AHEAD_MS = 400 * DAY_MS;
const BEHIND_MS = 60 * DAY_MS;
const MOST_EVENTS = 2_000;
/** The library takes about a millisecond for each rule. */
const MOST_RULES = 1_000;
/** Some rules never come true and cost a second each before the library gives up. */
const PARSED_WITHIN_MS = 5_000;

export interface CalendarReading {
  events: IdentifiedEvent[];
  /** Events that end after this are all there. */
  completeFrom: number;
  /** What could not be read, in words. */
  note?: string;
}

export interface CalendarOptions {
  /** Kind of events that name no category. */
  kind: string;
  expectedUplift?: number;
}

/**
 * Events of an iCalendar text (RFC 5545) from two months before `now` to 400 days after it, recurring ones unfolded; all in ms.
 * An event that cannot be unfolded is left out and noted. `announced` is when the calendar says that it was made, else `now`.
 */
export function readCalendar(text: string, options: CalendarOptions, now: number): CalendarReading {
  checkWhole(text);
  const calendar = parsed(text);
  const zone = zoneOf(calendar);
  const range = { from: new Date(now - BEHIND_MS), to: new Date(now + AHEAD_MS), expandOngoing: true };
  const deadline = performance.now() + PARSED_WITHIN_MS;
  const events: IdentifiedEvent[] = [];
  const bad: string[] = [];
  for (const entry of Object.values(calendar)) {
    if (entry?.type !== 'VEVENT' || entry.status === 'CANCELLED') continue;
    if (performance.now() > deadline) throw new Error('its rules take too long to unfold');
    try {
      if (!isTime(entry.start)) throw new Error('its start is no time');
      for (const instance of ical.expandRecurringEvent(entry, range))
        if (instance.event.status !== 'CANCELLED') events.push(eventOf(instance, zone, options, now));
    } catch (error) {
      bad.push(`${nameOf(entry.summary) || plain(String(entry.uid))} (${plain((error as Error).message)})`);
    }
    if (events.length > MOST_EVENTS)
      throw new Error(`it names more than ${MOST_EVENTS} occurrences within 400 days`);
  }
  // What cannot be read has not been called off.
  return bad.length === 0
    ? { events, completeFrom: now }
    : { events, completeFrom: Infinity, note: noteOf(bad) };
}

/** Half a calendar would call off what the other half names. */
function checkWhole(text: string): void {
  if (!/^\uFEFF?\s*BEGIN:VCALENDAR/i.test(text))
    throw new Error('it is no iCalendar: it does not begin with BEGIN:VCALENDAR');
  if (!/END:VCALENDAR$/i.test(text.trimEnd().slice(-20)))
    throw new Error('it is cut short: it does not end with END:VCALENDAR');
  const rules = text.match(/^(?:RRULE|EXRULE)\b/gim)?.length ?? 0;
  if (rules > MOST_RULES) throw new Error(`it holds ${rules} rules: ${MOST_RULES} at most are unfolded`);
}

function parsed(text: string): CalendarResponse {
  try {
    return ical.sync.parseICS(text);
  } catch (error) {
    throw new Error(`it is no iCalendar that can be read: ${plain((error as Error).message)}`, {
      cause: error,
    });
  }
}

function isTime(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function noteOf(bad: readonly string[]): string {
  return `${bad.length} unreadable: ${bad.slice(0, 3).join(', ')}`;
}

function eventOf(
  instance: EventInstance,
  zone: string,
  options: CalendarOptions,
  now: number,
): IdentifiedEvent {
  const { event, isFullDay, isRecurring } = instance;
  const start = isFullDay ? midnightIn(zone, instance.start) : instance.start.getTime();
  const end = isFullDay ? midnightIn(zone, instance.end) : instance.end.getTime();
  if (!(end > start)) throw new Error('its end is not after its start');
  const kind = plain(categoryOf(event) ?? options.kind).toLowerCase() || options.kind;
  const name = nameOf(event.summary) || kind;
  // Moved to another time, an event that does not recur is still the same. A UID is asked for, but not always there.
  const uid = event.uid ?? name;
  const id = isRecurring || event.uid === undefined ? `${new Date(start).toISOString()} ${uid}` : uid;
  return {
    id: plain(String(id)),
    announced: announcedOf(event, now),
    start,
    end,
    name,
    kind,
    ...(options.expectedUplift !== undefined && { expectedUplift: options.expectedUplift }),
  };
}

function categoryOf({ categories }: VEvent): string | undefined {
  const first: unknown = Array.isArray(categories) ? categories[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}

function announcedOf({ created }: VEvent, now: number): number {
  const at = created instanceof Date ? created.getTime() : NaN;
  return at <= now ? at : now;
}

function nameOf(summary: ParameterValue | undefined): string {
  const text: unknown = typeof summary === 'object' ? (summary as { val?: unknown }).val : summary;
  return typeof text === 'string' ? plain(text) : '';
}

/** The calendar's own zone, which its whole days are meant in; UTC where it names none that is known. */
function zoneOf({ vcalendar }: CalendarResponse): string {
  const named = (vcalendar as Record<string, unknown> | undefined)?.['WR-TIMEZONE'];
  if (typeof named !== 'string') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: named }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

/** The library gives whole days at midnight of this process's own zone. */
function midnightIn(zone: string, local: Date): number {
  const utc = Date.UTC(local.getFullYear(), local.getMonth(), local.getDate());
  // Twice: the zone's offset at the guess may not be that at its midnight.
  return utc - offsetMs(zone, utc - offsetMs(zone, utc));
}

function offsetMs(zone: string, at: number): number {
  if (zone === 'UTC' || !Number.isFinite(at)) return 0;
  const name = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')!.value;
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
