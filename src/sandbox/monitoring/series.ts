import type { Distribution } from './distribution.ts';
import type { Labelled } from './filter.ts';

export type MetricKind = 'GAUGE' | 'DELTA' | 'CUMULATIVE';
export type ValueType = 'BOOL' | 'INT64' | 'DOUBLE' | 'STRING' | 'DISTRIBUTION';
export type Value = number | boolean | string | Distribution;

export interface Point {
  /** Equal to `end` for a gauge. ms since the epoch. */
  start: number;
  end: number;
  value: Value;
}

export interface Series extends Labelled {
  metricKind: MetricKind;
  valueType: ValueType;
  unit: string;
  /** Ascending in time. */
  points: Point[];
  /** Points are known up to here, ms; all that there are unless set. */
  knownUntil?: number;
}

/** Reads the series of one metric in a project with from < end <= to, unaligned, ascending. */
export type Reader = (project: string, from: number, to: number) => Series[];

/** A series in JSON, its points newest first. */
export function seriesToJson(
  { metric, resource, metricKind, valueType, unit }: Series,
  newestFirst: Point[],
) {
  return {
    metric,
    resource,
    metricKind,
    valueType,
    unit,
    points: newestFirst.map(({ start, end, value }) => ({
      interval: { startTime: new Date(start).toISOString(), endTime: new Date(end).toISOString() },
      value: valueToJson(valueType, value),
    })),
  };
}

function valueToJson(type: ValueType, value: Value): Record<string, unknown> {
  if (type === 'INT64') return { int64Value: String(Math.round(Number(value))) };
  if (type === 'BOOL') return { boolValue: value };
  if (type === 'STRING') return { stringValue: value };
  if (type === 'DOUBLE') return { doubleValue: Number.isFinite(value) ? value : String(value as number) };
  const { count, bucketCounts, ...rest } = value as Distribution;
  return {
    distributionValue: { count: String(count), ...rest, bucketCounts: bucketCounts.map(String) },
  };
}

/** Value and type of a `TypedValue` in JSON; undefined when it has none. */
export function valueFromJson(json: Record<string, unknown>): { type: ValueType; value: Value } | undefined {
  const [entry] = Object.entries(json);
  if (!entry) return undefined;
  const [name, value] = entry;
  if (name === 'boolValue') return { type: 'BOOL', value: value as boolean };
  if (name === 'stringValue') return { type: 'STRING', value: value as string };
  if (name !== 'distributionValue')
    return { type: name === 'int64Value' ? 'INT64' : 'DOUBLE', value: Number(value) };
  const given = value as Partial<Record<keyof Distribution, unknown>>;
  return {
    type: 'DISTRIBUTION',
    value: {
      count: Number(given.count ?? 0),
      mean: Number(given.mean ?? 0),
      sumOfSquaredDeviation: Number(given.sumOfSquaredDeviation ?? 0),
      bucketOptions: (given.bucketOptions ?? {
        explicitBuckets: { bounds: [] },
      }) as Distribution['bucketOptions'],
      bucketCounts: ((given.bucketCounts ?? []) as unknown[]).map(Number),
    },
  };
}
