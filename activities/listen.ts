import {
  burstsIn,
  goesOn,
  stepsOf,
  withSurprise,
  type Burst,
  type ChatterStep,
} from '../src/domain/chatter.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import type { EventSource, SourceState } from '../src/domain/event-source.ts';
import type { Answer, EventSources, EventStore } from '../src/ports/events.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What is said outside counts as an event for so long after it became unusual. */
const BURST_LASTS_MS = 2 * HOUR_MS;
/** Steps between two looks that were missed, beyond which what was said meanwhile is unknown. */
const BRIDGED_STEPS = 3;
const CHATTER_HISTORY_MS = 14 * DAY_MS;
/** Enough for a hundredth of them to say what is ordinary; more would cost a look more than it learns. */
const CHATTER_HISTORY_STEPS = 2_000;

export type Texts = Extract<Answer, { type: 'texts' }>;
export type Volumes = Extract<Answer, { type: 'series' }>;
/** Texts of a step that is not over yet: the next look counts them. */
export type PendingTexts = { at: number; sentiment: number }[];

/**
 * Turns what is said outside into steps of volume and sentiment in the ledger, and bursts in them into events. Both
 * resolve to what came of it, in words.
 */
export function createListener(events: EventStore, sentiment: EventSources['sentiment']) {
  async function hearVolumes(spec: ApplicationSpec, source: EventSource, answer: Volumes, now: number) {
    const known = await heardBefore(spec.application, source, answer.stepMs, now);
    const newest = known.at(-1)?.at ?? -Infinity;
    const steps = answer.points
      .filter(({ at }) => at > newest)
      .map(({ at, value }) => ({ at, volume: value }));
    return hear(spec, source, known, steps, now);
  }

  async function hearTexts(
    spec: ApplicationSpec,
    source: EventSource,
    answer: Texts,
    state: SourceState | undefined,
    now: number,
  ): Promise<{ words: string; pending: PendingTexts }> {
    const stepMs = Math.max(spec.demand.stepMs, source.everyMs);
    const until = Math.floor(now / stepMs) * stepMs;
    const { from, gap } = coverage(state, answer.since, stepMs, until);
    const heard = answer.texts
      .filter(({ at }) => at >= from || !gap)
      // When it could first be heard: what a source shows late was not known before.
      .map(({ at, words }) => ({ at: Math.min(now, Math.max(at, from)), sentiment: sentiment(words) }));
    const texts = [...(state?.memory?.pending ?? []), ...heard];
    const known = await heardBefore(spec.application, source, stepMs, now);
    const words = await hear(spec, source, known, stepsOf(texts, stepMs, from, until), now);
    return { words, pending: texts.filter(({ at }) => at >= until) };
  }

  function heardBefore(application: string, { id }: EventSource, stepMs: number, now: number) {
    const reachMs = Math.min(CHATTER_HISTORY_MS, CHATTER_HISTORY_STEPS * stepMs);
    return events.chatter(application, id, now - reachMs, now + 1);
  }

  /** Keeps new steps with their surprise; a burst in one of them becomes an event. */
  async function hear(
    spec: ApplicationSpec,
    source: EventSource,
    known: readonly ChatterStep[],
    fresh: readonly ChatterStep[],
    now: number,
  ): Promise<string> {
    const kind = source.type === 'news' && source.shape === 'gdelt' ? 'series' : 'count';
    const history = [...known];
    const found: Found[] = [];
    for (const step of fresh) {
      const told = withSurprise(step, history, kind);
      if (now - told.at < BURST_LASTS_MS)
        for (const burst of burstsIn(told, history))
          found.push({ ...burst, goesOn: goesOn(told, history, burst) });
      history.push(told);
    }
    await events.saveChatter(spec.application, source.id, history.slice(known.length));
    for (const burst of found) await announce(spec, source, burst, now);
    return `${fresh.length} steps${found.length > 0 ? `, ${found.length} of them unusual` : ''}`;
  }

  /** One event while it lasts: a burst that goes on lengthens the one that runs, another ends it. */
  async function announce(
    spec: ApplicationSpec,
    source: EventSource,
    burst: Found,
    now: number,
  ): Promise<void> {
    const kind = burst.of === 'sentiment' ? 'sentiment' : source.type;
    const running = (await events.events(spec.application, now, now + 1, now)).find(
      (event) => event.source === source.id && event.kind === kind,
    );
    const continued = burst.goesOn || running?.start === now ? running : undefined;
    if (continued && continued.end - now > BURST_LASTS_MS / 2) return;
    if (running && !continued)
      await events.remember(spec.application, source.id, [{ ...running, announced: now, end: now }], now);
    const { start = now, id = `${kind} ${new Date(now).toISOString()}`, name } = continued ?? {};
    const expected = await expectedUplift(spec.application, source, kind);
    const event = {
      id,
      announced: now,
      start,
      end: now + BURST_LASTS_MS,
      name: name ?? nameOf(burst),
      kind,
      ...expected,
    };
    await events.remember(spec.application, source.id, [event], now);
  }

  /** As measured, else as the specification expects; unknown otherwise. */
  async function expectedUplift(application: string, source: EventSource, kind: string) {
    const measured = (await events.uplifts(application)).find(
      (one) => one.source === source.id && one.kind === kind,
    );
    const expected = measured?.expected ?? ('expectedUplift' in source ? source.expectedUplift : undefined);
    return expected === undefined ? {} : { expectedUplift: expected };
  }

  return { hearVolumes, hearTexts };
}

type Found = Burst & { goesOn: boolean };

/**
 * From where on what was said is known; with a gap before it at the first look, and after too long a silence. At the first
 * look that is what the source still shows, `since` its oldest text: its usual need not be waited for.
 */
function coverage(
  state: SourceState | undefined,
  since: number | undefined,
  stepMs: number,
  until: number,
): { from: number; gap: boolean } {
  if (state?.answeredAt === undefined && since !== undefined)
    return { from: Math.min(until, Math.ceil(since / stepMs) * stepMs), gap: true };
  const from = Math.floor((state?.answeredAt ?? -Infinity) / stepMs) * stepMs;
  const gap = until - from > BRIDGED_STEPS * stepMs;
  return gap ? { from: until, gap } : { from, gap };
}

function nameOf({ of, surprise }: Burst): string {
  const size = `${Math.round(Math.abs(surprise))} deviations`;
  if (of === 'volume') return `more is said than usual, by ${size}`;
  return `what is said sounds ${surprise > 0 ? 'better' : 'worse'} than usual, by ${size}`;
}
