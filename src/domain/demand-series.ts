/** How a point of a step is made of what was measured in it; Cloud Monitoring's aligners by their own words. */
export const ALIGNERS = [
  'rate',
  'delta',
  'mean',
  'min',
  'max',
  'sum',
  'count',
  'percentile-99',
  'percentile-95',
  'percentile-50',
  'percentile-05',
] as const;
export type Aligner = (typeof ALIGNERS)[number];

/** How several series become one. */
export const REDUCERS = [
  'sum',
  'mean',
  'min',
  'max',
  'percentile-99',
  'percentile-95',
  'percentile-50',
  'percentile-05',
] as const;
export type Reducer = (typeof REDUCERS)[number];

/** What is read of demand: a metric of Cloud Monitoring, or what a Prometheus is asked. */
export interface DemandSeries {
  /** Metric type, e.g. `loadbalancing.googleapis.com/https/request_count`; empty where a Prometheus is asked. */
  metric: string;
  /** Further terms of the Monitoring filter, ANDed with the metric type. */
  filter: string;
  /** Absent: `rate`. */
  aligner?: Aligner;
  /** Absent: `sum`. */
  reducer?: Reducer;
  prometheus?: PrometheusQuery;
}

export interface PrometheusQuery {
  /** In PromQL; where it answers several series, they are summed. */
  query: string;
  /** Base URL of a Prometheus. Absent: Managed Service for Prometheus of the primary's project. */
  url?: string;
  /** What it is shown before it answers; only beside `url`. */
  credentials?: PrometheusCredentials;
}

/** Where a secret lies on the worker's machine: a variable of its environment, or a file. Never the secret itself. */
export type SecretReference = { env: string } | { file: string };

export type PrometheusCredentials =
  { bearer: SecretReference } | { basic: { user: string; password: SecretReference } };

/** Where demand is read, and what of it the first series does not see. */
export interface MeasuredDemand extends DemandSeries {
  /** Requests that were refused before the first series counts them; added to it. */
  refused?: DemandSeries;
}

/** What says which series it is: another one has another history, and other models. Plain data, to be compared as JSON. */
export function identityOf({ refused, ...series }: MeasuredDemand): unknown[] {
  return [...partsOf(series), ...(refused ? [{ refused: partsOf(refused) }] : [])];
}

/** The name under which whole days of it lie in the ledger. */
export function seriesOfDays(demand: MeasuredDemand & { stepMs: number }): string {
  return JSON.stringify([...identityOf(demand), demand.stepMs]);
}

/**
 * What is as by default is left out: it names the same series as before there was a choice. Credentials say who asks, not what
 * for.
 */
function partsOf({ metric, filter, aligner = 'rate', reducer = 'sum', prometheus }: DemandSeries): unknown[] {
  if (prometheus) {
    const { query, url } = prometheus;
    return [{ query, ...(url !== undefined && { url }) }];
  }
  return [metric, filter, ...(aligner === 'rate' && reducer === 'sum' ? [] : [{ aligner, reducer }])];
}
