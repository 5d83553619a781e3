import { MetricServiceClient } from '@google-cloud/monitoring';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { afterEach, describe, expect, it } from 'vitest';
import { serveApis } from '../src/sandbox/api-server.ts';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { createMonitoringApi } from '../src/sandbox/monitoring/api.ts';
import { createMetricService } from '../src/sandbox/monitoring/service.ts';
import { createPlane } from '../src/sandbox/plane/plane.ts';
import { seededRandom } from '../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../src/sandbox/server.ts';
import { World } from '../src/sandbox/world.ts';

const MINUTE_MS = 60_000;
const ORIGIN = Date.UTC(2026, 0, 5, 12);
const NOW = ORIGIN + 20 * MINUTE_MS;
const REQUEST_COUNT = 'loadbalancing.googleapis.com/https/request_count';
const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.close();
});

/** A sandbox whose clock stands 20 minutes after its origin, and Google's own client on it. */
async function monitoring() {
  const clock = new SandboxClock(ORIGIN, 1, Date.now() - (NOW - ORIGIN));
  const settings = { delays: DEFAULT_DELAYS, defaultProfile: DEFAULT_PROFILE };
  const world = new World({ clock, random: seededRandom(1), ...settings });
  const plane = createPlane(world);
  const server = await serveApis(world, [createMonitoringApi(createMetricService(world, plane))], 0);
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: 'p' });
  const at = { apiEndpoint: '127.0.0.1', port: server.port, protocol: 'http' };
  // The package brings its own copy of the auth library's types.
  const client = new MetricServiceClient({ ...at, fallback: true, auth: auth as never });
  open.push(server, plane, client);
  return { world, plane, client };
}

type Client = MetricServiceClient;
type Request = Parameters<Client['listTimeSeries']>[0];

function stamp(ms: number) {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}

async function list(client: Client, from: number, to: number, more: Partial<Request> = {}) {
  const [series] = await client.listTimeSeries({
    name: 'projects/p',
    filter: `metric.type = "${REQUEST_COUNT}" AND resource.labels.backend_target_name = "shop"`,
    interval: { startTime: stamp(from), endTime: stamp(to) },
    ...more,
  });
  return series.map(({ metric, resource, points }) => ({
    labels: { ...metric?.labels, ...resource?.labels },
    points: (points ?? []).map(({ interval, value }) => [
      (Number(interval!.endTime!.seconds) * 1000 - ORIGIN) / MINUTE_MS,
      Number(value!.int64Value ?? value!.doubleValue),
    ]),
  }));
}

const rate = {
  aggregation: {
    alignmentPeriod: { seconds: 60 },
    perSeriesAligner: 'ALIGN_RATE',
    crossSeriesReducer: 'REDUCE_SUM',
    groupByFields: ['resource.label.backend_target_name'],
  },
} satisfies Partial<Request>;

type Plane = Awaited<ReturnType<typeof monitoring>>['plane'];

/** History until the origin, then two groups that answer, one of them with errors too. */
function fill(plane: Plane, after = 0) {
  const points = [-2, -1, 0].map((minute) => ({ at: ORIGIN + minute * MINUTE_MS, value: 5 + minute }));
  plane.importHistory({ project: 'p', backendService: 'shop', stepMs: MINUTE_MS, points });
  const meter = plane.meter('p', 'shop');
  meter.measure(['shop', 'mirror'], ORIGIN);
  meter.count('shop', 200, 120, ORIGIN + 0.2 * MINUTE_MS);
  meter.count('mirror', 200, 60, ORIGIN + 0.9 * MINUTE_MS);
  meter.count('shop', 503, 30, ORIGIN + 2.5 * MINUTE_MS);
  meter.count('shop', 200, 999 + after, ORIGIN + 17 * MINUTE_MS);
}

describe('timeSeries.list through the client library', () => {
  it('joins history and counted traffic without a seam, with zero where the load balancer was up', async () => {
    const { plane, client } = await monitoring();
    fill(plane);
    const [series] = await list(client, ORIGIN - 3 * MINUTE_MS, ORIGIN + 4 * MINUTE_MS, rate);
    expect(series!.labels).toEqual({ backend_target_name: 'shop' });
    expect(series!.points).toEqual([
      [4, 0],
      [3, 0.5],
      [2, 0],
      [1, 3],
      [0, 5],
      [-1, 4],
      [-2, 3],
    ]);
  });

  it('tells backends and response classes apart as counts of each minute', async () => {
    const { plane, client } = await monitoring();
    fill(plane);
    const series = await list(client, ORIGIN, ORIGIN + 3 * MINUTE_MS);
    const of = (backend: string, responseClass: string) =>
      series.find(
        (s) => s.labels['backend_name'] === backend && s.labels['response_code_class'] === responseClass,
      );
    expect(of('shop', '200')!.points).toEqual([
      [3, 0],
      [2, 0],
      [1, 120],
    ]);
    expect(of('mirror', '200')!.points.at(-1)).toEqual([1, 60]);
    expect(of('shop', '500')!.points).toEqual([[3, 30]]);
    const only = await list(client, ORIGIN, ORIGIN + 3 * MINUTE_MS, {
      filter: `metric.type="${REQUEST_COUNT}" AND (resource.label.backend_name != "shop")`,
    });
    expect(only.map((s) => s.labels['backend_name'])).toEqual(['mirror']);
  });

  it('leaves minutes without a load balancer missing', async () => {
    const { plane, client } = await monitoring();
    const meter = plane.meter('p', 'shop');
    meter.measure(['shop'], ORIGIN + 3.5 * MINUTE_MS);
    meter.measure([], ORIGIN + 6 * MINUTE_MS);
    const [series] = await list(client, ORIGIN, ORIGIN + 10 * MINUTE_MS, rate);
    expect(series!.points).toEqual([
      [6, 0],
      [5, 0],
    ]);
  });

  it('never shows a point younger than the delay, however it is asked, and an older end with stale metrics', async () => {
    const { world, plane, client } = await monitoring();
    plane.meter('p', 'shop').measure(['shop'], ORIGIN);
    const newest = async (more: Partial<Request>, to = NOW + 3_600_000) =>
      Math.max(...(await list(client, ORIGIN, to, more)).flatMap((s) => s.points.map(([end]) => end!)));
    expect(await newest({})).toBe(16);
    expect(await newest(rate)).toBe(16);
    const coarse = { aggregation: { ...rate.aggregation, alignmentPeriod: { seconds: 300 } } };
    expect(await newest(coarse, NOW)).toBe(15);
    expect(await newest({ pageToken: `1-${NOW}` })).toBeLessThanOrEqual(16);
    world.faults.set({ staleMetricsMs: 5 * MINUTE_MS });
    expect(await newest(rate)).toBe(11);
  });

  it('answers the same for every time before two worlds part', async () => {
    const answers = [];
    for (const after of [0, 50_000]) {
      const { plane, client } = await monitoring();
      fill(plane, after);
      for (const more of [{}, rate])
        answers.push(await list(client, ORIGIN - 3 * MINUTE_MS, ORIGIN + 16 * MINUTE_MS, more));
    }
    expect(answers.slice(0, 2)).toEqual(answers.slice(2));
    expect(answers[0]!.length).toBeGreaterThan(1);
  });

  it('pages through all points once', async () => {
    const { plane, client } = await monitoring();
    fill(plane);
    const whole = (await list(client, ORIGIN - 3 * MINUTE_MS, NOW)).flatMap((s) => s.points);
    const paged = (await list(client, ORIGIN - 3 * MINUTE_MS, NOW, { pageSize: 4 })).flatMap((s) => s.points);
    expect(whole.length).toBeGreaterThan(30);
    expect(paged).toEqual(whole);
  });

  it('says what is wrong with a request', async () => {
    const { client } = await monitoring();
    await expect(list(client, ORIGIN, NOW, { filter: 'metric.type ~ "x"' })).rejects.toThrow(/cannot read/);
    await expect(list(client, ORIGIN, NOW, { filter: 'resource.type = "x"' })).rejects.toThrow(
      /names no metric/,
    );
    await expect(
      list(client, ORIGIN, NOW, { aggregation: { perSeriesAligner: 'ALIGN_RATE' } }),
    ).rejects.toThrow(/alignmentPeriod/);
  });
});

describe('imported history', () => {
  it('refuses what lies after the origin, and spreads longer steps over their minutes', async () => {
    const { plane, client } = await monitoring();
    const history = { project: 'p', backendService: 'shop', stepMs: 5 * MINUTE_MS };
    expect(() => plane.importHistory({ ...history, points: [{ at: ORIGIN + 1, value: 1 }] })).toThrow(
      /points\[0\].at/,
    );
    expect(() => plane.importHistory({ ...history, points: [{ at: ORIGIN, value: -1 }] })).toThrow(
      /points\[0\].value/,
    );
    for (const value of [9, 2]) plane.importHistory({ ...history, points: [{ at: ORIGIN, value }] });
    const [series] = await list(client, ORIGIN - 9 * MINUTE_MS, ORIGIN);
    expect(series!.points).toEqual([0, -1, -2, -3, -4].map((minute) => [minute, 120]));
  });
});
