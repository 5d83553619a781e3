import type { SourceState } from '../domain/event-source.ts';
import { freshnessOf } from '../domain/event-source.ts';
import type { MeasuredUplift, SourceWorth } from '../domain/uplift.ts';
import type { Config } from '../config/config.ts';
import { ANNOUNCEMENT_TYPE } from '../events/cloud-events.ts';
import type { KnownEvent } from '../ports/events.ts';
import { columns } from './output.ts';
import { askWorker, authorization } from './worker-api.ts';

/** Events of a running application: what its worker knows, and how to tell it more. */

const ANSWER_WITHIN_MS = 5_000;

export interface Announced {
  name: string;
  kind: string;
  /** ISO 8601 with its zone. */
  start: string;
  end: string;
  uplift?: number;
}

export interface EventsView {
  /** ms since the epoch, application time. */
  now: number;
  events: KnownEvent[];
  sources: (SourceState & { source: string })[];
  uplifts: MeasuredUplift[];
  worth: SourceWorth[];
}

/** What the worker knows of events from `from` to `to`, ms since the epoch; by default the next 30 days. */
export function readEventsOf(
  config: Config,
  application: string,
  { from, to }: { from?: number; to?: number },
): Promise<EventsView> {
  const query = new URLSearchParams();
  if (from !== undefined) query.set('from', String(from));
  if (to !== undefined) query.set('to', String(to));
  return ask<EventsView>(config, `${pathOf(application)}?${query.toString()}`);
}

/** Announces an event. The same name at the same start is the same event: announced again, it is changed. */
export async function announce(config: Config, application: string, event: Announced): Promise<string> {
  const { name, kind, start, end, uplift } = event;
  const data = { name, kind, start, end, ...(uplift !== undefined && { expectedUplift: uplift }) };
  const id = `${name}@${start}`;
  const cloudEvent = {
    specversion: '1.0',
    type: ANNOUNCEMENT_TYPE,
    source: 'premirror',
    id,
    datacontenttype: 'application/json',
    data,
  };
  const { ids } = await ask<{ ids: [string] }>(config, pathOf(application), {
    method: 'POST',
    headers: { ...authorization(config), 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(cloudEvent),
  });
  return ids[0];
}

/** Calls an announced event off. */
export async function callOff(config: Config, application: string, id: string): Promise<void> {
  await ask(config, `${pathOf(application)}/${encodeURIComponent(id)}`, {
    method: 'DELETE',
    headers: authorization(config),
  });
}

function pathOf(application: string): string {
  return `/applications/${encodeURIComponent(application)}/events`;
}

function ask<T>(config: Config, path: string, request: RequestInit = {}): Promise<T> {
  return askWorker<T>(config, path, { ...request, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
}

/** For people: events, then sources with their state, then what events did. */
export function describeEvents(
  application: string,
  { now, events, sources, uplifts, worth }: EventsView,
): string {
  const parts = [
    events.length === 0 ? `${application}: no event is known for this time` : columns(events.map(eventRow)),
  ];
  if (sources.length > 0)
    parts.push(`sources\n${indented(columns(sources.map((state) => sourceRow(state, now))))}`);
  if (uplifts.length > 0) parts.push(`measured\n${indented(columns(uplifts.map(upliftRow)))}`);
  if (worth.length > 0) parts.push(`worth of each source\n${indented(columns(worth.map(worthRow)))}`);
  return parts.join('\n\n');
}

function eventRow({ start, end, name, kind, source, expectedUplift, id }: KnownEvent): string[] {
  const uplift = expectedUplift === undefined ? '' : `x${short(expectedUplift)}`;
  const known = source === 'announced' ? `${source}, id ${id}` : source;
  return [`${minute(start)} to ${minute(end)}`, kind, uplift, name, `(${known})`];
}

function sourceRow(state: EventsView['sources'][number], now: number): string[] {
  const { source, answeredAt, problem, failures, note = '' } = state;
  const answered = answeredAt === undefined ? 'never answered' : `answered ${minute(answeredAt)}`;
  const trouble =
    failures === 0 ? note : `${failures} looks failed: ${problem}; next ${minute(state.nextAt)}`;
  return [source, freshnessOf(state, now), answered, trouble];
}

function upliftRow({ source, kind, events, measured, expected, uncertainty }: MeasuredUplift): string[] {
  return [
    `${kind} (${source})`,
    `x${short(expected)} expected`,
    `within x${short(expected / uncertainty)} to x${short(expected * uncertainty)}`,
    `x${short(measured)} measured over ${events} ${events === 1 ? 'event' : 'events'}`,
  ];
}

function worthRow({ source, events, errorWith, errorWithout }: SourceWorth): string[] {
  return [
    source,
    `demand in its ${events} ${events === 1 ? 'event' : 'events'} is expected within x${short(errorWith)}`,
    `without it within x${short(errorWithout)}`,
  ];
}

const indented = (text: string) => text.replace(/^/gm, '  ');
const minute = (at: number) =>
  Math.abs(at) < 8.64e15 ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z` : '?';
const short = (factor: number) => String(Number(factor.toPrecision(3)));
