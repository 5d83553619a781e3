import { merged, percentile } from './distribution.ts';
import type { Distribution } from './distribution.ts';
import { invalid } from './errors.ts';
import type { Aggregation, Span } from './aggregation.ts';
import type { MetricKind, Point, Series, Value, ValueType } from './series.ts';
import { mean, standardDeviation, total } from './statistics.ts';

/** One aligner: what it takes, what it gives, and how a period's points become one value (undefined: none). */
interface Aligner {
  kinds: readonly MetricKind[];
  types: readonly ValueType[];
  /** Type of the result; that of the input unless set. */
  gives?: ValueType;
  /** The result stays a DELTA. */
  staysDelta?: true;
  /** Also periods without points of their own get a value. */
  looksAround?: true;
  value(period: Period): Value | undefined;
}

/** One alignment period (start, end] and what may be asked about it. ms. */
interface Period {
  start: number;
  end: number;
  points: Point[];
  /** All that was read of the series, ascending. */
  all: Point[];
}

const NUMERIC: readonly ValueType[] = ['INT64', 'DOUBLE'];
const BOOL: readonly ValueType[] = ['BOOL'];
const ANY: readonly ValueType[] = ['BOOL', 'INT64', 'DOUBLE', 'STRING', 'DISTRIBUTION'];
const BOTH: readonly MetricKind[] = ['GAUGE', 'DELTA'];
const GAUGE: readonly MetricKind[] = ['GAUGE'];
const DELTA: readonly MetricKind[] = ['DELTA'];
/** Percent changes are smoothed over this long. */
const SMOOTHED_MS = 600_000;

const numbersOf = (points: Point[]) => points.map(({ value }) => value as number);
const sum = ({ points }: Period): Value =>
  typeof points[0]!.value === 'number'
    ? total(numbersOf(points))
    : merged(points.map(({ value }) => value as Distribution));
const trues = ({ points }: Period) => points.filter(({ value }) => value === true).length;
const quantile = (p: number): Aligner => ({
  kinds: BOTH,
  types: ['DISTRIBUTION'],
  gives: 'DOUBLE',
  value: ({ points }) => percentile(merged(points.map(({ value }) => value as Distribution)), p),
});

/** What Google's aligners do, by the comments of google.monitoring.v3.Aggregation.Aligner. */
const ALIGNERS: Record<string, Aligner> = {
  ALIGN_DELTA: { kinds: DELTA, types: [...NUMERIC, 'DISTRIBUTION'], staysDelta: true, value: sum },
  ALIGN_RATE: {
    kinds: DELTA,
    types: NUMERIC,
    gives: 'DOUBLE',
    value: (period) => (sum(period) as number) / ((period.end - period.start) / 1000),
  },
  ALIGN_INTERPOLATE: { kinds: GAUGE, types: NUMERIC, looksAround: true, value: interpolated },
  ALIGN_NEXT_OLDER: { kinds: GAUGE, types: ANY, value: ({ points }) => points.at(-1)!.value },
  ALIGN_MIN: { kinds: BOTH, types: NUMERIC, value: ({ points }) => Math.min(...numbersOf(points)) },
  ALIGN_MAX: { kinds: BOTH, types: NUMERIC, value: ({ points }) => Math.max(...numbersOf(points)) },
  ALIGN_MEAN: {
    kinds: BOTH,
    types: NUMERIC,
    gives: 'DOUBLE',
    value: ({ points }) => mean(numbersOf(points)),
  },
  ALIGN_COUNT: {
    kinds: BOTH,
    types: [...NUMERIC, 'BOOL'],
    gives: 'INT64',
    value: ({ points }) => points.length,
  },
  ALIGN_SUM: { kinds: BOTH, types: [...NUMERIC, 'DISTRIBUTION'], staysDelta: true, value: sum },
  ALIGN_STDDEV: {
    kinds: BOTH,
    types: NUMERIC,
    gives: 'DOUBLE',
    value: ({ points }) => standardDeviation(numbersOf(points)),
  },
  ALIGN_COUNT_TRUE: { kinds: GAUGE, types: BOOL, gives: 'INT64', value: trues },
  ALIGN_COUNT_FALSE: {
    kinds: GAUGE,
    types: BOOL,
    gives: 'INT64',
    value: (period) => period.points.length - trues(period),
  },
  ALIGN_FRACTION_TRUE: {
    kinds: GAUGE,
    types: BOOL,
    gives: 'DOUBLE',
    value: (period) => trues(period) / period.points.length,
  },
  ALIGN_PERCENTILE_99: quantile(0.99),
  ALIGN_PERCENTILE_95: quantile(0.95),
  ALIGN_PERCENTILE_50: quantile(0.5),
  ALIGN_PERCENTILE_05: quantile(0.05),
  ALIGN_PERCENT_CHANGE: {
    kinds: BOTH,
    types: NUMERIC,
    gives: 'DOUBLE',
    looksAround: true,
    value: percentChange,
  },
};

/** How long before its interval a series must be read so that the first period is whole, ms. */
export function lookBackMs({ aligner, periodMs }: Aggregation): number {
  if (aligner === 'ALIGN_PERCENT_CHANGE') return 2 * periodMs + SMOOTHED_MS;
  return aligner === 'ALIGN_INTERPOLATE' ? 2 * periodMs : periodMs;
}

/**
 * One point per period: (end - period, end], (end - 2 periods, end - period] and so on, each labelled with its end. A
 * period that ends after what is known of the series is not complete and is left out; so is one without data. Throws 400
 * for an aligner that this kind or type of metric does not take.
 */
export function align(given: Series, { aligner, periodMs }: Aggregation, { from, to, end }: Span): Series {
  const series = given.metricKind === 'CUMULATIVE' ? asDelta(given) : given;
  const how = ALIGNERS[aligner]!;
  checkFits(series, aligner, how);
  const until = Math.min(to, series.knownUntil ?? Infinity);
  const endOf = (at: number) => end - Math.floor((end - at) / periodMs) * periodMs;
  const byEnd = new Map<number, Point[]>();
  for (const point of series.points) {
    const points = byEnd.get(endOf(point.end));
    if (points) points.push(point);
    else byEnd.set(endOf(point.end), [point]);
  }
  const ends = how.looksAround
    ? everyEnd(endOf(from + 1), until, periodMs)
    : [...byEnd.keys()].sort((a, b) => a - b);
  const staysDelta = series.metricKind === 'DELTA' && how.staysDelta === true;
  const points = ends
    .filter((periodEnd) => periodEnd > from && periodEnd <= until)
    .flatMap((periodEnd): Point[] => {
      const start = periodEnd - periodMs;
      const own = byEnd.get(periodEnd) ?? [];
      const value = how.value({ start, end: periodEnd, points: own, all: series.points });
      return value === undefined ? [] : [{ start: staysDelta ? start : periodEnd, end: periodEnd, value }];
    });
  const valueType = how.gives ?? series.valueType;
  return { ...series, points, valueType, metricKind: staysDelta ? 'DELTA' : 'GAUGE' };
}

function checkFits(series: Series, aligner: string, { kinds, types }: Aligner): void {
  if (kinds.includes(series.metricKind) && types.includes(series.valueType)) return;
  const fitting = Object.entries(ALIGNERS).filter(
    ([, other]) => other.kinds.includes(series.metricKind) && other.types.includes(series.valueType),
  );
  throw invalid(
    `aggregation.perSeriesAligner is ${aligner}: ${series.metric.type} is a ${series.metricKind} of ` +
      `${series.valueType}; use ${fitting.map(([name]) => name).join(', ')}`,
  );
}

function everyEnd(first: number, until: number, periodMs: number): number[] {
  const ends = [];
  for (let end = first; end <= until; end += periodMs) ends.push(end);
  return ends;
}

/** Growth between the points of a counter; a new start time begins at 0 again. */
function asDelta(series: Series): Series {
  const points = series.points.map((point, index): Point => {
    const before = series.points[index - 1];
    const goesOn = before !== undefined && before.start === point.start;
    if (!goesOn) return point;
    return { start: before.end, end: point.end, value: (point.value as number) - (before.value as number) };
  });
  return { ...series, metricKind: 'DELTA', points };
}

/** The value at the period's end on the line between the points around it. */
function interpolated({ end, all }: Period): number | undefined {
  const after = all.findIndex((point) => point.end >= end);
  const [left, right] = [all[after - 1], all[after]];
  if (!right) return undefined;
  if (right.end === end) return right.value as number;
  if (!left) return undefined;
  const share = (end - left.end) / (right.end - left.end);
  return (left.value as number) + share * ((right.value as number) - (left.value as number));
}

/** Against the period before, both smoothed over 10 minutes; values below 0 count as missing. */
function percentChange({ start, end, all }: Period): number | undefined {
  const smoothed = (at: number) => {
    const points = all.filter((point) => point.end > at - SMOOTHED_MS && point.end <= at);
    const numbers = numbersOf(points).filter((value) => value >= 0);
    return numbers.length === 0 ? undefined : mean(numbers);
  };
  const [before, now] = [smoothed(start), smoothed(end)];
  if (before === undefined || now === undefined) return undefined;
  if (before === 0) return now === 0 ? 0 : Infinity;
  return ((now - before) / before) * 100;
}
