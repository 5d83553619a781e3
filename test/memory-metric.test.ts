import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMetricSource } from '../src/gcp/metrics.ts';
import { PRIMARY_ZONE, PROJECT, specOf, startBench, type Bench } from './support/gcp-bench.ts';

/** Memory by its name: what the Ops Agents of an application's instances write, read as the worker reads it. */

const MEMORY = 'agent.googleapis.com/memory/percent_used';
const MINUTE_MS = 60_000;
let bench: Bench;
beforeAll(async () => void (bench = await startBench()));
afterAll(() => bench.close());

/** As an Ops Agent does: a point for each state of memory, in per cent. */
function write(instanceId: string, used: number, at: number) {
  const [seconds, zone] = [Math.floor(at / 1000), PRIMARY_ZONE];
  return bench.clients.metrics.createServiceTimeSeries({
    name: `projects/${PROJECT}`,
    timeSeries: Object.entries({ used, cached: 30, free: 70 - used }).map(([state, doubleValue]) => ({
      metric: { type: MEMORY, labels: { state } },
      resource: { type: 'gce_instance', labels: { instance_id: instanceId, zone } },
      metricKind: 'GAUGE' as const,
      valueType: 'DOUBLE' as const,
      points: [{ interval: { endTime: { seconds } }, value: { doubleValue } }],
    })),
  });
}

it('is the mean of what the application’s instances use, strangers and other states aside', async () => {
  const clock = bench.sandbox.world.clock;
  const start = clock.now();
  const source = createMetricSource(bench.clients, clock);
  const read = () => source.read(specOf(), 'memory', start, clock.now());
  expect(await read()).toEqual([]);
  const [instances] = await bench.clients.instances.list({ project: PROJECT, zone: PRIMARY_ZONE });
  const [one, two] = instances.map(({ id }) => String(id)) as [string, string];
  const full = async () => (await read()).filter(({ instances: count }) => count === 2);
  let written = -Infinity;
  for (const deadline = Date.now() + 45_000; (await full()).length < 2;) {
    if (Date.now() > deadline) throw new Error('no memory of two instances was seen in time');
    const now = clock.now();
    if (now - written < MINUTE_MS / 2) continue;
    written = now;
    await Promise.all([write(one, 40, now), write(two, 50, now), write('4711', 99, now)]);
  }
  for (const { value } of await full()) expect(value).toBeCloseTo(0.45, 9);
});

it('is no metric that a user may write', async () => {
  const series = { metric: { type: MEMORY }, points: [{ value: { doubleValue: 1 } }] };
  await expect(
    bench.clients.metrics.createTimeSeries({ name: `projects/${PROJECT}`, timeSeries: [series] }),
  ).rejects.toThrow(/custom.googleapis.com, external.googleapis.com or workload/);
});
