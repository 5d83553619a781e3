import { z } from 'zod';
import { ALIGNERS, REDUCERS } from '../domain/demand-series.ts';
import type { DemandSeries, MeasuredDemand } from '../domain/demand-series.ts';
import type { Finding } from './check.ts';
import { credentialContradictions, Prometheus, toPrometheusQuery } from './prometheus.ts';

/** What is read of demand: a metric of Cloud Monitoring or a query in PromQL, and what of it is counted elsewhere. */

const REQUEST_COUNT = 'loadbalancing.googleapis.com/https/request_count';
const METRIC_REMEDY = 'write a Cloud Monitoring metric type';
const FILTER_REMEDY = 'write further terms of a Monitoring filter';
const EXACTLY_ONE = 'give exactly one of metric and prometheus';
const series = {
  filter: z
    .string({ error: FILTER_REMEDY })
    .optional()
    .describe('Further terms of the Monitoring filter, ANDed with the metric type'),
  aligner: z
    .enum(ALIGNERS)
    .optional()
    .meta({ default: 'rate' })
    .describe("How a step's value is made: rate (per second), delta (per step), or of a gauge mean, max ..."),
  reducer: z
    .enum(REDUCERS)
    .optional()
    .meta({ default: 'sum' })
    .describe('How the values of several series become one'),
  prometheus: Prometheus.optional().describe('In place of metric: what a Prometheus is asked'),
};
const metric = () => z.string({ error: METRIC_REMEDY }).includes('/', { error: METRIC_REMEDY }).optional();

/** The keys of `demand:` that say what is read. */
export const demandSeries = {
  metric: metric().meta({ default: REQUEST_COUNT }).describe('Cloud Monitoring metric type'),
  ...series,
  refused: z
    .strictObject({ metric: metric().describe('Cloud Monitoring metric type'), ...series })
    .optional()
    .describe('Refusals that the demand above does not see, in its unit; added to it step by step'),
};

interface Written {
  metric?: unknown;
  filter?: unknown;
  aligner?: unknown;
  reducer?: unknown;
  prometheus?: unknown;
  refused?: unknown;
}

/** What of it contradicts itself; reads the file as written, so that it shows together with the schema's own findings. */
export function demandContradictions(file: unknown): Finding[] {
  const demand = writtenIn(file, 'demand');
  const refused = writtenIn(demand, 'refused');
  const findings = demand ? contradictionsOf(demand, ['demand']) : [];
  if (!demand || !refused) return findings;
  const path = ['demand', 'refused'];
  findings.push(...contradictionsOf(refused, path));
  if (refused.metric === undefined && refused.prometheus === undefined)
    findings.push({ path, remedy: EXACTLY_ONE });
  const bothMetrics = refused.prometheus === undefined && demand.prometheus === undefined;
  if (bothMetrics && (refused.aligner ?? 'rate') !== (demand.aligner ?? 'rate'))
    findings.push({
      path: [...path, 'aligner'],
      remedy: 'write the aligner of demand: what is added must be in its unit',
    });
  return findings;
}

/** The keys and values under `key`, if there are any. */
function writtenIn(file: unknown, key: string): Written | undefined {
  const found = (file as Record<string, unknown> | null | undefined)?.[key];
  return typeof found === 'object' && found !== null ? found : undefined;
}

function contradictionsOf(written: Written, path: string[]): Finding[] {
  const { aligner, reducer = 'sum', prometheus } = written;
  const besides = (['metric', 'filter', 'aligner', 'reducer'] as const).filter((key) => key in written);
  if (prometheus !== undefined)
    return [
      ...besides.map((key) => ({
        path: [...path, key],
        remedy: `remove it, or prometheus: ${EXACTLY_ONE}`,
      })),
      ...credentialContradictions(prometheus, [...path, 'prometheus']),
    ];
  if (String(aligner).startsWith('percentile') && reducer === 'sum')
    return [
      {
        path: [...path, 'aligner'],
        remedy: `percentiles of several series do not add up: write reducer: max beside it, or aligner: delta with reducer: ${String(aligner)}`,
      },
    ];
  return [];
}

interface SeriesFile {
  metric?: string | undefined;
  filter?: string | undefined;
  aligner?: (typeof ALIGNERS)[number] | undefined;
  reducer?: (typeof REDUCERS)[number] | undefined;
  prometheus?: z.output<typeof Prometheus> | undefined;
}

/** The domain's words for what the file says of demand. */
export function toMeasuredDemand(file: SeriesFile & { refused?: SeriesFile | undefined }): MeasuredDemand {
  const { refused } = file;
  return { ...toSeries(file), ...(refused && { refused: toSeries(refused) }) };
}

function toSeries({ prometheus, metric, filter, aligner, reducer }: SeriesFile): DemandSeries {
  if (prometheus) return { metric: '', filter: '', prometheus: toPrometheusQuery(prometheus) };
  return {
    metric: metric ?? REQUEST_COUNT,
    filter: filter ?? '',
    ...(aligner && { aligner }),
    ...(reducer && { reducer }),
  };
}
