import { MetricServiceClient } from '@google-cloud/monitoring';
import { credentials } from '@grpc/grpc-js';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll } from 'vitest';
import { serveApis } from '../../src/sandbox/api-server.ts';
import { SandboxClock } from '../../src/sandbox/clock.ts';
import { createMonitoringApi } from '../../src/sandbox/monitoring/api.ts';
import { startGrpcServer } from '../../src/sandbox/monitoring/grpc-server.ts';
import { createMetricService } from '../../src/sandbox/monitoring/service.ts';
import { createPlane } from '../../src/sandbox/plane/plane.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../../src/sandbox/server.ts';
import { World } from '../../src/sandbox/world.ts';

/** Half an hour of metrics in a sandbox of its own, read by both transports of Google's own client. */

export const MINUTE_MS = 60_000;
export const ORIGIN = Date.UTC(2026, 0, 5, 12);
export const GAUGE = 'custom.googleapis.com/gauge';
export const FLAG = 'custom.googleapis.com/flag';
export const COUNTER = 'custom.googleapis.com/counter';
export const LATENCIES = 'loadbalancing.googleapis.com/https/backend_latencies';
export const TRANSPORTS = ['rest', 'gRPC'] as const;

export let world: World;
export let clients: Record<(typeof TRANSPORTS)[number], MetricServiceClient>;
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

export const stamp = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

export function series(type: string, value: object, end: number, label = 'a', metricKind = 'GAUGE') {
  const interval = { endTime: stamp(end), ...(metricKind === 'GAUGE' ? {} : { startTime: stamp(ORIGIN) }) };
  return {
    metric: { type, labels: { label } },
    resource: { type: 'global', labels: { project_id: 'p' } },
    metricKind: metricKind as 'GAUGE',
    points: [{ interval, value }],
  };
}

/** One point every half minute, the first half a minute after the origin. */
export async function write(type: string, values: object[], label = 'a', metricKind = 'GAUGE') {
  for (const [index, value] of values.entries()) {
    const one = series(type, value, ORIGIN + (index + 1) * 30_000, label, metricKind);
    await clients.rest.createTimeSeries({ name: 'projects/p', timeSeries: [one] });
  }
}

export interface Asked {
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
export async function read(asked: Asked, transport: (typeof TRANSPORTS)[number] = 'gRPC') {
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

export const valuesOf = async (asked: Asked) => (await read(asked))[0]?.values;
export const both = { filter: `metric.type = "${GAUGE}"` };
