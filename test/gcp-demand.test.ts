import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCapacitySource } from '../src/gcp/capacity.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import type { Clock } from '../src/ports/clock.ts';
import { MIRROR_ZONE, ORIGIN_MS, PROJECT, reach, specOf, startBench } from './support/gcp-bench.ts';
import type { Bench } from './support/gcp-bench.ts';

const MINUTE_MS = 60_000;
let bench: Bench;
let clock: Clock;

beforeAll(async () => {
  bench = await startBench();
  clock = { now: () => bench.sandbox.world.clock.now(), speed: 60 };
  // An hour until the sandbox's start, one request a second more each minute, one minute missing.
  const points = Array.from({ length: 60 }, (_, minute) => ({
    at: ORIGIN_MS - (60 - minute) * MINUTE_MS + MINUTE_MS,
    value: 100 + minute,
  })).filter(({ at }) => at !== ORIGIN_MS - 30 * MINUTE_MS);
  const answer = await fetch(`${bench.sandbox.addresses.control}/history`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ project: PROJECT, backendService: 'shop', stepMs: MINUTE_MS, points }),
  });
  if (!answer.ok) throw new Error(await answer.text());
});
afterAll(() => bench?.close());

it('reads requests per second per minute, and leaves a missing minute out', async () => {
  const source = createDemandSource(bench.clients, clock);
  const samples = await source.read(bench.spec, ORIGIN_MS - 33 * MINUTE_MS, ORIGIN_MS - 28 * MINUTE_MS);
  expect(samples.map(({ at }) => (ORIGIN_MS - at) / MINUTE_MS)).toEqual([32, 31, 29, 28]);
  expect(samples[0]!.value).toBeCloseTo(127, 0);
});

it('keeps to (from, to] and to the grid when asked between two minutes', async () => {
  const source = createDemandSource(bench.clients, clock);
  const samples = await source.read(bench.spec, ORIGIN_MS - 20.5 * MINUTE_MS, ORIGIN_MS - 17.25 * MINUTE_MS);
  expect(samples.map(({ at }) => (ORIGIN_MS - at) / MINUTE_MS)).toEqual([20, 19, 18]);
});

it('answers nothing newer than now minus the observation delay, whatever Monitoring would show', async () => {
  const late: Clock = { now: () => ORIGIN_MS - 10 * MINUTE_MS, speed: 1 };
  const source = createDemandSource(bench.clients, late);
  const samples = await source.read(bench.spec, ORIGIN_MS - 20 * MINUTE_MS, ORIGIN_MS);
  expect((ORIGIN_MS - samples.at(-1)!.at) / MINUTE_MS).toBe(14);
  expect(await source.read(bench.spec, ORIGIN_MS - 13 * MINUTE_MS, ORIGIN_MS)).toEqual([]);
});

it('counts the application’s own backend service only', async () => {
  const source = createDemandSource(bench.clients, clock);
  const other = specOf({ routing: { kind: 'loadBalancer', backendService: 'another' } });
  expect(await source.read(other, ORIGIN_MS - 20 * MINUTE_MS, ORIGIN_MS - 10 * MINUTE_MS)).toEqual([]);
});

it('refuses a step that Monitoring does not have, naming the field', async () => {
  const source = createDemandSource(bench.clients, clock);
  const spec = specOf({ demand: { ...bench.spec.demand, stepMs: 10_000 } });
  await expect(source.read(spec, 0, ORIGIN_MS)).rejects.toThrow(/demand\.step: 10000 ms/);
});

it('turns what the region’s quotas leave into instances of the primary’s machine type', async () => {
  let now = clock.now();
  const source = createCapacitySource(bench.clients, { now: () => now, speed: 1 });
  const usedBefore = await source.read(bench.spec);
  // 1000 vCPUs at 4 each, and 250 instances, less the primary's two.
  expect(usedBefore).toEqual([
    { zone: MIRROR_ZONE, quotaLeft: 248, reservedLeft: 0 },
    { zone: 'us-central1-c', quotaLeft: 248, reservedLeft: 0 },
  ]);
  const key = { run: 'mirror/shop/us-central1-b/1', plan: 'shop@1' };
  const group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  await reach(bench, group, { full: 1 }, key);
  expect(await source.read(bench.spec)).toEqual(usedBefore);
  now += 6 * MINUTE_MS;
  expect((await source.read(bench.spec))[0]!.quotaLeft).toBe(247);
});
