import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployExample } from '../src/cli/up/deploy-example.ts';
import { readServing } from '../src/cli/up/twin-watch.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { createCapacitySource } from '../src/gcp/capacity.ts';
import { createGcpClients } from '../src/gcp/clients.ts';
import type { GcpClients } from '../src/gcp/clients.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import { createFleet } from '../src/gcp/fleet.ts';
import { createRouter } from '../src/gcp/router.ts';
import type { Fleet, GroupRef } from '../src/ports/fleet.ts';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { KEY, MIRROR_ZONE, ORIGIN_MS, PROJECT, specOf } from './support/gcp-bench.ts';
import { untilHolds } from './support/until.ts';
import { SMALL_EXAMPLE } from './support/small-example.ts';
import { discoveryOrWhyNot } from './support/discovery-packages.ts';
import { startRecorder } from './support/recorder.ts';
import type { Exchange, Recorder } from './support/recorder.ts';

const MINUTE_MS = 60_000;
const NAME = 'shop.example.com.';
/** What of a managed group is spoilt below. */
interface Group {
  id: unknown;
  targetSize: unknown;
  status: Record<string, unknown>;
  listManagedInstancesResults?: unknown;
}

const discovery = await discoveryOrWhyNot();

/**
 * A mirror's whole life through our own adapters, recorded on the wire: what they send must be what Google's APIs take,
 * and what the sandbox answers what Google's would. What the documents do not name is an error on either side.
 */
describe.skipIf(!discovery)('by the discovery documents', () => {
  let sandbox: Sandbox;
  let recorder: Recorder;
  let clients: GcpClients;
  let fleet: Fleet;

  beforeAll(async () => {
    sandbox = await startSandbox({
      seed: 7,
      speed: 60,
      originMs: ORIGIN_MS,
      delays: { slowCreateShare: 0 },
      defaultProfile: { initMs: 10_000 },
    });
    recorder = await startRecorder(sandbox.addresses.rest);
    clients = await createGcpClients({ endpoint: recorder.url, project: PROJECT });
    fleet = createFleet(clients);
    await liveThroughIt();
  });
  afterAll(async () => {
    await clients?.close();
    await recorder?.close();
    await sandbox?.close();
  });

  async function liveThroughIt(): Promise<void> {
    await deployExample(clients, { ...SMALL_EXAMPLE, project: PROJECT, serviceMs: 100, initMs: 10_000 });
    const spec = specOf();
    const group = await fleet.ensureGroup(spec, MIRROR_ZONE, KEY);
    await reach(group, { full: 1, warm: 1, shadow: 1 });
    await reach(group, { full: 2, warm: 0, shadow: 1 });
    await steer(spec, group);
    await steerByName(group);
    await observe(spec);
    await fleet.setPrimaryMinimum(spec, 3, KEY);
    await fleet.listOwned(PROJECT, spec.mirrors.zones);
    await untilHolds(
      () => fleet.removeGroup(group, KEY),
      (gone) => gone,
    );
  }

  async function reach(
    group: GroupRef,
    wanted: { full: number; warm: number; shadow: number },
  ): Promise<void> {
    await untilHolds(
      () => fleet.setTiers(group, wanted, KEY),
      (status) => status.settled,
    );
  }

  async function steer(spec: ApplicationSpec, group: GroupRef): Promise<void> {
    const router = createRouter(clients);
    await router.attach(spec, group, KEY);
    await untilHolds(
      () => router.state(spec, group),
      ({ healthy }) => healthy === 2,
    );
    // A machine that is busy with other things fails a health check now and then; a run repeats its step, too.
    await untilHolds(
      () =>
        router.shift(spec, group, 0.5, KEY).then(
          () => true,
          () => false,
        ),
      (shifted) => shifted,
    );
    await readServing(clients, PROJECT);
    await router.drainMs(spec);
    await router.detach(spec, group, KEY);
  }

  async function steerByName(group: GroupRef): Promise<void> {
    const dns = clients.dns(PROJECT);
    await dns.createZone('example', { dnsName: 'example.com.' });
    const zone = dns.zone('example');
    await zone.createChange({ add: zone.record('a', { name: NAME, ttl: 300, data: ['127.0.0.9'] }) });
    const spec = specOf({ routing: { kind: 'dns', managedZone: 'example', name: NAME, ttlSeconds: 30 } });
    const router = createRouter(clients);
    await router.attach(spec, group, KEY);
    await router.shift(spec, group, 0.5, KEY);
    await router.state(spec, group);
    await router.detach(spec, group, KEY);
  }

  async function observe(spec: ApplicationSpec): Promise<void> {
    const points = Array.from({ length: 10 }, (_, back) => ({
      at: ORIGIN_MS - (9 - back) * MINUTE_MS,
      value: 5,
    }));
    const history = { project: PROJECT, backendService: 'shop', stepMs: MINUTE_MS, points };
    await fetch(`${sandbox.addresses.control}/history`, { method: 'POST', body: JSON.stringify(history) });
    const clock = { now: () => sandbox.world.clock.now(), speed: 60 };
    const samples = await createDemandSource(clients, clock).read(
      spec,
      ORIGIN_MS - 10 * MINUTE_MS,
      ORIGIN_MS,
    );
    expect(samples.length).toBeGreaterThan(0);
    await createCapacitySource(clients, clock).read(spec);
    await fleet.snapshot(spec);
  }

  it('every request that our own clients send, and every answer, is in form', () => {
    expect(new Set(recorder.exchanges.flatMap((exchange) => discovery!.problemsOf(exchange)))).toEqual(
      new Set(),
    );
  });

  /** One recorded exchange, spoilt. */
  function spoilt(id: string, spoil: (exchange: Exchange) => void): string[] {
    const found = recorder.exchanges.find((each) => discovery!.called([each]).includes(id))!;
    const query = new URLSearchParams(found.query);
    const exchange = { ...found, query, answer: structuredClone(found.answer) };
    spoil(exchange);
    return discovery!.problemsOf(exchange);
  }

  it.each<[string, string, (exchange: Exchange) => void]>([
    [
      'an unknown field of an answer',
      'additional',
      ({ answer }) => Object.assign(answer as object, { mood: 'good' }),
    ],
    [
      'one deeper down',
      'additional',
      ({ answer }) => Object.assign((answer as Group).status, { mood: 'good' }),
    ],
    ['a wrong type', 'integer', ({ answer }) => ((answer as Group).targetSize = '2')],
    ['a number of 64 bits', 'string', ({ answer }) => ((answer as Group).id = 2)],
    [
      'a word that is none of the enumeration',
      'allowed',
      ({ answer }) => ((answer as Group).listManagedInstancesResults = 'SOME'),
    ],
    ['an unknown parameter', 'parameter mood is unknown', ({ query }) => query.set('mood', 'good')],
    ['an error out of form', "property 'error'", (exchange) => (exchange.status = 404)],
    ['a path that Google has not', 'no such method', (exchange) => (exchange.path += '/mood')],
  ])('%s would be found', (_, problem, spoil) => {
    expect(spoilt('compute.instanceGroupManagers.get', spoil).join()).toContain(problem);
  });

  it('covers what our adapters do to groups, traffic, names and metrics', () => {
    expect(discovery!.called(recorder.exchanges)).toEqual(
      expect.arrayContaining([
        'compute.instanceGroupManagers.suspendInstances',
        'compute.instanceGroupManagers.resumeInstances',
        'compute.instanceGroupManagers.stopInstances',
        'compute.instanceGroupManagers.delete',
        'compute.backendServices.patch',
        'compute.backendServices.getHealth',
        'compute.autoscalers.patch',
        'dns.changes.create',
        'monitoring.projects.timeSeries.list',
      ]),
    );
  });
});
