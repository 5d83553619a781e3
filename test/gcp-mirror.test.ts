import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRouter } from '../src/gcp/router.ts';
import type { GroupRef } from '../src/ports/fleet.ts';
import { inventory, KEY, MIRROR_ZONE, reach, startBench } from './support/gcp-bench.ts';
import { untilHolds } from './support/until.ts';
import type { Bench } from './support/gcp-bench.ts';

// One mirror's whole life over real HTTP, in order: each step stands on the one before.
let bench: Bench;
let before: string[];
let group: GroupRef;

beforeAll(async () => {
  bench = await startBench();
  await untilHolds(
    () => bench.fleet.snapshot(bench.spec),
    ({ primary }) => primary.serving === 2,
  );
  before = await inventory(bench);
});
afterAll(() => bench?.close());

it('tells what the primary has and may have', async () => {
  const { primary, mirrors } = await bench.fleet.snapshot(bench.spec);
  expect(primary).toEqual({ serving: 2, minimum: 2, maximum: 10, target: 2 });
  expect(mirrors).toEqual([]);
});

it('raises three full instances from a copy of the primary', async () => {
  group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, KEY);
  const status = await reach(bench, group, { full: 3 });
  expect(status).toMatchObject({ exists: true, full: 3, pending: 0, errors: [] });
  const [manager] = await bench.clients.groups.get({
    project: group.project,
    zone: group.zone,
    instanceGroupManager: group.name,
  });
  expect(manager.autoHealingPolicies?.[0]?.initialDelaySec).toBe(120);
  expect(manager.namedPorts?.[0]).toMatchObject({ name: 'http', port: 8080 });
  const { mirrors } = await bench.fleet.snapshot(bench.spec);
  expect(mirrors).toEqual([{ zone: MIRROR_ZONE, full: 3, warm: 0, shadow: 0, serving: 3 }]);
});

it('refuses traffic before the load balancer sees a healthy instance, then shifts it', async () => {
  const router = createRouter(bench.clients);
  await expect(router.shift(bench.spec, group, 0.5, KEY)).rejects.toThrow('attach it before');
  await router.attach(bench.spec, group, KEY);
  await untilHolds(
    () => router.state(bench.spec, group),
    (state) => state.healthy === 3,
  );
  await router.shift(bench.spec, group, 0.05, KEY);
  expect(await router.state(bench.spec, group)).toEqual({ attached: true, share: 0.1, healthy: 3 });
  await router.shift(bench.spec, group, 1, KEY);
  const [service] = await bench.clients.backendServices.get({ project: 'p', backendService: 'shop' });
  expect(service.backends?.map((backend) => [backend.capacityScaler, backend.maxRatePerInstance])).toEqual([
    [1, 50],
    [1, 50],
  ]);
  await router.shift(bench.spec, group, 0, KEY);
  expect((await router.state(bench.spec, group)).share).toBe(0);
  expect(await router.drainMs(bench.spec)).toBe(10_000);
});

it('lowers to one warm and one shadow, and promotes both without creating anything', async () => {
  const standby = await reach(bench, group, { warm: 1, shadow: 1 });
  expect(standby).toMatchObject({ full: 0, warm: 1, shadow: 1 });
  const instances = [...bench.sandbox.world.instances.values()].filter((each) => each.group === group.name);
  const names = instances.map((instance) => instance.name).sort();
  const later = { ...KEY, plan: 'shop@2' };
  await reach(bench, group, { full: 2 }, later);
  const after = [...bench.sandbox.world.instances.values()].filter((each) => each.group === group.name);
  expect(after.map((instance) => instance.name).sort()).toEqual(names);
  expect(after.map((instance) => instance.status)).toEqual(['RUNNING', 'RUNNING']);
});

it('detaches and removes, and leaves nothing', async () => {
  const router = createRouter(bench.clients);
  await router.detach(bench.spec, group, KEY);
  await untilHolds(
    () => bench.fleet.removeGroup(group, KEY),
    (gone) => gone,
  );
  expect(await inventory(bench)).toEqual(before);
  expect(await bench.fleet.removeGroup(group, KEY)).toBe(true);
  expect(await bench.fleet.status(group)).toMatchObject({ exists: false });
});
