import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { learnCapacity } from '../activities/past/capacity.ts';
import { rememberMetrics } from '../activities/past/carried-load.ts';
import { whyMoreThanSeen } from '../activities/saturated.ts';
import { asLearnt } from '../src/domain/learnt-spec.ts';
import type { Settings } from '../src/domain/plan.ts';
import { CAPACITY_BOUND, DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import { createMetricSource } from '../src/gcp/metrics.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import type { MetricSource } from '../src/ports/metrics.ts';
import { forecast, PRICES } from './support/decide-inputs.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { PRIMARY_ZONE, PROJECT, specOf } from './support/gcp-bench.ts';
import { startSteppedSandbox } from './support/stepped-sandbox.ts';

/** From requests on the wire through Monitoring and the ledger to what an instance is trusted with. */

const MINUTE_MS = 60_000;
const ORIGIN_MS = Date.UTC(2026, 2, 2, 6);
const HOURS = 8;
/** What the specification says: at a CPU of 80% of four workers that take 400 ms. */
const DECLARED = 8;
const APPLICATIONS = [
  { name: 'sound', serviceMs: 400, carries: 8 },
  { name: 'slow', serviceMs: 400 / 0.7, carries: 5.6 },
];
const INSTANCES = 2;

const specFor = (name: string) =>
  specOf({
    application: name,
    primary: { project: PROJECT, zone: PRIMARY_ZONE, instanceGroup: name },
    demand: { ...specOf().demand, perInstance: DECLARED },
    objectives: { availability: 0.999, latencyMs: 5_000, violationCost: 40 },
    routing: { kind: 'loadBalancer', backendService: name },
  });

let sandbox: Awaited<ReturnType<typeof startSteppedSandbox>>;
let ledger: StoredLedger;
let metrics: MetricSource;
/** By application, the factor after each hour's look back, and why. */
const learnt: Record<string, { factor: number; why: string }[]> = {};

beforeAll(async () => {
  const deployed = APPLICATIONS.map(({ name, serviceMs }) => ({
    name,
    serviceMs,
    zone: PRIMARY_ZONE,
    instances: INSTANCES,
    workers: 4,
  }));
  [sandbox, ledger] = await Promise.all([
    startSteppedSandbox(ORIGIN_MS, PROJECT, deployed),
    openEmptyLedger(),
  ]);
  metrics = createMetricSource(sandbox.clients, sandbox.clock);
  for (let hour = 0; hour < HOURS; hour++) {
    for (let minute = 0; minute < 60; minute++) {
      const busy = 0.7 + 0.25 * Math.sin((2 * Math.PI * (hour * 60 + minute)) / 100);
      const rates = APPLICATIONS.map(({ name, carries }) => [name, busy * 1.2 * carries * INSTANCES]);
      await sandbox.pass(Object.fromEntries(rates) as Record<string, number>, INSTANCES);
    }
    for (const { name } of APPLICATIONS) {
      const so = (learnt[name] ??= []);
      const { capacityFactor: factor, why } = await lookBack(name, so.at(-1)?.factor ?? 1);
      so.push({ factor, why });
    }
  }
}, 180_000);

function lookBack(application: string, capacityFactor: number) {
  const { clients, clock } = sandbox;
  const settings: Settings = { ...DEFAULT_SETTINGS, capacityFactor };
  const spec = asLearnt(specFor(application), settings);
  const times = { warmMs: 40_000, shadowMs: 90_000, coldMs: 150_000 };
  const world = { spec, prices: PRICES, timesToServe: times, primary: { minimum: 2, maximum: 2 } };
  const { history, metricStore } = ledger;
  const demand = createDemandSource(clients, clock);
  return learnCapacity({ demand, metrics, metricStore, history, clock }, { world, settings });
}

afterAll(async () => {
  await ledger?.close();
  await sandbox?.close();
});

describe('after hours of feedback', () => {
  test('an application whose instances carry 30% less than declared is trusted with that, in steps of 10%', () => {
    const factors = [1, ...learnt['slow']!.map(({ factor }) => factor)];
    for (const [i, factor] of factors.slice(1).entries()) {
      expect(factor).toBeLessThanOrEqual(factors[i]!);
      expect(factors[i]! / factor).toBeLessThan(CAPACITY_BOUND.factor + 0.005);
    }
    expect(factors.at(-1)).toBeGreaterThan(0.68);
    expect(factors.at(-1)).toBeLessThan(0.78);
  });

  test('one whose specification is right is left alone', () => {
    expect(learnt['sound']!.map(({ factor }) => factor)).toEqual(Array.from({ length: HOURS }, () => 1));
  });
});

describe('metrics by name', () => {
  const read = async (name: Parameters<MetricSource['read']>[1], application = 'slow') => {
    const now = sandbox.clock.now();
    return metrics.read(specFor(application), name, now - 30 * MINUTE_MS, now);
  };

  test('are minutes on the grid, as late as Monitoring says', async () => {
    const now = sandbox.clock.now();
    for (const name of ['cpu', 'latencyP50', 'latencyP99'] as const) {
      const samples = await read(name);
      expect(samples.map(({ at }) => (now - at) / MINUTE_MS)).toEqual(
        Array.from({ length: 26 }, (_, i) => 29 - i),
      );
    }
  });

  test('cpu is the mean over the instances of this application, and says of how many', async () => {
    const [slow, sound] = await Promise.all([read('cpu'), read('cpu', 'sound')]);
    for (const [i, { value, instances }] of slow.entries()) {
      expect(instances).toBe(INSTANCES);
      expect(Math.abs(value - sound[i]!.value)).toBeLessThan(0.15);
    }
    // The utilisation law: demand times the work of a request, over workers, and a base of 2%.
    const store = await ledger.metricStore.metrics('slow', 'cpu', ORIGIN_MS, sandbox.clock.now());
    const mean = store.reduce((sum, { value }) => sum + value, 0) / store.length;
    expect(mean).toBeCloseTo(0.02 + 0.7 * 1.2 * 0.8, 1);
  });

  test('latencies are those of the instances: the 99th percentile above the median', async () => {
    const [p50, p99] = await Promise.all([read('latencyP50'), read('latencyP99')]);
    for (const [i, { value }] of p50.entries()) {
      expect(value).toBeGreaterThan(0);
      expect(p99[i]!.value).toBeGreaterThanOrEqual(value);
    }
  });

  test('memory is missing where no agent reports it', async () => {
    expect(await read('memory')).toEqual([]);
  });

  test('nothing is read of a load balancer that the application has not', async () => {
    const spec = {
      ...specFor('slow'),
      routing: { kind: 'dns', managedZone: 'z', name: 'n.', ttlSeconds: 30 } as const,
    };
    const now = sandbox.clock.now();
    const other = { ...spec, demand: { ...spec.demand, metric: 'custom.googleapis.com/orders' } };
    expect(await metrics.read(other, 'latencyP99', now - 30 * MINUTE_MS, now)).toEqual([]);
  });
});

test('minutes in which instances are saturated are told, and teach no lower capacity', async () => {
  const { clock } = sandbox;
  for (let minute = 0; minute < 40; minute++) {
    // Ten minutes to get through the queue, so that the last ones are quiet again.
    const crowd = minute < 20 ? 1.8 : 0.5;
    await sandbox.pass({ slow: crowd * 5.6 * INSTANCES, sound: 1 }, INSTANCES);
    if (minute !== 24) continue;
    const asOf = clock.now() - 5 * MINUTE_MS;
    const looked = forecast({ asOf });
    expect(await whyMoreThanSeen(metrics, specFor('slow'), looked)).toMatch(/^CPU (100|9[5-9])%$/);
  }
  const before = learnt['slow']!.at(-1)!.factor;
  const after = await lookBack('slow', before);
  expect(after.evidence.saturated).toBeGreaterThanOrEqual(3);
  expect(Math.abs(after.capacityFactor / before - 1)).toBeLessThan(0.06);
});

test('points that come late are taken in, and what the source forgets is kept', async () => {
  const spec = specFor('late');
  const at = (minute: number) => ORIGIN_MS + minute * MINUTE_MS;
  let [now, there]: [number, number[]] = [at(20), [1, 2, 3, 4, 6]];
  const source: MetricSource = {
    read: async (_, metric, from, to) =>
      metric === 'cpu'
        ? there
            .map((minute) => ({ at: at(minute), value: minute / 100, instances: 1 }))
            .filter((sample) => sample.at > from && sample.at <= to)
        : [],
  };
  const { history, metricStore } = ledger;
  const demand = { read: async () => [] };
  const remember = () =>
    rememberMetrics(
      { demand, metrics: source, metricStore, history, clock: { now: () => now, speed: 1 } },
      spec,
      ORIGIN_MS,
    );
  await remember();
  [now, there] = [at(30), [3, 4, 5, 6, 7]];
  await remember();
  const kept = await metricStore.metrics('late', 'cpu', ORIGIN_MS, now);
  expect(kept.map((sample) => (sample.at - ORIGIN_MS) / MINUTE_MS)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
