import { describe, expect, it } from 'vitest';
import {
  both,
  clients,
  COUNTER,
  FLAG,
  GAUGE,
  LATENCIES,
  MINUTE_MS,
  ORIGIN,
  read,
  stamp,
  valuesOf,
} from './support/monitoring-bench.ts';

/** Aligners and reducers, through Google's own client. */

describe('aligners', () => {
  // Two points a minute: (1, 5), (3, 7), (2, 9).
  it.each([
    ['ALIGN_MIN', [1, 3, 2]],
    ['ALIGN_MAX', [5, 7, 9]],
    ['ALIGN_MEAN', [3, 5, 5.5]],
    ['ALIGN_SUM', [6, 10, 11]],
    ['ALIGN_COUNT', [2, 2, 2]],
    ['ALIGN_STDDEV', [2, 2, 3.5]],
    ['ALIGN_NEXT_OLDER', [5, 7, 9]],
    ['ALIGN_INTERPOLATE', [5, 7, 9]],
  ])('%s of a gauge', async (aligner, expected) => {
    expect(await valuesOf({ aligner })).toEqual(expected);
  });

  it('interpolate between the points around a boundary, and leave out what lies beyond them', async () => {
    const [all] = await clients.gRPC.listTimeSeries({
      name: 'projects/p',
      filter: `metric.type = "${GAUGE}" AND metric.labels.label = "a"`,
      interval: { startTime: stamp(ORIGIN - MINUTE_MS), endTime: stamp(ORIGIN + 5 * MINUTE_MS + 45_000) },
      aggregation: { alignmentPeriod: { seconds: 60 }, perSeriesAligner: 'ALIGN_INTERPOLATE' },
    });
    // At 45 s between 1 and 5, at 1:45 between 3 and 7, at 2:45 between 2 and 9.
    expect(all[0]!.points!.map(({ value }) => value!.doubleValue)).toEqual([5.5, 5, 3]);
  });

  it('tell the change against the period before, both smoothed over ten minutes', async () => {
    // 3; (1+5+3+7)/4 = 4; (1+5+3+7+2+9)/6 = 4.5.
    const values = await valuesOf({ aligner: 'ALIGN_PERCENT_CHANGE' });
    expect(values).toEqual([expect.closeTo(100 / 3), expect.closeTo(12.5)]);
  });

  it.each([
    ['ALIGN_COUNT_TRUE', [1, 2]],
    ['ALIGN_COUNT_FALSE', [1, 0]],
    ['ALIGN_FRACTION_TRUE', [0.5, 1]],
    ['ALIGN_COUNT', [2, 2]],
    ['ALIGN_NEXT_OLDER', [false, true]],
  ])('%s of a flag', async (aligner, expected) => {
    expect(await valuesOf({ type: FLAG, aligner })).toEqual(expected);
  });

  it.each([
    ['ALIGN_DELTA', [40, 90]],
    ['ALIGN_RATE', [40 / 60, 90 / 60]],
  ])('%s of a counter', async (aligner, expected) => {
    expect(await valuesOf({ type: COUNTER, aligner })).toEqual(expected);
  });

  it.each([
    ['ALIGN_PERCENTILE_05', 5],
    ['ALIGN_PERCENTILE_50', 50],
    ['ALIGN_PERCENTILE_95', 95],
    ['ALIGN_PERCENTILE_99', 99],
  ])('%s of latencies is within a bucket of the exact one', async (aligner, exact) => {
    const [first, second] = (await valuesOf({
      filter: `metric.type = "${LATENCIES}"`,
      aligner,
      minutes: 2,
    }))!;
    // A bucket ends at 1.4 times its beginning.
    for (const [value, wanted] of [
      [first, exact],
      [second, 400],
    ])
      expect(Math.abs(Math.log(Number(value) / Number(wanted)))).toBeLessThan(Math.log(1.401));
  });

  it.each([
    [GAUGE, 'ALIGN_RATE', 'GAUGE of DOUBLE; use'],
    [GAUGE, 'ALIGN_PERCENTILE_50', 'ALIGN_MEAN'],
    [FLAG, 'ALIGN_MEAN', 'ALIGN_FRACTION_TRUE'],
    [LATENCIES, 'ALIGN_MEAN', 'ALIGN_PERCENTILE_99'],
  ])('refuse %s with %s, and say what fits', async (type, aligner, words) => {
    await expect(read({ filter: `metric.type = "${type}"`, aligner })).rejects.toThrow(words);
  });
});

describe('reducers', () => {
  // Means of a: 3, 5, 5.5; of b: 3, 3, 3.
  it.each([
    ['REDUCE_MEAN', [3, 4, 4.25]],
    ['REDUCE_MIN', [3, 3, 3]],
    ['REDUCE_MAX', [3, 5, 5.5]],
    ['REDUCE_SUM', [6, 8, 8.5]],
    ['REDUCE_STDDEV', [0, 1, 1.25]],
    ['REDUCE_COUNT', [2, 2, 2]],
    ['REDUCE_PERCENTILE_50', [3, 4, 4.25]],
  ])('%s over two gauges', async (reducer, expected) => {
    expect(await valuesOf({ ...both, aligner: 'ALIGN_MEAN', reducer })).toEqual(expected);
  });

  it('keep what is grouped by apart, and take a second aggregation', async () => {
    const grouped = await read({
      ...both,
      aligner: 'ALIGN_MEAN',
      reducer: 'REDUCE_SUM',
      groupBy: ['metric.label.label'],
    });
    expect(grouped.map(({ label, values }) => [label, values])).toEqual([
      ['a', [3, 5, 5.5]],
      ['b', [3, 3, 3]],
    ]);
    const second = {
      alignmentPeriod: { seconds: 180 },
      perSeriesAligner: 'ALIGN_MAX',
      crossSeriesReducer: 'REDUCE_SUM',
    };
    expect(await valuesOf({ ...both, aligner: 'ALIGN_MEAN', second })).toEqual([8.5]);
  });

  it('merge latencies before a percentile is taken', async () => {
    const asked = { filter: `metric.type = "${LATENCIES}"`, aligner: 'ALIGN_DELTA', period: 120, minutes: 2 };
    const [value] = (await valuesOf({ ...asked, reducer: 'REDUCE_PERCENTILE_95' }))!;
    expect(Number(value)).toBeGreaterThan(300);
    expect(await read({ ...asked, reducer: 'REDUCE_MEAN' })).toMatchObject([
      { values: [expect.closeTo((100 * 50.5 + 50 * 400) / 150)], type: 'DOUBLE' },
    ]);
  });
});
