import { MetricServiceClient, protos } from '@google-cloud/monitoring';
import { credentials } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { serveApis } from '../src/sandbox/api-server.ts';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { createMonitoringApi } from '../src/sandbox/monitoring/api.ts';
import { merged, percentile } from '../src/sandbox/monitoring/distribution.ts';
import { startGrpcServer } from '../src/sandbox/monitoring/grpc-server.ts';
import { createMetricService } from '../src/sandbox/monitoring/service.ts';
import { addLatency, emptyHistogram, LATENCY_BUCKETS } from '../src/sandbox/plane/latency-histogram.ts';
import { createPlane } from '../src/sandbox/plane/plane.ts';
import { seededRandom } from '../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../src/sandbox/server.ts';
import { World } from '../src/sandbox/world.ts';

/** Custom metrics, latencies, descriptors, aligners and reducers, over both transports of Google's own client. */

const MINUTE_MS = 60_000;
const ORIGIN = Date.UTC(2026, 0, 5, 12);
const GAUGE = 'custom.googleapis.com/gauge';
const FLAG = 'custom.googleapis.com/flag';
const COUNTER = 'custom.googleapis.com/counter';
const LATENCIES = 'loadbalancing.googleapis.com/https/backend_latencies';
const TRANSPORTS = ['rest', 'gRPC'] as const;

let world: World;
let clients: Record<(typeof TRANSPORTS)[number], MetricServiceClient>;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  // A clock that stands half an hour after its origin: what happened then is visible.
  const clock = new SandboxClock(ORIGIN, 1, Date.now() - 30 * MINUTE_MS);
  const settings = { delays: DEFAULT_DELAYS, defaultProfile: DEFAULT_PROFILE };
  world = new World({ clock, random: seededRandom(1), ...settings });
  const plane = createPlane(world);
  const service = createMetricService(world, plane);
  const rest = await serveApis(world, [createMonitoringApi(service)], 0);
  const grpc = await startGrpcServer(world, service);
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: 'p' }) as never;
  const place = { apiEndpoint: '127.0.0.1', auth };
  clients = {
    rest: new MetricServiceClient({ ...place, port: rest.port, protocol: 'http', fallback: true }),
    gRPC: new MetricServiceClient({
      ...place,
      port: grpc.port,
      sslCreds: credentials.createInsecure() as never,
    }),
  };
  closing.push(
    () => clients.rest.close(),
    () => clients.gRPC.close(),
    () => grpc.close(),
    () => rest.close(),
  );
  const meter = plane.meter('p', 'shop');
  // 1 to 100 ms in the first minute, all of it 400 ms in the second.
  for (let ms = 1; ms <= 100; ms++) meter.count('shop', 200, 1, ORIGIN + 30_000, ms);
  meter.count('shop', 200, 50, ORIGIN + 90_000, 400);
  await write(
    GAUGE,
    [1, 5, 3, 7, 2, 9].map((doubleValue) => ({ doubleValue })),
  );
  await write(
    GAUGE,
    [3, 3, 3, 3, 3, 3].map((doubleValue) => ({ doubleValue })),
    'b',
  );
  await write(
    FLAG,
    [true, false, true, true].map((boolValue) => ({ boolValue })),
  );
  await write(
    COUNTER,
    [10, 40, 100, 130].map((int64Value) => ({ int64Value })),
    'a',
    'CUMULATIVE',
  );
});

afterAll(async () => {
  for (const close of closing) await close();
});

const stamp = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

function series(type: string, value: object, end: number, label = 'a', metricKind = 'GAUGE') {
  const interval = { endTime: stamp(end), ...(metricKind === 'GAUGE' ? {} : { startTime: stamp(ORIGIN) }) };
  return {
    metric: { type, labels: { label } },
    resource: { type: 'global', labels: { project_id: 'p' } },
    metricKind: metricKind as 'GAUGE',
    points: [{ interval, value }],
  };
}

/** One point every half minute, the first half a minute after the origin. */
async function write(type: string, values: object[], label = 'a', metricKind = 'GAUGE') {
  for (const [index, value] of values.entries()) {
    const one = series(type, value, ORIGIN + (index + 1) * 30_000, label, metricKind);
    await clients.rest.createTimeSeries({ name: 'projects/p', timeSeries: [one] });
  }
}

interface Asked {
  type?: string;
  filter?: string;
  aligner?: string;
  reducer?: string;
  groupBy?: string[];
  period?: number;
  minutes?: number;
  view?: 'FULL' | 'HEADERS';
  second?: object;
}

/** What is read of the first minutes after the origin: values oldest first, per series. */
async function read(asked: Asked, transport: (typeof TRANSPORTS)[number] = 'gRPC') {
  const { type = GAUGE, aligner, reducer, groupBy = [], period = 60, minutes = 3, filter } = asked;
  const [all] = await clients[transport].listTimeSeries({
    name: 'projects/p',
    filter: filter ?? `metric.type = "${type}" AND metric.labels.label != "b"`,
    interval: { startTime: stamp(ORIGIN), endTime: stamp(ORIGIN + minutes * MINUTE_MS) },
    view: asked.view ?? 'FULL',
    ...(aligner === undefined
      ? {}
      : {
          aggregation: {
            alignmentPeriod: { seconds: period },
            perSeriesAligner: aligner as 'ALIGN_MEAN',
            crossSeriesReducer: (reducer ?? 'REDUCE_NONE') as 'REDUCE_SUM',
            groupByFields: groupBy,
          },
        }),
    ...(asked.second ? { secondaryAggregation: asked.second } : {}),
  });
  return all.map(({ metric, metricKind, valueType, points }) => ({
    label: metric?.labels?.['label'],
    kind: metricKind,
    type: valueType,
    values: (points ?? []).toReversed().map(({ value }) => {
      const found = value!.doubleValue ?? value!.int64Value ?? value!.boolValue;
      return typeof found === 'boolean' ? found : Number(found);
    }),
  }));
}

const valuesOf = async (asked: Asked) => (await read(asked))[0]?.values;
const both = { filter: `metric.type = "${GAUGE}"` };

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

describe('distributions', () => {
  const latencies = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), {
    minLength: 1,
    maxLength: 40,
  });
  const of = (values: number[]) => {
    const histogram = emptyHistogram();
    for (const value of values) addLatency(histogram, value, 1);
    return { ...histogram, bucketOptions: { exponentialBuckets: LATENCY_BUCKETS } };
  };

  test('merge to that of all values together', () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const [together, apart] = [of([...a, ...b]), merged([of(a), of(b)])];
        expect(apart.bucketCounts).toEqual(together.bucketCounts);
        expect(apart.mean / together.mean).toBeCloseTo(1, 8);
        const scale = 1 + together.sumOfSquaredDeviation;
        expect(apart.sumOfSquaredDeviation / scale).toBeCloseTo(together.sumOfSquaredDeviation / scale, 6);
      }),
    );
  });

  test('have percentiles that rise with p and lie within one bucket of the exact value', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, p) => {
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(p * values.length) - 1]!;
        const estimate = percentile(of(values), p)!;
        if (exact >= LATENCY_BUCKETS.scale) expect(estimate / exact).toBeGreaterThan(1 / 1.4001);
        expect(estimate).toBeLessThanOrEqual(Math.max(exact * 1.4001, LATENCY_BUCKETS.scale));
        expect(percentile(of(values), Math.max(0.01, p / 2))!).toBeLessThanOrEqual(estimate);
      }),
    );
  });
});

describe.each(TRANSPORTS)('over %s', (transport) => {
  const client = () => clients[transport];

  it('reads the same, filters, and gives headers alone', async () => {
    expect(await read(both, transport)).toEqual(await read(both, 'rest'));
    const labels = async (filter: string) =>
      (await read({ filter: `metric.type = "${GAUGE}" AND (${filter})` }, transport)).map(
        ({ label }) => label,
      );
    expect(await labels('metric.labels.label = one_of("b", "c")')).toEqual(['b']);
    expect(await labels('metric.labels.label = starts_with("a") OR metric.label.label = "b"')).toEqual([
      'a',
      'b',
    ]);
    expect(await labels('NOT metric.labels.label = monitoring.regex.full_match("[b-z]")')).toEqual(['a']);
    const headers = await read({ ...both, view: 'HEADERS' }, transport);
    expect(headers.map(({ values }) => values)).toEqual([[], []]);
  });

  it('knows its metrics and resources by descriptors', async () => {
    const filter = 'metric.type = starts_with("loadbalancing.googleapis.com/https/backend")';
    const [metrics] = await client().listMetricDescriptors({ name: 'projects/p', filter });
    expect(metrics.map(({ type, valueType }) => [type, valueType])).toEqual([
      ['loadbalancing.googleapis.com/https/backend_request_count', 'INT64'],
      [LATENCIES, 'DISTRIBUTION'],
    ]);
    const name = `projects/p/metricDescriptors/${GAUGE}`;
    expect((await client().getMetricDescriptor({ name }))[0]).toMatchObject({
      type: GAUGE,
      metricKind: 'GAUGE',
    });
    const [resources] = await client().listMonitoredResourceDescriptors({ name: 'projects/p' });
    expect(resources.map(({ type }) => type)).toContain('https_lb_rule');
    const one = `projects/p/monitoredResourceDescriptors/gce_instance`;
    const [instance] = await client().getMonitoredResourceDescriptor({ name: one });
    expect(instance.labels!.map(({ key }) => key)).toEqual(['project_id', 'instance_id', 'zone']);
  });

  it('says which of the points it has not written, and writes the others', async () => {
    const type = `custom.googleapis.com/partial_${transport}`;
    const point = { int64Value: 1 };
    const at = ORIGIN + 20 * MINUTE_MS;
    const timeSeries = [
      series(type, point, at),
      series(type, point, at - 26 * 60 * MINUTE_MS, 'old'),
      series(type, point, at + 20 * MINUTE_MS, 'future'),
      series('compute.googleapis.com/instance/uptime', point, at),
      series(type, point, at),
      series(type, { doubleValue: 1 }, at, 'other type'),
    ];
    const refused = client().createTimeSeries({ name: 'projects/p', timeSeries });
    await expect(refused).rejects.toThrow(
      /timeSeries\[1\].*timeSeries\[2\].*timeSeries\[3\].*timeSeries\[4\].*timeSeries\[5\]/,
    );
    await expect(refused).rejects.not.toThrow('timeSeries[0]: ');
    if (transport === 'gRPC') {
      const { metadata } = (await refused.catch((error: unknown) => error)) as { metadata: Metadata };
      const [trailer] = metadata.get('grpc-status-details-bin');
      const [packed] = protos.google.rpc.Status.decode(trailer as Buffer).details;
      expect(packed!.type_url).toBe('type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary');
      const summary = protos.google.monitoring.v3.CreateTimeSeriesSummary;
      expect(summary.decode(packed!.value as Buffer)).toMatchObject({
        totalPointCount: 6,
        successPointCount: 1,
        errors: Array.from({ length: 5 }, () => ({ status: { code: 3 }, pointCount: 1 })),
      });
    }
    const one = (end: number) => ({ name: 'projects/p', timeSeries: [series(type, point, end)] });
    await expect(client().createTimeSeries(one(at))).rejects.toThrow('written in order');
    await expect(client().createTimeSeries(one(at + 1_000))).rejects.toThrow('more frequently');
    await client().createTimeSeries(one(at + 5_000));
    const found = await read({ filter: `metric.type = "${type}"`, minutes: 21 }, transport);
    expect(found).toMatchObject([{ label: 'a', type: 'INT64', values: [1, 1] }]);
    const many = Array.from({ length: 201 }, (_, index) => series(type, point, at, `${index}`));
    await expect(client().createTimeSeries({ name: 'projects/p', timeSeries: many })).rejects.toThrow(
      'at most 200',
    );
  });

  it('refuses with the right code: unknown metrics, wrong requests, and by fault rules', async () => {
    const codeOf = (filter: string) =>
      read({ filter }, transport).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
    // The REST client of this generation leaves HTTP statuses in `code`.
    const codes = transport === 'gRPC' ? [5, 3, 14, 7] : [404, 400, 503, 403];
    const match = { method: 'monitoring.projects.timeSeries.list' };
    const seen = [await codeOf('metric.type = "custom.googleapis.com/none"'), await codeOf('metric.type')];
    for (const error of ['backendError', 'forbidden']) {
      world.faults.set({ rules: [{ name: error, match, effect: { error } }] });
      const [all] = await Promise.allSettled([
        client().listTimeSeries(
          { name: 'projects/p', filter: `metric.type = "${GAUGE}"`, interval: { endTime: stamp(ORIGIN) } },
          { retry: null, timeout: 5_000 } as never,
        ),
      ]);
      seen.push((all as unknown as { reason: { code: number } }).reason.code);
      expect(world.calls.at(-1)).toMatchObject({ path: '/v3/projects/p/timeSeries', faults: [error] });
    }
    world.faults.set({ rules: [] });
    expect(seen).toEqual(codes);
  });

  it('takes a described metric away with its data', async () => {
    const type = `custom.googleapis.com/described_${transport}`;
    const shape = { type, metricKind: 'GAUGE', valueType: 'DOUBLE', unit: 'ms', description: 'd' } as const;
    const [made] = await client().createMetricDescriptor({ name: 'projects/p', metricDescriptor: shape });
    expect(made).toMatchObject(shape);
    const name = `projects/p/metricDescriptors/${type}`;
    await client().deleteMetricDescriptor({ name });
    await expect(client().getMetricDescriptor({ name })).rejects.toThrow('Could not find descriptor');
  });
});
