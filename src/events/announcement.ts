import { z } from 'zod';
import type { IdentifiedEvent } from '../ports/events.ts';

/** An event as people and programs announce it; every message is a remedy. */

const DAY_MS = 86_400_000;
const LONGEST_MS = 366 * DAY_MS;
const FARTHEST_MS = 10 * 366 * DAY_MS;
const MOST_UPLIFT = 50;
const MOST_CHARACTERS = 200;

const TIME_REMEDY = 'write ISO 8601 with its zone, such as 2026-11-27T18:00:00Z';
const time = () => z.iso.datetime({ offset: true, error: TIME_REMEDY }).transform((text) => Date.parse(text));
const UPLIFT_REMEDY = `write the factor on usual demand, a number above 0 and up to ${MOST_UPLIFT}, such as 1.8`;

/** Letters of any language, without what no database column or terminal takes. */
function words(remedy: string) {
  return z
    .string({ error: remedy })
    .transform(plain)
    .refine((text) => text !== '', { error: remedy });
}

/** Control characters, lone surrogates, and what turns or breaks lines. */
const NO_LETTERS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e]+/gu;

/** The text without control characters and lone surrogates, of bounded length. */
export function plain(text: string): string {
  return text.slice(0, MOST_CHARACTERS).replace(NO_LETTERS, ' ').trim();
}

const Announcement = z
  .strictObject({
    name: words('write a name, such as Black Friday'),
    kind: words('write what it is, such as campaign, match or release'),
    start: time(),
    end: time(),
    announced: time().optional(),
    expectedUplift: z
      .number({ error: UPLIFT_REMEDY })
      .positive({ error: UPLIFT_REMEDY })
      .max(MOST_UPLIFT, { error: UPLIFT_REMEDY })
      .optional(),
  })
  .refine(({ start, end }) => end > start, { path: ['end'], error: 'write an end after the start' })
  .refine(({ start, end }) => end - start <= LONGEST_MS, {
    path: ['end'],
    error: 'write an end within a year',
  });

/** An announcement that cannot be used. The message names each field and what would be right. */
export class AnnouncementError extends Error {
  override name = 'AnnouncementError';
}

/** Checks what was announced at `now` under an id. Throws an AnnouncementError. */
export function readAnnouncement(id: string, data: unknown, now: number): IdentifiedEvent {
  const parsed = Announcement.safeParse(data);
  if (!parsed.success) throw new AnnouncementError(parsed.error.issues.map(describe).join('; '));
  const { announced = now, expectedUplift, ...rest } = parsed.data;
  if (Math.abs(rest.start - now) > FARTHEST_MS)
    throw new AnnouncementError('start: write a time within ten years of now');
  return { id: plain(id), announced, ...rest, ...(expectedUplift !== undefined && { expectedUplift }) };
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.slice(0, 3).map(plain).join(', ')}: not a known field; known are ${FIELDS.join(', ')}`;
  if (issue.code === 'invalid_type' && issue.path.length === 0)
    return 'data: write an object with name, kind, start and end';
  return `${issue.path.join('.')}: ${issue.message}`;
}

const FIELDS = ['name', 'kind', 'start', 'end', 'announced', 'expectedUplift'];
