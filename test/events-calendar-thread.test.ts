import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { readCalendarApart } from '../src/events/calendar-apart.ts';
import { readCalendar } from '../src/events/calendar.ts';

/** The thread starts from compiled code only (Node 20), so this asks the build, as the worker does. */
const COMPILED = new URL('../dist/src/events/calendar-apart.js', import.meta.url);
const NOW = Date.parse('2026-10-20T00:00:00Z');
const CALENDAR = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//test//EN',
  'BEGIN:VEVENT',
  'UID:weekly@example.com',
  'DTSTAMP:20261001T000000Z',
  'DTSTART:20261020T180000Z',
  'DTEND:20261020T200000Z',
  'RRULE:FREQ=WEEKLY',
  'SUMMARY:Weekly deals',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

it('a calendar read in its own thread gives what it gives on this one, and its refusal comes back', async () => {
  if (!existsSync(COMPILED))
    throw new Error('dist/src/events/calendar-apart.js is missing: run `npm run build` first');
  const apart = ((await import(COMPILED.href)) as { readCalendarApart: typeof readCalendarApart })
    .readCalendarApart;
  const reading = await apart(CALENDAR, { kind: 'sale' }, NOW);
  expect(reading).toEqual(readCalendar(CALENDAR, { kind: 'sale' }, NOW));
  expect(reading.events.length).toBeGreaterThan(50);
  await expect(apart('no calendar', { kind: 'sale' }, NOW)).rejects.toThrow(/no iCalendar/);
});
