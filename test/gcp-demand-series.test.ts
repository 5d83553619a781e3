import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALIGNERS, type DemandSeries } from '../src/domain/demand-series.ts';
import { alignerOf, reducerOf } from '../src/gcp/demand-aligners.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import type { Clock } from '../src/ports/clock.ts';
import { ORIGIN_MS, PROJECT, specOf, startBench, type Bench } from './support/gcp-bench.ts';

/** Demand from metrics that are no request count, and with what was refused: read from the sandbox's Monitoring. */

const MINUTE_MS = 60_000;
const CUSTOM = 'custom.googleapis.com';
const FROM = ORIGIN_MS - 20 * MINUTE_MS;
let bench: Bench;
let clock: Clock;

const stamp = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: 0 });

/** One point of a metric of its own, at a minute's end before the sandbox's start. */
function write(
  metric: string,
  minute: number,
  value: object,
  { kind = 'GAUGE', labels = {} }: { kind?: string; labels?: Record<string, string> } = {},
) {
  const end = ORIGIN_MS - minute * MINUTE_MS;
  const interval = { endTime: stamp(end), ...(kind === 'GAUGE' ? {} : { startTime: stamp(FROM) }) };
  return bench.clients.metrics.createTimeSeries({
    name: `projects/${PROJECT}`,
    timeSeries: [
      {
        metric: { type: `${CUSTOM}/${metric}`, labels },
        resource: { type: 'global', labels: { project_id: PROJECT } },
        metricKind: kind as 'GAUGE',
        points: [{ interval, value }],
      },
    ],
  });
}

const distribution = {
  count: 4,
  mean: 5,
  bucketOptions: { explicitBuckets: { bounds: [0, 10] } },
  bucketCounts: [0, 4],
};
const VALUES: Record<string, object> = {
  INT64: { int64Value: 6 },
  DOUBLE: { doubleValue: 6.5 },
  DISTRIBUTION: { distributionValue: distribution },
  BOOL: { boolValue: true },
  STRING: { stringValue: 'six' },
};

beforeAll(async () => {
  bench = await startBench();
  clock = { now: () => ORIGIN_MS, speed: 1 };
  for (const [type, value] of Object.entries(VALUES)) {
    await write(`gauge_${type.toLowerCase()}`, 5, value);
    if (type !== 'BOOL' && type !== 'STRING')
      await write(`counter_${type.toLowerCase()}`, 5, value, { kind: 'CUMULATIVE' });
  }
  // Busy workers of two instances; the second reports every other minute only.
  for (let minute = 15; minute >= 6; minute--)
    for (const instance of minute % 2 === 0 ? ['a', 'b'] : ['a'])
      await write('busy', minute, { int64Value: minute }, { labels: { instance } });
  // 60 served a second, refusals counted in three of these minutes.
  const points = Array.from({ length: 19 }, (_, i) => ({ at: FROM + (i + 1) * MINUTE_MS, value: 60 }));
  await fetch(`${bench.sandbox.addresses.control}/history`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ project: PROJECT, backendService: 'shop', stepMs: MINUTE_MS, points }),
  });
  for (const [minute, count] of [
    [12, 600],
    [11, 1200],
    [10, 1200],
  ] as const)
    await write('shed', minute, { int64Value: count }, { kind: 'CUMULATIVE' });
});
afterAll(() => bench?.close());

const specOfSeries = (series: Partial<DemandSeries>, refused?: DemandSeries) =>
  specOf({
    demand: { ...bench.spec.demand, ...series, observationDelayMs: 0, ...(refused && { refused }) },
  });
const read = (series: Partial<DemandSeries>) =>
  createDemandSource(bench.clients, clock).read(specOfSeries(series), FROM, ORIGIN_MS);

describe('a gauge', () => {
  it('counts what is there: series summed where they have a point, no minute made up', async () => {
    const samples = await read({ metric: `${CUSTOM}/busy`, aligner: 'mean' });
    expect(samples.map(({ at, value }) => [(ORIGIN_MS - at) / MINUTE_MS, value])).toEqual(
      [15, 14, 13, 12, 11, 10, 9, 8, 7, 6].map((minute) => [minute, minute % 2 === 0 ? 2 * minute : minute]),
    );
  });

  it('is narrowed by the filter, and reduced as asked', async () => {
    const one = await read({
      metric: `${CUSTOM}/busy`,
      aligner: 'max',
      filter: 'metric.labels.instance = "b"',
    });
    expect(one.map(({ value }) => value)).toEqual([14, 12, 10, 8, 6]);
    const most = await read({ metric: `${CUSTOM}/busy`, aligner: 'mean', reducer: 'max' });
    expect(most.map(({ value }) => value)).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
  });

  it('read as a rate is refused with field, value and what fits', async () => {
    await expect(read({ metric: `${CUSTOM}/busy` })).rejects.toThrow(
      /^demand.aligner: rate does not fit, since custom.googleapis.com\/busy is a GAUGE of INT64; write mean, min, max, sum, count$/,
    );
  });
});

describe('a distribution', () => {
  it('becomes a number by percentile of all series together, or by mean', async () => {
    const metric = `${CUSTOM}/counter_distribution`;
    const [percentile] = await read({ metric, aligner: 'delta', reducer: 'percentile-50' });
    expect(percentile!.value).toBeCloseTo(5, 6);
    const [mean] = await read({ metric, aligner: 'delta', reducer: 'mean' });
    expect(mean!.value).toBe(5);
    await expect(read({ metric, aligner: 'delta' })).rejects.toThrow(
      /demand.reducer: sum makes no number.*mean, perc/,
    );
  });
});

it('what is said to fit is what Monitoring gives numbers for, whatever the metric', async () => {
  const names = Object.keys(VALUES).flatMap((type) =>
    [`gauge_${type}`, `counter_${type}`].map((n) => n.toLowerCase()),
  );
  for (const name of names.filter((each) => !/counter_(bool|string)/.test(each)))
    for (const aligner of ALIGNERS)
      for (const reducer of ['sum', 'percentile-99'] as const) {
        const series = { metric: `${CUSTOM}/${name}`, aligner, reducer };
        const refusal = await read(series).then(
          (samples) => (samples.length === 1 && Number.isFinite(samples[0]!.value) ? undefined : 'no number'),
          (error: Error) => error.message,
        );
        const [answer] = await bench.clients.metrics
          .listTimeSeries({
            name: `projects/${PROJECT}`,
            filter: `metric.type = "${series.metric}"`,
            interval: { startTime: stamp(FROM), endTime: stamp(ORIGIN_MS) },
            aggregation: {
              alignmentPeriod: { seconds: 60 },
              perSeriesAligner: alignerOf({ ...series, filter: '' }),
              crossSeriesReducer: reducerOf({ ...series, filter: '' }),
            },
          })
          .catch(() => [[]]);
        const value = answer[0]?.points?.[0]?.value;
        const isNumber = (value?.doubleValue ?? value?.int64Value ?? undefined) !== undefined;
        expect([series, refusal === undefined], refusal).toEqual([series, isNumber]);
        if (refusal) expect(refusal).toMatch(/^demand\.(metric|aligner|reducer): /);
      }
});

describe('refusals', () => {
  const shed: DemandSeries = { metric: `${CUSTOM}/shed`, filter: '' };
  const told: string[] = [];
  const source = () => createDemandSource(bench.clients, clock, (_, text) => void told.push(text));

  it('are added minute by minute; where none is counted, what was served stands, and that is said', async () => {
    const samples = await source().read(specOfSeries({}, shed), FROM, ORIGIN_MS);
    const values = new Map(samples.map(({ at, value }) => [(ORIGIN_MS - at) / MINUTE_MS, value]));
    expect([13, 12, 11, 10, 9].map((minute) => Math.round(values.get(minute)!))).toEqual([
      60, 70, 70, 60, 60,
    ]);
    // How many steps Monitoring shows by now depends on how long the writes took: the three counted stay.
    const [without, steps] = /no value in (\d+) of (\d+) steps/
      .exec(told[0] ?? '')!
      .slice(1)
      .map(Number);
    expect(told.splice(0)).toEqual([expect.stringMatching(/^demand.refused has no value in/)]);
    expect([steps! >= 17, steps! - without!]).toEqual([true, 3]);
  });

  it('that do not fit are refused by their own field', async () => {
    const refused = { metric: `${CUSTOM}/busy`, filter: '' };
    await expect(source().read(specOfSeries({}, refused), FROM, ORIGIN_MS)).rejects.toThrow(
      /^demand.refused.aligner: rate/,
    );
  });
});
