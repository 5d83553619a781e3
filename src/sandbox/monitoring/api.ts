import { ApiError, match, ok } from '../http.ts';
import { disturbSeries } from '../faults/metrics.ts';
import type { Wrong } from '../faults/metrics.ts';
import type { Api, ApiAnswer } from '../http.ts';
import type { PlaneExtras } from '../plane/plane.ts';
import type { Plane, World } from '../world.ts';
import { aggregate, readAggregation } from './aggregation.ts';
import { invalid, parseFilter } from './filter.ts';
import { createReaders } from './series.ts';
import type { Point, Series } from './series.ts';

/** "Sampled every 60 s, not visible for up to 240 s": Google's figure for both metrics. */
const DEFAULT_DELAY_MS = 240_000;
/** Points per page, unless the request asks for fewer; Google's maximum. */
const PAGE_SIZE = 100_000;

export interface MonitoringOptions {
  /** How long a point stays invisible, per metric type, ms of sandbox time; 240 s where none is given. */
  delayMs?: Record<string, number>;
}

/**
 * Monitoring v3 `timeSeries.list` over what the plane counted. No answer holds a point that ends after now minus the
 * metric's delay and the fault `staleMetricsMs`.
 */
export function createMonitoringApi(
  world: World,
  plane: Plane & PlaneExtras,
  options: MonitoringOptions = {},
): Api {
  const readers = createReaders(world, plane);

  function list(project: string, query: URLSearchParams, struck: string[]): ApiAnswer {
    const filter = parseFilter(query.get('filter') ?? '');
    const { from, to } = readInterval(query);
    const how = readAggregation(query);
    const page = readPage(query);
    const read = readers.get(filter.metricType);
    if (!read)
      throw new ApiError(404, 'notFound', `metric '${filter.metricType}' is unknown: see metric.type`);
    const delayMs = options.delayMs?.[filter.metricType] ?? DEFAULT_DELAY_MS;
    const visibleUntil = Math.min(page.visibleUntil, world.clock.now() - delayMs);
    // The first window begins up to one period before the interval.
    const known = read(project, from - how.periodMs, Math.min(to, visibleUntil));
    const raw = disturbSeries(world.faults, known, world.clock.now() - delayMs, struck, falsify).filter(
      filter.matches,
    );
    return ok(
      onePage(aggregate(raw, how, { from, to: Math.min(to, visibleUntil), end: to }), page, visibleUntil),
    );
  }

  return async ({ method, path, query, faults }) => {
    const target = match('/v3/projects/:project/timeSeries', path);
    if (!target || method !== 'GET') return undefined;
    return list(target['project']!, query, faults?.struck ?? []);
  };
}

function falsify(_: Series, point: Point, { factor, offset }: Wrong): Point {
  return { ...point, value: point.value * factor + offset };
}

/** The interval (from, to] in ms; without a start it is the point at the end alone. */
function readInterval(query: URLSearchParams): { from: number; to: number } {
  const to = readTime(query, 'interval.endTime');
  if (to === undefined) throw invalid('interval.endTime is missing: give the end of the interval, RFC 3339');
  const from = readTime(query, 'interval.startTime') ?? to - 1;
  if (from > to) throw invalid(`interval.startTime is after interval.endTime: swap them`);
  return { from, to };
}

function readTime(query: URLSearchParams, parameter: string): number | undefined {
  const text = query.get(parameter);
  if (text === null) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw invalid(`${parameter} is '${text}': give a time as RFC 3339, 2026-01-05T12:00:00Z`);
  return at;
}

interface Page {
  size: number;
  /** Points to skip, and the visibility that the first page had: new points must not shift the later pages. */
  offset: number;
  visibleUntil: number;
}

function readPage(query: URLSearchParams): Page {
  const size = Number(query.get('pageSize') ?? 0) || PAGE_SIZE;
  if (!(size > 0 && size <= PAGE_SIZE)) throw invalid(`pageSize is ${size}: give 1 to ${PAGE_SIZE}`);
  const token = query.get('pageToken');
  if (!token) return { size, offset: 0, visibleUntil: Infinity };
  const [offset, visibleUntil] = token.split('-').map(Number);
  if (!(offset! > 0) || !(visibleUntil! > 0))
    throw invalid(`pageToken is '${token}': give the nextPageToken of the page before, unchanged`);
  return { size, offset: offset!, visibleUntil: visibleUntil! };
}

/** Newest first; a page holds at most `size` points and may end within a series. */
function onePage(all: Series[], { size, offset }: Page, visibleUntil: number) {
  const timeSeries = [];
  let skip = offset;
  let room = size;
  let left = false;
  for (const series of all) {
    const points = series.points.toReversed();
    const shown = points.slice(skip, skip + room);
    left ||= points.length > skip + shown.length;
    skip = Math.max(0, skip - points.length);
    room -= shown.length;
    if (shown.length > 0) timeSeries.push(toWire(series, shown));
  }
  return left ? { timeSeries, nextPageToken: `${offset + size}-${visibleUntil}` } : { timeSeries };
}

function toWire({ metric, resource, metricKind, valueType, unit }: Series, points: Point[]) {
  return {
    metric,
    resource,
    metricKind,
    valueType,
    unit,
    points: points.map(({ start, end, value }) => ({
      interval: { startTime: new Date(start).toISOString(), endTime: new Date(end).toISOString() },
      value: valueType === 'INT64' ? { int64Value: String(Math.round(value)) } : { doubleValue: value },
    })),
  };
}
