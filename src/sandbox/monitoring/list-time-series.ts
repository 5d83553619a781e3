import type { Faults } from '../faults/faults.ts';
import { disturbSeries } from '../faults/metrics.ts';
import type { Wrong } from '../faults/metrics.ts';
import { aggregate, readAggregation } from './aggregation.ts';
import { lookBackMs } from './alignment.ts';
import type { Fields } from './contract.ts';
import { failure, invalid } from './errors.ts';
import { parseFilter } from './filter.ts';
import { seriesToJson } from './series.ts';
import type { Point, Reader, Series } from './series.ts';

/** Points per page, unless the request asks for fewer; Google's maximum. */
const PAGE_SIZE = 100_000;

export interface ListContext {
  project: string;
  /** Sandbox time, ms. */
  now: number;
  faults: Faults;
  /** The names of the fault rules that disturbed the series are added here. */
  struck: string[];
  /** Reader and delay (ms) of a metric type; undefined where it is unknown. */
  metric(type: string): { read: Reader; delayMs: number } | undefined;
}

/** `timeSeries.list`: filtered, aligned, reduced, newest first, a page of it. JSON in and out; throws 400 and 404. */
export function listTimeSeries(request: Fields, context: ListContext): Fields {
  const written = (request['filter'] ?? '') as string;
  const filter = parseFilter(written);
  const type = filter.metricType;
  if (type === undefined) throw invalid(`filter: '${written}' names no metric; add metric.type = "..."`);
  const { from, to } = readInterval((request['interval'] ?? {}) as Fields);
  const first = readAggregation((request['aggregation'] ?? {}) as Fields, 'aggregation');
  const second = readSecond(request, first.aligner);
  if (request['orderBy']) throw invalid(`orderBy is '${request['orderBy'] as string}': leave it out`);
  const page = readPage(request);
  const metric = context.metric(type);
  if (!metric)
    throw failure(
      'NOT_FOUND',
      `Cannot find metric(s) that match type = "${type}". If a metric was created recently, it could take up to 10 ` +
        'minutes to become available.',
    );
  const delayed = context.now - metric.delayMs;
  const visibleUntil = Math.min(page.visibleUntil, delayed);
  const until = Math.min(to, visibleUntil);
  const readFrom = from - (first.aligner === 'ALIGN_NONE' ? 0 : lookBackMs(first));
  const known = metric.read(context.project, readFrom, until);
  const raw = disturbSeries(context.faults, known, delayed, context.struck, falsify).filter(filter.matches);
  const span = { from, to: until, end: to };
  const aggregated = aggregate(raw, first, span);
  return onePage(second ? aggregate(aggregated, second, span) : aggregated, page, visibleUntil);
}

function readSecond(request: Fields, firstAligner: string) {
  const given = request['secondaryAggregation'] as Fields | undefined;
  if (!given) return undefined;
  if (firstAligner === 'ALIGN_NONE')
    throw invalid('secondaryAggregation is given without aggregation: give aggregation.perSeriesAligner too');
  return readAggregation(given, 'secondaryAggregation');
}

function falsify({ valueType }: Series, point: Point, { factor, offset }: Wrong): Point {
  if (typeof point.value !== 'number') return point;
  const value = point.value * factor + offset;
  return { ...point, value: valueType === 'INT64' ? Math.round(value) : value };
}

/** The interval (from, to] in ms; without a start it is the point at the end alone. */
function readInterval(interval: Fields): { from: number; to: number } {
  if (interval['endTime'] === undefined)
    throw invalid('interval.endTime is missing: give the end of the interval, RFC 3339');
  const to = Date.parse(interval['endTime'] as string);
  const from = interval['startTime'] === undefined ? to - 1 : Date.parse(interval['startTime'] as string);
  if (from > to) throw invalid('interval.startTime is after interval.endTime: swap them');
  return { from, to };
}

interface Page {
  size: number;
  /** Series without their points; a page then counts series. */
  headersOnly: boolean;
  /** Points or series to skip, and the visibility that the first page had: new points must not shift the later pages. */
  offset: number;
  visibleUntil: number;
}

function readPage(request: Fields): Page {
  const asked = (request['pageSize'] ?? 0) as number;
  if (asked < 0) throw invalid(`pageSize is ${asked}: give 1 to ${PAGE_SIZE}`);
  const size = Math.min(asked || PAGE_SIZE, PAGE_SIZE);
  const headersOnly = request['view'] === 'HEADERS';
  const token = (request['pageToken'] ?? '') as string;
  if (token === '') return { size, headersOnly, offset: 0, visibleUntil: Infinity };
  const [offset, visibleUntil] = token.split('-').map(Number);
  if (!(offset! > 0) || !(visibleUntil! > 0))
    throw invalid(`pageToken is '${token}': give the nextPageToken of the page before, unchanged`);
  return { size, headersOnly, offset: offset!, visibleUntil: visibleUntil! };
}

/** Newest first; a page of points may end within a series. */
function onePage(all: Series[], { size, offset, headersOnly }: Page, visibleUntil: number): Fields {
  const timeSeries = [];
  let skip = offset;
  let room = size;
  let left = false;
  for (const series of all) {
    if (series.points.length === 0) continue;
    const lengthOf = headersOnly ? 1 : series.points.length;
    const shown = Math.max(0, Math.min(lengthOf - skip, room));
    left ||= lengthOf > skip + shown;
    const points = headersOnly ? [] : series.points.toReversed().slice(skip, skip + shown);
    skip = Math.max(0, skip - lengthOf);
    room -= shown;
    if (shown > 0) timeSeries.push(seriesToJson(series, points));
  }
  return left ? { timeSeries, nextPageToken: `${offset + size}-${visibleUntil}` } : { timeSeries };
}
