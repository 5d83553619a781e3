import type { protos } from '@google-cloud/monitoring';
import type { Aligner, DemandSeries, Reducer } from '../domain/demand-series.ts';

/** Which aligner goes with which metric: Google's comments on google.monitoring.v3.Aggregation.Aligner. */

/** Kind and type of a metric, by its descriptor. */
export interface MetricShape {
  /** `GAUGE`, `DELTA` or `CUMULATIVE`. */
  kind: string;
  /** `INT64`, `DOUBLE`, `DISTRIBUTION`, `BOOL` or `STRING`. */
  type: string;
}

const NUMBERS = ['INT64', 'DOUBLE'];
const COUNTED = ['DELTA'];
const POINTWISE = ['GAUGE', 'DELTA'];

interface Takes {
  kinds: readonly string[];
  types: readonly string[];
}

const percentile: Takes = { kinds: POINTWISE, types: ['DISTRIBUTION'] };
const pointwise: Takes = { kinds: POINTWISE, types: NUMBERS };
const TAKES: Record<Aligner, Takes> = {
  rate: { kinds: COUNTED, types: NUMBERS },
  delta: { kinds: COUNTED, types: [...NUMBERS, 'DISTRIBUTION'] },
  mean: pointwise,
  min: pointwise,
  max: pointwise,
  sum: { kinds: POINTWISE, types: [...NUMBERS, 'DISTRIBUTION'] },
  count: { kinds: POINTWISE, types: [...NUMBERS, 'BOOL'] },
  'percentile-99': percentile,
  'percentile-95': percentile,
  'percentile-50': percentile,
  'percentile-05': percentile,
};
/** Make a number of the distributions of several series; the others leave a distribution, or take none. */
const REDUCES_DISTRIBUTIONS: readonly Reducer[] = [
  'mean',
  'percentile-99',
  'percentile-95',
  'percentile-50',
  'percentile-05',
];

type Enums = typeof protos.google.monitoring.v3.Aggregation;
export type GoogleAligner = keyof Enums['Aligner'];
export type GoogleReducer = keyof Enums['Reducer'];

export function alignerOf({ aligner = 'rate' }: DemandSeries): GoogleAligner {
  return `ALIGN_${constantOf(aligner)}`;
}

export function reducerOf({ reducer = 'sum' }: DemandSeries): GoogleReducer {
  return `REDUCE_${constantOf(reducer)}`;
}

/** Throws naming field, value and what would be right when a metric of this shape cannot be read as the series says. */
export function checkFit(series: DemandSeries, field: string, { kind, type }: MetricShape): void {
  const { metric, aligner = 'rate', reducer = 'sum' } = series;
  // A CUMULATIVE is read as its growth. What Google does not take of it, it says itself.
  const readAs = kind === 'CUMULATIVE' ? 'DELTA' : kind;
  const fitting = (Object.keys(TAKES) as Aligner[]).filter(
    (name) => TAKES[name].kinds.includes(readAs) && TAKES[name].types.includes(type),
  );
  const what = `${metric} is a ${kind} of ${type}`;
  if (fitting.length === 0)
    throw new Error(`${field}.metric: ${what}, which is no demand: name one of numbers or distributions`);
  if (!fitting.includes(aligner))
    throw new Error(`${field}.aligner: ${aligner} does not fit, since ${what}; write ${fitting.join(', ')}`);
  const leavesDistribution = type === 'DISTRIBUTION' && (aligner === 'delta' || aligner === 'sum');
  if (leavesDistribution && !REDUCES_DISTRIBUTIONS.includes(reducer))
    throw new Error(
      `${field}.reducer: ${reducer} makes no number, since ${what}; write ${REDUCES_DISTRIBUTIONS.join(', ')}`,
    );
}

type Constant<Word extends string> = Word extends `${infer Head}-${infer Tail}`
  ? `${Uppercase<Head>}_${Tail}`
  : Uppercase<Word>;

/** `percentile-99` as Google writes it: PERCENTILE_99. */
function constantOf<Word extends Aligner | Reducer>(word: Word): Constant<Word> {
  return word.toUpperCase().replace('-', '_') as Constant<Word>;
}
