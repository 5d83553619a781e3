import type { Aggregation } from './aggregation.ts';
import { merged, percentile } from './distribution.ts';
import type { Distribution } from './distribution.ts';
import { invalid } from './errors.ts';
import { fieldOf } from './filter.ts';
import type { Labelled } from './filter.ts';
import type { Point, Series, Value, ValueType } from './series.ts';
import { mean, quantileOf, standardDeviation, total } from './statistics.ts';

/** One reducer, by type of its input: how the values of several series become one (undefined: none). */
interface Reducer {
  /** Type of the result; that of the input unless set. */
  gives?: ValueType;
  numbers?: (values: number[]) => number;
  distributions?: (values: Distribution[]) => Value | undefined;
  booleans?: (values: boolean[]) => number;
  strings?: (values: string[]) => number;
}

const trues = (values: boolean[]) => values.filter(Boolean).length;
const count = (values: unknown[]) => values.length;
const percentileReducer = (p: number): Reducer => ({
  gives: 'DOUBLE',
  numbers: (values) => quantileOf(values, p),
  distributions: (values) => percentile(merged(values), p),
});

/** What Google's reducers do, by the comments of google.monitoring.v3.Aggregation.Reducer. */
const REDUCERS: Record<string, Reducer> = {
  REDUCE_MEAN: { gives: 'DOUBLE', numbers: mean, distributions: (values) => merged(values).mean },
  REDUCE_MIN: { numbers: (values) => Math.min(...values) },
  REDUCE_MAX: { numbers: (values) => Math.max(...values) },
  REDUCE_SUM: { numbers: total, distributions: merged },
  REDUCE_STDDEV: {
    gives: 'DOUBLE',
    numbers: standardDeviation,
    distributions(values) {
      const all = merged(values);
      return all.count === 0 ? undefined : Math.sqrt(all.sumOfSquaredDeviation / all.count);
    },
  },
  REDUCE_COUNT: { gives: 'INT64', numbers: count, distributions: count, booleans: count, strings: count },
  REDUCE_COUNT_TRUE: { gives: 'INT64', booleans: trues },
  REDUCE_COUNT_FALSE: { gives: 'INT64', booleans: (values) => values.length - trues(values) },
  REDUCE_FRACTION_TRUE: { gives: 'DOUBLE', booleans: (values) => trues(values) / values.length },
  REDUCE_PERCENTILE_99: percentileReducer(0.99),
  REDUCE_PERCENTILE_95: percentileReducer(0.95),
  REDUCE_PERCENTILE_50: percentileReducer(0.5),
  REDUCE_PERCENTILE_05: percentileReducer(0.05),
};

const INPUTS: Record<ValueType, Exclude<keyof Reducer, 'gives'>> = {
  INT64: 'numbers',
  DOUBLE: 'numbers',
  DISTRIBUTION: 'distributions',
  BOOL: 'booleans',
  STRING: 'strings',
};

/** One series per distinct value of the grouping fields; only those labels remain. Throws 400 for a type that does not fit. */
export function reduce(all: Series[], { reducer, groupBy }: Aggregation): Series[] {
  const groups = new Map<string, Series[]>();
  for (const series of all) {
    const key = JSON.stringify(groupBy.map((field) => fieldOf(series, field)));
    groups.set(key, [...(groups.get(key) ?? []), series]);
  }
  return [...groups.values()].map((members) => reduceGroup(members, reducer, groupBy));
}

function reduceGroup(members: Series[], reducer: string, groupBy: string[]): Series {
  const first = members[0]!;
  const how = REDUCERS[reducer]!;
  const act = how[INPUTS[first.valueType]] as ((values: Value[]) => Value | undefined) | undefined;
  if (!act)
    throw invalid(
      `aggregation.crossSeriesReducer is ${reducer}: ${first.metric.type} is aligned to ${first.valueType}, which it ` +
        'does not take',
    );
  const byEnd = new Map<number, { point: Point; values: Value[] }>();
  for (const point of members.flatMap((series) => series.points)) {
    const known = byEnd.get(point.end);
    if (known) known.values.push(point.value);
    else byEnd.set(point.end, { point, values: [point.value] });
  }
  const points = [...byEnd.values()]
    .flatMap(({ point, values }) => {
      const value = act(values);
      return value === undefined ? [] : [{ ...point, value }];
    })
    .sort((a, b) => a.end - b.end);
  return { ...first, ...keepLabels(first, groupBy), valueType: how.gives ?? first.valueType, points };
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
