import { ApiError } from '../http.ts';
import type { Fields } from './contract.ts';
import { checkWritable } from './custom-metrics.ts';
import type { CustomMetrics, Writer } from './custom-metrics.ts';
import { failure, invalid } from './errors.ts';
import { resourceLabels, RESOURCE_TYPES } from './resource-descriptors.ts';
import { valueFromJson } from './series.ts';
import type { MetricKind, Series } from './series.ts';

/** Documented limits: series in one request, age and future of a point, and how close two points of a series may lie. */
const MOST_SERIES = 200;
const OLDEST_MS = 25 * 3_600_000;
const NEWEST_MS = 5 * 60_000;
const CLOSEST_MS = 5_000;
const SUMMARY = 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary';

/**
 * `timeSeries.create` and `createService`: appends one point to each of the given series. Those that cannot be written are told in the error
 * (400), the others are written all the same.
 */
export function createTimeSeries(
  metrics: CustomMetrics,
  project: string,
  given: Fields[],
  now: number,
  writer: Writer = 'user',
): void {
  if (given.length === 0) throw invalid('timeSeries is empty: give 1 to 200 time series');
  if (given.length > MOST_SERIES)
    throw invalid(`timeSeries has ${given.length} series: give at most ${MOST_SERIES} per request`);
  const failures: { index: number; message: string }[] = [];
  const seen = new Set<string>();
  for (const [index, json] of given.entries()) {
    try {
      const series = readSeries(metrics, project, json, `timeSeries[${index}]`, writer);
      const identity = JSON.stringify([series.metric, series.resource]);
      if (seen.has(identity))
        throw invalid(
          `Field timeSeries[${index}] had an invalid value: Duplicate TimeSeries encountered. Only one point can be ` +
            'written per TimeSeries per request.',
        );
      seen.add(identity);
      checkTime(metrics, project, series, now, index);
      metrics.append(project, series);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      failures.push({ index, message: error.message });
    }
  }
  if (failures.length > 0) throw partialFailure(given.length, failures);
}

function partialFailure(total: number, failures: { index: number; message: string }[]): ApiError {
  const told = failures.map(({ index, message }) => `${message}: timeSeries[${index}]`).join('; ');
  const errors = failures.map(({ message }) => ({ status: { code: 3, message }, pointCount: 1 }));
  return failure('INVALID_ARGUMENT', `One or more TimeSeries could not be written: ${told}`, [
    {
      '@type': SUMMARY,
      totalPointCount: total,
      successPointCount: total - failures.length,
      errors,
    },
  ]);
}

function readSeries(
  metrics: CustomMetrics,
  project: string,
  json: Fields,
  field: string,
  writer: Writer,
): Series {
  const metric = json['metric'] as { type?: string; labels?: Record<string, string> } | undefined;
  const type = metric?.type ?? '';
  checkWritable(type, `${field}.metric.type`, writer);
  const descriptor = metrics.descriptor(project, type);
  const points = (json['points'] ?? []) as Fields[];
  if (points.length !== 1)
    throw invalid(`Field ${field}.points had an invalid value: Only one point can be written per TimeSeries`);
  const [point] = points as [Fields];
  const value = valueFromJson((point['value'] ?? {}) as Fields);
  if (!value) throw invalid(`Field ${field}.points[0].value had an invalid value: it has none`);
  const metricKind = (descriptor?.metricKind ?? kindOf(json['metricKind'])) as MetricKind;
  if (metricKind === 'DELTA')
    throw invalid(`Field ${field}.metricKind had an invalid value of "DELTA": use GAUGE or CUMULATIVE`);
  if (descriptor && descriptor.valueType !== value.type)
    throw invalid(
      `Field ${field}.points[0].value had an invalid value: Value type for metric ${type} must be ` +
        `${descriptor.valueType}, but is ${value.type}.`,
    );
  return {
    metric: { type, labels: metric?.labels ?? {} },
    resource: readResource(project, (json['resource'] ?? {}) as Fields, field),
    metricKind,
    valueType: value.type,
    unit: descriptor?.unit ?? ((json['unit'] ?? '1') as string),
    points: [{ ...readInterval((point['interval'] ?? {}) as Fields, metricKind, field), value: value.value }],
  };
}

function kindOf(given: unknown): unknown {
  return given === undefined || given === 'METRIC_KIND_UNSPECIFIED' ? 'GAUGE' : given;
}

function readResource(project: string, given: Fields, field: string): Series['resource'] {
  const type = (given['type'] ?? 'global') as string;
  const known = resourceLabels(type);
  if (!known)
    throw invalid(
      `Field ${field}.resource.type had an invalid value of "${type}": use one of ${RESOURCE_TYPES.join(', ')}`,
    );
  const labels = { project_id: project, ...(given['labels'] as Record<string, string> | undefined) };
  for (const label of Object.keys(labels))
    if (!known.includes(label))
      throw invalid(
        `Field ${field}.resource.labels had an unrecognized label "${label}": ${type} has ${known.join(', ')}`,
      );
  return { type, labels };
}

function readInterval(given: Fields, kind: MetricKind, field: string): { start: number; end: number } {
  const end = Date.parse(String(given['endTime']));
  if (Number.isNaN(end)) throw invalid(`Field ${field}.points[0].interval.endTime is missing: give a time`);
  const start = given['startTime'] === undefined ? end : Date.parse(given['startTime'] as string);
  if (kind === 'GAUGE' && start !== end)
    throw invalid(
      `Field ${field}.points[0].interval: a GAUGE point has no startTime, or one equal to endTime`,
    );
  if (kind === 'CUMULATIVE' && start >= end)
    throw invalid(`Field ${field}.points[0].interval: a CUMULATIVE point has a startTime before its endTime`);
  return { start, end };
}

function checkTime(
  metrics: CustomMetrics,
  project: string,
  series: Series,
  now: number,
  index: number,
): void {
  const { end } = series.points[0]!;
  const field = `Field timeSeries[${index}].points[0].interval.endTime had an invalid value of "${new Date(end).toISOString()}"`;
  if (end < now - OLDEST_MS)
    throw invalid(`${field}: Data points cannot be written more than 25h0s in the past.`);
  if (end > now + NEWEST_MS)
    throw invalid(`${field}: Data points cannot be written more than 5m0s in the future.`);
  const last = metrics.find(project, series)?.points.at(-1)?.end ?? -Infinity;
  if (end <= last)
    throw invalid(
      'Points must be written in order. One or more of the points specified had an older end time than the most recent ' +
        'point.',
    );
  if (end - last < CLOSEST_MS)
    throw invalid(
      'One or more points were written more frequently than the maximum sampling period configured for the metric.',
    );
}
