import { align } from './alignment.ts';
import type { Fields } from './contract.ts';
import { invalid } from './errors.ts';
import { canonical } from './filter.ts';
import { reduce } from './reduction.ts';
import type { Series } from './series.ts';

export interface Aggregation {
  aligner: string;
  /** ms; 0 without an aligner. */
  periodMs: number;
  reducer: string;
  groupBy: string[];
}

/** Points with from < end <= to are wanted; alignment periods are counted back from `end`. ms since the epoch. */
export interface Span {
  from: number;
  to: number;
  end: number;
}

/** Reads an `Aggregation` of a request, by the name of its field. Throws 400 naming what is wrong. */
export function readAggregation(given: Fields, name: string): Aggregation {
  const aligner = (given['perSeriesAligner'] ?? 'ALIGN_NONE') as string;
  const reducer = (given['crossSeriesReducer'] ?? 'REDUCE_NONE') as string;
  const period = given['alignmentPeriod'] as string | undefined;
  const periodMs = aligner === 'ALIGN_NONE' ? 0 : Number.parseFloat(period ?? '0') * 1000;
  if (aligner !== 'ALIGN_NONE' && periodMs < 60_000)
    throw invalid(`${name}.alignmentPeriod is '${period ?? ''}': an aligner needs at least 60s`);
  if (reducer !== 'REDUCE_NONE' && aligner === 'ALIGN_NONE')
    throw invalid(`${name}.crossSeriesReducer is ${reducer}: it needs ${name}.perSeriesAligner`);
  const groupBy = ((given['groupByFields'] ?? []) as string[]).map(canonical);
  return { aligner, periodMs, reducer, groupBy };
}

/** Aligns and reduces. */
export function aggregate(all: Series[], how: Aggregation, span: Span): Series[] {
  if (how.aligner === 'ALIGN_NONE') return all;
  const aligned = all.map((series) => align(series, how, span));
  return how.reducer === 'REDUCE_NONE' ? aligned : reduce(aligned, how);
}
