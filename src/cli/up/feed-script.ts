import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { seededRandom } from './random.ts';

/** The script of the feeds beside a specification: how much is said in each from a time on, until the next line. */

const HOUR_MS = 3_600_000;

const texts = z.array(z.string().min(1)).min(1, { error: 'name one text at least' });

const Phase = z.strictObject({
  from: z.iso
    .datetime({ error: 'write a time such as 2026-09-16T14:30:00Z' })
    .transform((t) => Date.parse(t)),
  perHour: z.number({ error: 'write how many texts an hour, such as 3' }).positive().max(100_000),
  /** The feed's own, unless named. */
  texts: texts.optional(),
});

const Feed = z
  .strictObject({
    rss: z
      .string()
      .regex(/^\/\S+$/, { error: 'write a path such as /news.rss' })
      .optional(),
    mastodon: z.string().regex(/^\w+$/, { error: 'write a tag without #' }).optional(),
    texts,
    talk: z.array(Phase).min(1),
  })
  .refine(({ rss, mastodon }) => (rss === undefined) !== (mastodon === undefined), {
    error: 'give exactly one of rss and mastodon',
  });

const FeedScript = z.strictObject({
  port: z.int().min(1).max(65_535),
  feeds: z.array(Feed).min(1),
});
export type FeedScript = z.output<typeof FeedScript>;
export type ScriptedFeed = FeedScript['feeds'][number];

/** One text of a feed; `at` in ms since the epoch. */
export interface SaidText {
  id: string;
  at: number;
  words: string;
}

/** The script of the feeds beside a specification, `shop-news-feeds.yaml` beside `shop-news.yaml`; undefined without one. */
export function feedScriptBeside(specPath: string): FeedScript | undefined {
  const path = specPath.replace(/(\.ya?ml)?$/, '-feeds.yaml');
  if (!existsSync(path)) return undefined;
  const read = FeedScript.safeParse(parse(readFileSync(path, 'utf8')));
  if (read.success) return read.data;
  const { path: field, message } = read.error.issues[0]!;
  throw new Error(`${path}: ${field.join('.')}: ${message}`);
}

/**
 * What is said until `untilMs`, by time: in each phase texts at random times, so many an hour on average (a Poisson process),
 * each one of the phase's. Equal seeds give equal talk.
 */
export function drawTalk({ texts: usual, talk }: ScriptedFeed, seed: number, untilMs: number): SaidText[] {
  const random = seededRandom(seed);
  const said: SaidText[] = [];
  const phases = talk.toSorted((a, b) => a.from - b.from);
  for (const [i, { from, perHour, texts = usual }] of phases.entries()) {
    const end = Math.min(untilMs, phases[i + 1]?.from ?? Infinity);
    const gap = () => (-Math.log(1 - random()) * HOUR_MS) / perHour;
    for (let at = from + gap(); at < end; at += gap())
      said.push({ id: `${said.length + 1}`, at, words: texts[Math.floor(random() * texts.length)]! });
  }
  return said;
}
