import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { perform } from '../src/gcp/call.ts';
import { createLoadBalancerRouter } from '../src/gcp/load-balancer-router.ts';
import { describe as describeOurs, groupName } from '../src/gcp/ownership.ts';
import { NoCapacityError, NotOursError, QuotaError } from '../src/ports/errors.ts';
import type { GroupRef, WriteKey } from '../src/ports/fleet.ts';
import {
  inventory,
  MIRROR_ZONE,
  PROJECT,
  reach,
  setFaults,
  startBench,
  writes,
} from './support/gcp-bench.ts';
import { untilHolds } from './support/until.ts';
import type { Bench } from './support/gcp-bench.ts';

let bench: Bench;
let before: string[];

beforeAll(async () => {
  bench = await startBench();
  await untilHolds(
    () => bench.fleet.snapshot(bench.spec),
    ({ primary }) => primary.serving === 2,
  );
  before = await inventory(bench);
});
afterAll(() => bench?.close());
afterEach(() =>
  setFaults(bench, { stockOutZones: [], lostResponse: null, rateLimit: null, failOperation: null }),
);

const keyOf = (run: number): WriteKey => ({ run: `mirror/shop/${MIRROR_ZONE}/${run}`, plan: `shop@${run}` });

/** Repeats as an activity's retry policy does, until nothing is thrown. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (let attempt = 0; attempt < 12; attempt++) {
    try {
      return await act();
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function clear(group: GroupRef, key: WriteKey): Promise<void> {
  await untilHolds(
    () => insist(() => bench.fleet.removeGroup(group, key)),
    (gone) => gone,
  );
  expect(await inventory(bench)).toEqual(before);
}

it('comes to the same end when every single answer to a write is lost', async () => {
  const key = keyOf(1);
  const router = createLoadBalancerRouter(bench.clients);
  await setFaults(bench, { lostResponse: { pathIncludes: '/projects/', times: 1000 } });
  const group = await insist(() => bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key));
  const status = await untilHolds(
    () => insist(() => bench.fleet.setTiers(group, { full: 1, warm: 1, shadow: 1 }, key)),
    ({ settled }) => settled,
  );
  expect(status).toMatchObject({ full: 1, warm: 1, shadow: 1 });
  await insist(() => router.attach(bench.spec, group, key));
  await untilHolds(
    () => router.state(bench.spec, group),
    ({ healthy }) => healthy === 1,
  );
  await insist(() => router.shift(bench.spec, group, 0.5, key));
  expect((await router.state(bench.spec, group)).share).toBe(0.5);
  const lost = bench.sandbox.world.calls.filter((call) => call.status === 0);
  expect(lost.length).toBeGreaterThanOrEqual(7);
  // One write each: what was done is seen, and not done again.
  expect(writes(bench, `${group.name}/resize`)).toBe(1);
  expect(writes(bench, `${group.name}/suspendInstances`)).toBe(1);
  expect(writes(bench, `${group.name}/stopInstances`)).toBe(1);
  await insist(() => router.detach(bench.spec, group, key));
  await clear(group, key);
});

it('repeats a whole plan without changing anything more', async () => {
  const key = keyOf(2);
  const group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  await reach(bench, group, { full: 1 }, key);
  const router = createLoadBalancerRouter(bench.clients);
  await router.attach(bench.spec, group, key);
  const written = writes(bench, '');
  expect(await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key)).toEqual(group);
  expect((await bench.fleet.setTiers(group, { full: 1, warm: 0, shadow: 0 }, key)).settled).toBe(true);
  await router.attach(bench.spec, group, key);
  expect(writes(bench, '')).toBe(written);
  await router.detach(bench.spec, group, key);
  await clear(group, key);
});

it('asks again under another id when a request was taken for an earlier one', async () => {
  const key = keyOf(3);
  const group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  // The same plan twice, with a way back between: the second growth has the first one's numbers.
  await bench.fleet.setTiers(group, { full: 1, warm: 0, shadow: 0 }, key);
  await reach(bench, group, {}, key);
  const status = await reach(bench, group, { full: 1 }, key);
  expect(status.full).toBe(1);
  const ids = bench.sandbox.world.calls
    .filter((call) => call.path.endsWith(`${group.name}/resize`))
    .map((call) => call.requestId);
  expect(ids).toEqual([ids[0], ids[0], expect.not.stringMatching(ids[0]!)]);
  await clear(group, key);
});

it('surfaces a stock-out and goes on when machines come back', async () => {
  const key = keyOf(4);
  const group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  await setFaults(bench, { stockOutZones: [MIRROR_ZONE] });
  await expect(reach(bench, group, { full: 2 }, key)).rejects.toThrow(NoCapacityError);
  expect((await bench.fleet.status(group)).errors).toEqual(['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS']);
  await setFaults(bench, { stockOutZones: [] });
  await untilHolds(
    () => bench.fleet.status(group),
    ({ full }) => full === 2,
  );
  // What is there goes on serving while more cannot be had: a status, not an error.
  await setFaults(bench, { stockOutZones: [MIRROR_ZONE] });
  const short = await untilHolds(
    () => bench.fleet.setTiers(group, { full: 3, warm: 0, shadow: 0 }, key),
    ({ errors }) => errors.length > 0,
  );
  expect(short).toMatchObject({ full: 2, pending: 1, settled: false });
  await clear(group, key);
});

it('tells a stock-out and an exhausted quota inside a finished operation apart', async () => {
  const key = keyOf(5);
  const group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  const fail = (code: string) =>
    setFaults(bench, { failOperation: { pathIncludes: '/resize', times: 1, code } });
  await fail('ZONE_RESOURCE_POOL_EXHAUSTED');
  await expect(bench.fleet.setTiers(group, { full: 1, warm: 0, shadow: 0 }, key)).rejects.toThrow(
    NoCapacityError,
  );
  await fail('QUOTA_EXCEEDED');
  await expect(bench.fleet.setTiers(group, { full: 2, warm: 0, shadow: 0 }, key)).rejects.toThrow(QuotaError);
  await clear(group, key);
});

it('is not told of a failed operation for ever: each repetition is a new request', async () => {
  const key = keyOf(8);
  const failing = (pathIncludes: string) =>
    setFaults(bench, { failOperation: { pathIncludes, times: 2, code: 'INTERNAL_ERROR' } });
  await failing('/instanceTemplates');
  await insist(() => bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, keyOf(9))).then((group) =>
    clear(group, keyOf(9)),
  );
  await failing('/instanceGroupManagers');
  const group = await insist(() => bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key));
  await failing('/resize');
  await insist(() => bench.fleet.setTiers(group, { full: 1, warm: 0, shadow: 0 }, key));
  await failing(`/instanceGroupManagers/${group.name}`);
  await insist(() => bench.fleet.removeGroup(group, key));
  await clear(group, key);
});

it('makes a group anew under the key of one that is gone', async () => {
  const key = keyOf(10);
  const first = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  await clear(first, key);
  const second = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  expect(second.id).not.toBe(first.id);
  await clear(second, key);
});

it('says 429 in words and works when repeated', async () => {
  const key = keyOf(6);
  await setFaults(bench, { rateLimit: { pathIncludes: 'instanceGroupManagers', times: 2 } });
  await expect(bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key)).rejects.toThrow(
    /HTTP 429 rateLimitExceeded/,
  );
  const group = await insist(() => bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key));
  await clear(group, key);
});

it('never touches a group with our prefix and another marker', async () => {
  const key = keyOf(7);
  const name = groupName('shop', MIRROR_ZONE, key.run);
  const scope = { project: PROJECT, zone: MIRROR_ZONE };
  for (const description of [
    'somebody else wrote this',
    describeOurs('shop', 'mirror/shop/us-central1-b/99'),
  ]) {
    await perform(bench.clients, 'foreign group', scope, () =>
      bench.clients.groups.insert({
        ...scope,
        instanceGroupManagerResource: {
          name,
          description,
          baseInstanceName: 'other',
          instanceTemplate: `projects/${PROJECT}/global/instanceTemplates/shop-v1`,
          targetSize: 1,
        },
      }),
    );
    const [made] = await bench.clients.groups.get({ ...scope, instanceGroupManager: name });
    const ref = { ...scope, name, id: String(made.id), template: name };
    const written = writes(bench, '');
    await expect(bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key)).rejects.toThrow(NotOursError);
    await expect(bench.fleet.setTiers(ref, { full: 0, warm: 0, shadow: 0 }, key)).rejects.toThrow(
      NotOursError,
    );
    await expect(bench.fleet.removeGroup(ref, key)).rejects.toThrow(NotOursError);
    expect(await bench.fleet.listOwned(PROJECT, [MIRROR_ZONE])).toEqual([]);
    expect(writes(bench, '')).toBe(written);
    await perform(bench.clients, 'remove it', scope, () =>
      bench.clients.groups.delete({ ...scope, instanceGroupManager: name }),
    );
  }
});

it('refuses to remove a group whose id is not the recorded one', async () => {
  const key = keyOf(8);
  const group = await bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key);
  await expect(bench.fleet.removeGroup({ ...group, id: '1' }, key)).rejects.toThrow(
    /its id is \d+, recorded was 1/,
  );
  await clear(group, key);
});

it('finds what a run left, a template without its group too, and removes it', async () => {
  const key = keyOf(9);
  await setFaults(bench, {
    failOperation: { pathIncludes: `zones/${MIRROR_ZONE}/instanceGroupManagers`, times: 1, code: 'INTERNAL' },
  });
  await expect(bench.fleet.ensureGroup(bench.spec, MIRROR_ZONE, key)).rejects.toThrow('INTERNAL');
  const owned = await bench.fleet.listOwned(PROJECT, [MIRROR_ZONE, 'us-central1-c']);
  expect(owned).toMatchObject([{ application: 'shop', run: key.run, zone: MIRROR_ZONE, id: '' }]);
  await clear(owned[0]!, key);
});

it('raises the autoscaler minimum, within its maximum, and puts it back', async () => {
  const minimum = async () => (await bench.fleet.snapshot(bench.spec)).primary.minimum;
  await bench.fleet.setPrimaryMinimum(bench.spec, 3, keyOf(10));
  expect(await minimum()).toBe(3);
  await bench.fleet.setPrimaryMinimum(bench.spec, 99, keyOf(11));
  expect(await minimum()).toBe(10);
  await bench.fleet.setPrimaryMinimum(bench.spec, 2, keyOf(10));
  await bench.fleet.setPrimaryMinimum(bench.spec, 3, keyOf(10));
  expect(await minimum()).toBe(3);
  await bench.fleet.setPrimaryMinimum(bench.spec, 2, keyOf(12));
  const resizes = bench.sandbox.world.calls.filter((call) => call.path.endsWith('/shop/resize'));
  expect(resizes).toEqual([]);
});
