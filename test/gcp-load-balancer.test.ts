import { afterAll, beforeAll, expect, it } from 'vitest';
import { perform } from '../src/gcp/call.ts';
import { createLoadBalancerRouter } from '../src/gcp/load-balancer-router.ts';
import { NotOursError } from '../src/ports/errors.ts';
import type { GroupRef } from '../src/ports/fleet.ts';
import type { Router } from '../src/ports/router.ts';
import { KEY, MIRROR_ZONE, PROJECT, reach, startBench } from './support/gcp-bench.ts';
import { untilHolds } from './support/until.ts';
import type { Bench } from './support/gcp-bench.ts';

const OTHER_ZONE = 'us-central1-c';
const OTHER_KEY = { run: `mirror/shop/${OTHER_ZONE}/1`, plan: 'shop@1' };
let bench: Bench;
let router: Router;
let group: GroupRef;
let other: GroupRef;

beforeAll(async () => {
  bench = await startBench();
  router = createLoadBalancerRouter(bench.clients);
  group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, KEY);
  other = await bench.fleet.ensureGroup(bench.spec, OTHER_ZONE, OTHER_KEY);
});
afterAll(() => bench?.close());

async function backends() {
  const [service] = await bench.clients.backendServices.get({ project: PROJECT, backendService: 'shop' });
  return (service.backends ?? []).map((backend) => ({
    group: backend.group!.slice(backend.group!.lastIndexOf('/') + 1),
    scaler: backend.capacityScaler,
  }));
}

it('keeps both entries when two mirrors attach at the same time', async () => {
  await Promise.all([router.attach(bench.spec, group, KEY), router.attach(bench.spec, other, OTHER_KEY)]);
  expect(await backends()).toEqual(
    expect.arrayContaining([
      { group: 'shop', scaler: 1 },
      { group: group.name, scaler: 0 },
      { group: other.name, scaler: 0 },
    ]),
  );
});

it('refuses a share while no instance is healthy, and changes nothing', async () => {
  const before = await backends();
  await expect(router.shift(bench.spec, group, 1, KEY)).rejects.toThrow(/No instance of pm-shop/);
  expect(await backends()).toEqual(before);
});

it('changes its own entry only, and follows an entry that somebody else changes between', async () => {
  await reach(bench, group, { full: 1 });
  await untilHolds(
    () => router.state(bench.spec, group),
    ({ healthy }) => healthy === 1,
  );
  await router.shift(bench.spec, group, 0.4, KEY);
  expect(await backends()).toEqual(
    expect.arrayContaining([
      { group: 'shop', scaler: 1 },
      { group: group.name, scaler: 0.4 },
      { group: other.name, scaler: 0 },
    ]),
  );
  await router.detach(bench.spec, other, OTHER_KEY);
  await router.detach(bench.spec, other, OTHER_KEY);
  expect((await backends()).map((backend) => backend.group)).toEqual(['shop', group.name]);
});

it('never removes the last backend', async () => {
  const project = PROJECT;
  const [service] = await bench.clients.backendServices.get({ project, backendService: 'shop' });
  const own = service.backends!.filter((backend) => backend.group!.endsWith(group.name));
  const primary = service.backends!.filter((backend) => !backend.group!.endsWith(group.name));
  await patch(own, service.fingerprint!);
  await expect(router.detach(bench.spec, group, KEY)).rejects.toThrow(/is the last backend of 'shop'/);
  const [after] = await bench.clients.backendServices.get({ project, backendService: 'shop' });
  await patch([...primary, ...own], after.fingerprint!);
});

it('leaves an entry for our group alone that somebody else wrote', async () => {
  const project = PROJECT;
  const [service] = await bench.clients.backendServices.get({ project, backendService: 'shop' });
  const foreign = service.backends!.map((backend) =>
    backend.group!.endsWith(group.name) ? { ...backend, description: 'by hand' } : backend,
  );
  await patch(foreign, service.fingerprint!);
  await expect(router.detach(bench.spec, group, KEY)).rejects.toThrow(NotOursError);
  await expect(router.shift(bench.spec, group, 0, KEY)).rejects.toThrow(NotOursError);
});

async function patch(list: object[], fingerprint: string): Promise<void> {
  const project = PROJECT;
  await perform(bench.clients, 'patch', { project }, () =>
    bench.clients.backendServices.patch({
      project,
      backendService: 'shop',
      backendServiceResource: { fingerprint, backends: list },
    }),
  );
}
