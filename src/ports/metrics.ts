import type { ApplicationSpec } from '../domain/application.ts';

/** What is measured of an application's instances beside its demand. */
export const METRICS = ['cpu', 'memory', 'latencyP50', 'latencyP99'] as const;
/**
 * `cpu` and `memory`: mean over the instances that ran, 0..1 of what they have. `latencyP50` and `latencyP99`: of the requests
 * that were answered well, by all instances together, ms.
 */
export type MetricName = (typeof METRICS)[number];

/** One minute of one metric. */
export interface MetricSample {
  /** END of the minute, ms since the epoch. */
  at: number;
  value: number;
  /** Instances that the value is the mean of; 1 where it is of all together. */
  instances: number;
}

export interface MetricSource {
  /** Minutes with from < at <= to that are final by now, ascending. What is not measured, or not yet, is missing. */
  read(spec: ApplicationSpec, metric: MetricName, from: number, to: number): Promise<MetricSample[]>;
}

/** The part of the ledger that keeps metrics. */
export interface MetricStore {
  /** A sample replaces an earlier one of its minute; repeating a write changes nothing. */
  saveMetrics(application: string, metric: MetricName, samples: readonly MetricSample[]): Promise<void>;
  /** Samples with from < at <= to, ascending. */
  metrics(application: string, metric: MetricName, from: number, to: number): Promise<MetricSample[]>;
}
