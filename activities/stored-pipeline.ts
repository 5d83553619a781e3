import type { PipelineState } from '../models/pipeline.ts';

const DAY_MS = 86_400_000;

/** The pipeline of one series, as the ledger keeps it over a restart of the worker. */
interface StoredPipeline {
  v: 2;
  series: string;
  pipeline: PipelineState;
}

/** Four significant digits: residuals know no more, and the row stays small. */
export function toStored(series: string, pipeline: PipelineState): StoredPipeline {
  const round = (key: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  const stored = { v: 2, series, pipeline } satisfies StoredPipeline;
  return JSON.parse(JSON.stringify(stored, round)) as StoredPipeline;
}

/**
 * The stored pipeline if it belongs to this series and the history, which ends at `newest`, reaches back to where it stopped. What
 * versions before 2 stored measured errors otherwise: it is warmed up anew.
 */
export function fromStored(stored: unknown, series: string, newest: number): PipelineState | undefined {
  const { v, series: of, pipeline } = (stored ?? {}) as Partial<StoredPipeline>;
  const fits = v === 2 && of === series && pipeline?.asOf !== undefined;
  if (!fits || pipeline.asOf! > newest || newest - pipeline.asOf! > DAY_MS) return undefined;
  return pipeline;
}
