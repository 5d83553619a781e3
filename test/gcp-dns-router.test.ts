import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { createRouter } from '../src/gcp/router.ts';
import { NotOursError } from '../src/ports/errors.ts';
import type { GroupRef } from '../src/ports/fleet.ts';
import type { Router } from '../src/ports/router.ts';
import { KEY, MIRROR_ZONE, PROJECT, reach, specOf, startBench } from './support/gcp-bench.ts';
import { untilHolds } from './support/until.ts';
import type { Bench } from './support/gcp-bench.ts';

const NAME = 'shop.example.com.';
const OTHER_KEY = { run: 'mirror/shop/us-central1-c/1', plan: 'shop@1' };
let bench: Bench;
let spec: ApplicationSpec;
let router: Router;
let group: GroupRef;
let other: GroupRef;
let before: unknown[];

beforeAll(async () => {
  bench = await startBench();
  router = createRouter(bench.clients);
  spec = specOf({ routing: { kind: 'dns', managedZone: 'example', name: NAME, ttlSeconds: 30 } });
  const dns = bench.clients.dns(PROJECT);
  await dns.createZone('example', { dnsName: 'example.com.' });
  const zone = dns.zone('example');
  await zone.createChange({ add: zone.record('a', { name: NAME, ttl: 300, data: ['127.0.0.9'] }) });
  await zone.createChange({ add: zone.record('txt', { name: NAME, ttl: 300, data: ['"v=spf1 -all"'] }) });
  before = await records();
  await untilHolds(
    () => bench.fleet.snapshot(spec),
    ({ primary }) => primary.serving === 2,
  );
  group = await bench.fleet.ensureGroup(spec, MIRROR_ZONE, KEY);
  other = await bench.fleet.ensureGroup(spec, 'us-central1-c', OTHER_KEY);
});
afterAll(() => bench?.close());

interface Read {
  name: string;
  type: string;
  ttl: number;
  rrdatas?: string[];
  routingPolicy?: { wrr: { items: { weight: number; rrdatas: string[] }[] } };
}

async function records(): Promise<Read[]> {
  const [found] = await bench.clients.dns(PROJECT).zone('example').getRecords();
  return found
    .map((record) => record.metadata as Read)
    .sort((a, b) => (a.name + a.type < b.name + b.type ? -1 : 1));
}

async function items() {
  const a = (await records()).find((record) => record.type === 'A');
  return a?.routingPolicy?.wrr.items;
}

it('registers a mirror without giving it an answer, and refuses a share while nothing is healthy', async () => {
  await router.attach(spec, group, KEY);
  await router.attach(spec, group, KEY);
  expect(await items()).toEqual([{ weight: 1, rrdatas: ['127.0.0.9'] }]);
  expect(await router.state(spec, group)).toEqual({ attached: true, share: 0, healthy: 0 });
  await expect(router.shift(spec, group, 1, KEY)).rejects.toThrow(/passes its health check yet/);
});

it('gives each healthy instance the share of one of the primary’s, and follows their number', async () => {
  await reach(bench, group, { full: 1 });
  await router.shift(spec, group, 1, KEY);
  const addresses = () =>
    [...bench.sandbox.world.instances.values()]
      .filter((instance) => instance.group === group.name)
      .map((instance) => instance.ip)
      .sort();
  // Two instances of the primary share the weight 1; one of ours at full share has half of it.
  expect(await items()).toEqual([
    { weight: 1, rrdatas: ['127.0.0.9'] },
    { weight: 0.5, rrdatas: addresses() },
  ]);
  // The name server itself answers by it, once the change has reached it.
  const { host, port } = bench.sandbox.addresses.dnsServer;
  const resolver = new Resolver();
  resolver.setServers([`${host}:${port}`]);
  await untilHolds(
    () => resolver.resolve4(NAME),
    (answer) => answer.join() === addresses().join(),
  );
  await reach(bench, group, { full: 3 }, { ...KEY, plan: 'shop@2' });
  // Two new ones are healthy and not answered yet: the state says that there is something to shift.
  expect((await router.state(spec, group)).share).toBeLessThan(1);
  await router.shift(spec, group, 0.5, KEY);
  expect(await items()).toEqual([
    { weight: 1, rrdatas: ['127.0.0.9'] },
    { weight: 0.75, rrdatas: addresses() },
  ]);
  expect(await router.state(spec, group)).toEqual({ attached: true, share: 0.5, healthy: 3 });
  expect((await records()).find((record) => record.type === 'A')?.ttl).toBe(30);
});

it('keeps both mirrors when two change the record at the same time', async () => {
  await reach(bench, other, { full: 1 }, OTHER_KEY);
  await Promise.all([router.attach(spec, other, OTHER_KEY), router.shift(spec, group, 1, KEY)]);
  await Promise.all([router.shift(spec, other, 1, OTHER_KEY), router.shift(spec, group, 0.25, KEY)]);
  expect((await items())?.map((item) => [item.weight, item.rrdatas.length])).toEqual(
    expect.arrayContaining([
      [1, 1],
      [0.375, 3],
      [0.5, 1],
    ]),
  );
});

it('takes its weight and its entry away and leaves the other mirror’s', async () => {
  await router.shift(spec, group, 0, KEY);
  expect((await items())?.length).toBe(2);
  await router.detach(spec, group, KEY);
  await router.detach(spec, group, KEY);
  expect(await router.state(spec, group)).toEqual({ attached: false, share: 0, healthy: 0 });
  expect((await router.state(spec, other)).share).toBe(1);
});

it('refuses an entry under its name that carries another run’s marker', async () => {
  const impostor = { ...other, name: group.name };
  const zone = bench.clients.dns(PROJECT).zone('example');
  const [[txt]] = await zone.getRecords({ name: `_premirror.${NAME}`, type: 'TXT' });
  const lines = (txt!.metadata as Read).rrdatas!.map((line) => line.replaceAll(other.name, impostor.name));
  const forged = zone.record('txt', { name: `_premirror.${NAME}`, ttl: 30, data: lines });
  await zone.createChange({ delete: txt!, add: forged });
  await expect(router.detach(spec, group, KEY)).rejects.toThrow(NotOursError);
  const [[now]] = await zone.getRecords({ name: `_premirror.${NAME}`, type: 'TXT' });
  await zone.createChange({ delete: now!, add: txt! });
});

it('leaves the zone as it found it once the last mirror is gone', async () => {
  await router.detach(spec, other, OTHER_KEY);
  expect(await records()).toEqual(before);
});

it('says which field is wrong when the record is missing', async () => {
  const routing = { ...spec.routing, name: 'nowhere.example.com.' } as ApplicationSpec['routing'];
  await expect(router.attach({ ...spec, routing }, group, KEY)).rejects.toThrow(
    /routing\.dns\.name 'nowhere\.example\.com\.' has no A record/,
  );
});
