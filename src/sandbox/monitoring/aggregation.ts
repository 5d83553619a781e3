import { canonical, fieldOf, invalid } from './filter.ts';
import type { Labelled } from './filter.ts';
import type { Point, Series } from './series.ts';

/** Numbers are what the REST client sends (google.monitoring.v3.Aggregation). */
const ALIGNERS = new Map([
  ['0', 'ALIGN_NONE'],
  ['1', 'ALIGN_DELTA'],
  ['2', 'ALIGN_RATE'],
  ['11', 'ALIGN_MAX'],
  ['12', 'ALIGN_MEAN'],
  ['14', 'ALIGN_SUM'],
]);
const REDUCERS = new Map([
  ['0', 'REDUCE_NONE'],
  ['1', 'REDUCE_MEAN'],
  ['3', 'REDUCE_MAX'],
  ['4', 'REDUCE_SUM'],
]);

export interface Aggregation {
  aligner: string;
  /** ms; 0 without an aligner. */
  periodMs: number;
  reducer: string;
  groupBy: string[];
}

/** Reads `aggregation.*` of a request. Throws 400 naming the parameter. */
export function readAggregation(query: URLSearchParams): Aggregation {
  const aligner = named(ALIGNERS, query, 'aggregation.perSeriesAligner', 'ALIGN_NONE');
  const reducer = named(REDUCERS, query, 'aggregation.crossSeriesReducer', 'REDUCE_NONE');
  const period = query.get('aggregation.alignmentPeriod') ?? '';
  const periodMs = Number(/^(\d+(?:\.\d+)?)s$/.exec(period)?.[1] ?? 0) * 1000;
  if (aligner !== 'ALIGN_NONE' && periodMs < 60_000)
    throw invalid(`aggregation.alignmentPeriod is '${period}': an aligner needs at least 60s`);
  if (reducer !== 'REDUCE_NONE' && aligner === 'ALIGN_NONE')
    throw invalid(`aggregation.crossSeriesReducer is ${reducer}: it needs aggregation.perSeriesAligner`);
  return { aligner, periodMs, reducer, groupBy: query.getAll('aggregation.groupByFields').map(canonical) };
}

function named(names: Map<string, string>, query: URLSearchParams, parameter: string, otherwise: string) {
  const given = query.get(parameter) ?? otherwise;
  const name = names.get(given) ?? given;
  if (![...names.values()].includes(name))
    throw invalid(`${parameter} is '${given}': this Monitoring has ${[...names.values()].join(', ')}`);
  return name;
}

/** Points with from < end <= to are wanted; alignment windows are counted back from `end`. ms since the epoch. */
export interface Span {
  from: number;
  to: number;
  end: number;
}

/**
 * Aligns and reduces. Alignment windows are (end - period, end], (end - 2 period, end - period] and so on, each labelled
 * with its end. One that ends after `to` is not complete and is left out.
 */
export function aggregate(all: Series[], how: Aggregation, span: Span): Series[] {
  if (how.aligner === 'ALIGN_NONE') return all;
  const aligned = all.map((series) => align(series, how, span));
  return how.reducer === 'REDUCE_NONE' ? aligned : reduce(aligned, how);
}

function align(series: Series, { aligner, periodMs }: Aggregation, { from, to, end }: Span): Series {
  const delta = series.metricKind === 'DELTA';
  if (!delta && (aligner === 'ALIGN_RATE' || aligner === 'ALIGN_DELTA'))
    throw invalid(
      `aggregation.perSeriesAligner is ${aligner}: ${series.metric.type} is a GAUGE; use ALIGN_MEAN`,
    );
  const windows = new Map<number, number[]>();
  for (const point of series.points) {
    const windowEnd = end - Math.floor((end - point.end) / periodMs) * periodMs;
    if (windowEnd <= from || windowEnd > Math.min(to, series.knownUntil ?? Infinity)) continue;
    const values = windows.get(windowEnd);
    if (values) values.push(point.value);
    else windows.set(windowEnd, [point.value]);
  }
  const staysDelta = delta && (aligner === 'ALIGN_DELTA' || aligner === 'ALIGN_SUM');
  const points = [...windows].map(([windowEnd, values]) => ({
    start: staysDelta ? windowEnd - periodMs : windowEnd,
    end: windowEnd,
    value: alignedValue(aligner, values, periodMs),
  }));
  const valueType = staysDelta || aligner === 'ALIGN_MAX' ? series.valueType : 'DOUBLE';
  return { ...series, points, valueType, metricKind: staysDelta ? 'DELTA' : 'GAUGE' };
}

function alignedValue(aligner: string, values: number[], periodMs: number): number {
  const sum = total(values);
  if (aligner === 'ALIGN_RATE') return sum / (periodMs / 1000);
  if (aligner === 'ALIGN_MEAN') return sum / values.length;
  return aligner === 'ALIGN_MAX' ? Math.max(...values) : sum;
}

/** One series per distinct value of the grouping fields; only those labels remain. */
function reduce(all: Series[], { reducer, groupBy }: Aggregation): Series[] {
  const groups = new Map<string, Series[]>();
  for (const series of all) {
    const key = JSON.stringify(groupBy.map((field) => fieldOf(series, field)));
    groups.set(key, [...(groups.get(key) ?? []), series]);
  }
  return [...groups.values()].map((members) => reduceGroup(members, reducer, groupBy));
}

function reduceGroup(members: Series[], reducer: string, groupBy: string[]): Series {
  const first = members[0]!;
  const byEnd = new Map<number, { point: Point; values: number[] }>();
  for (const point of members.flatMap((series) => series.points)) {
    const known = byEnd.get(point.end) ?? { point, values: [] };
    known.values.push(point.value);
    byEnd.set(point.end, known);
  }
  const points = [...byEnd.values()]
    .map(({ point, values }) => ({ ...point, value: reducedValue(reducer, values) }))
    .sort((a, b) => a.end - b.end);
  const valueType = reducer === 'REDUCE_MEAN' ? 'DOUBLE' : first.valueType;
  return { ...first, ...keepLabels(first, groupBy), valueType, points };
}

function reducedValue(reducer: string, values: number[]): number {
  if (reducer === 'REDUCE_MAX') return Math.max(...values);
  return reducer === 'REDUCE_MEAN' ? total(values) / values.length : total(values);
}

function keepLabels({ metric, resource }: Labelled, groupBy: string[]): Labelled {
  const keep = (part: string, labels: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(labels).filter(([label]) => groupBy.includes(`${part}.labels.${label}`)),
    );
  return {
    metric: { type: metric.type, labels: keep('metric', metric.labels) },
    resource: { type: resource.type, labels: keep('resource', resource.labels) },
  };
}

function total(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
