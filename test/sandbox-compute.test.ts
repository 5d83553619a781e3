import {
  AutoscalersClient,
  BackendServicesClient,
  GlobalOperationsClient,
  HealthChecksClient,
  InstanceGroupManagersClient,
  InstanceGroupsClient,
  InstancesClient,
  InstanceTemplatesClient,
  MachineTypesClient,
  RegionsClient,
  ZoneOperationsClient,
  ZonesClient,
} from '@google-cloud/compute';
import type { protos } from '@google-cloud/compute';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';

type Manager = protos.google.cloud.compute.v1.IInstanceGroupManager;
type Operation = protos.google.cloud.compute.v1.IOperation;

const PROJECT = 'p';
const ZONE = 'us-central1-b';
const AT = { project: PROJECT, zone: ZONE };
const SPEED = 60;
const exactly = (ms: number) => ({ medianMs: ms, p99Ms: ms });
const DELAYS = {
  create: exactly(30_000),
  start: exactly(20_000),
  resume: exactly(10_000),
  suspend: exactly(20_000),
  stop: exactly(10_000),
  slowCreateShare: 0,
};

let sandbox: Sandbox;
let clients: ReturnType<typeof clientsOf>;

function clientsOf(rest: string) {
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: PROJECT });
  const options = { apiEndpoint: '127.0.0.1', port: Number(new URL(rest).port), protocol: 'http', auth };
  return {
    managers: new InstanceGroupManagersClient(options),
    groups: new InstanceGroupsClient(options),
    instances: new InstancesClient(options),
    templates: new InstanceTemplatesClient(options),
    healthChecks: new HealthChecksClient(options),
    backendServices: new BackendServicesClient(options),
    autoscalers: new AutoscalersClient(options),
    zoneOperations: new ZoneOperationsClient(options),
    globalOperations: new GlobalOperationsClient(options),
    regions: new RegionsClient(options),
    zones: new ZonesClient(options),
    machineTypes: new MachineTypesClient(options),
  };
}

/** Waits for the operation of a zonal mutation and answers it. */
async function zonal(call: Promise<[{ latestResponse: unknown }, ...unknown[]]>): Promise<Operation> {
  const [{ latestResponse }] = await call;
  const [done] = await clients.zoneOperations.wait({
    ...AT,
    operation: (latestResponse as Operation).name,
  });
  expect(done.status).toBe('DONE');
  return done;
}

async function global(call: Promise<[{ latestResponse: unknown }, ...unknown[]]>): Promise<Operation> {
  const [{ latestResponse }] = await call;
  const operation = (latestResponse as Operation).name;
  const [done] = await clients.globalOperations.wait({ project: PROJECT, operation });
  expect(done.status).toBe('DONE');
  return done;
}

async function until<T>(what: string, read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not come about: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const manager = async (name: string) =>
  (await clients.managers.get({ ...AT, instanceGroupManager: name }))[0];
const managed = async (name: string) =>
  (await clients.managers.listManagedInstances({ ...AT, instanceGroupManager: name }))[0];
const stable = (name: string) =>
  until(
    `${name} stable`,
    () => manager(name),
    (m) => m.status?.isStable === true,
  );
const names = async (name: string) => (await managed(name)).map((instance) => instance.instance!);

async function control(path: string, body?: unknown) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${sandbox.addresses.control}/${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function makeTemplate(name: string, items: Record<string, string> = {}): Promise<void> {
  const metadata = { items: Object.entries(items).map(([key, value]) => ({ key, value })) };
  const properties = { machineType: 'e2-standard-4', metadata, labels: { made: 'here' } };
  await global(
    clients.templates.insert({ project: PROJECT, instanceTemplateResource: { name, properties } }),
  );
}

async function makeGroup(name: string, more: Manager = {}): Promise<void> {
  await zonal(
    clients.managers.insert({
      ...AT,
      instanceGroupManagerResource: { name, instanceTemplate: 'global/instanceTemplates/app', ...more },
    }),
  );
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  const error = await call.then(
    () => undefined,
    (thrown: { httpStatusCode?: number; code?: number }) => thrown,
  );
  return error?.httpStatusCode ?? error?.code ?? 0;
}

beforeAll(async () => {
  const originMs = Date.parse('1995-08-30T00:00:00Z');
  sandbox = await startSandbox({ seed: 1, speed: SPEED, originMs, delays: DELAYS });
  clients = clientsOf(sandbox.addresses.rest);
  await makeTemplate('app', { 'sandbox-init-ms': '60000' });
  await global(
    clients.healthChecks.insert({
      project: PROJECT,
      healthCheckResource: { name: 'alive', checkIntervalSec: 5 },
    }),
  );
});
afterEach(async () => {
  await control('reset', {});
});
afterAll(async () => {
  await sandbox.close();
});

describe('a managed instance group', () => {
  it('creates, verifies, suspends, resumes and deletes, and the bill knows every state', async () => {
    await makeGroup('life', {
      targetSize: 2,
      autoHealingPolicies: [{ healthCheck: `projects/${PROJECT}/global/healthChecks/alive` }],
    });
    expect((await manager('life')).currentActions?.creating).toBe(2);
    const verifying = await until(
      'verifying',
      () => manager('life'),
      (m) => m.currentActions?.verifying === 2,
    );
    expect(verifying.status?.isStable).toBe(false);
    await stable('life');
    expect((await managed('life')).map((i) => i.instanceHealth?.[0]?.detailedHealthState)).toEqual([
      'HEALTHY',
      'HEALTHY',
    ]);

    const [first] = await names('life');
    await zonal(
      clients.managers.suspendInstances({
        ...AT,
        instanceGroupManager: 'life',
        instanceGroupManagersSuspendInstancesRequestResource: { instances: [first!] },
      }),
    );
    const suspended = await stable('life');
    expect([suspended.targetSize, suspended.targetSuspendedSize]).toEqual([1, 1]);
    expect((await managed('life')).find((i) => i.instance === first)?.instanceStatus).toBe('SUSPENDED');

    await zonal(
      clients.managers.resumeInstances({
        ...AT,
        instanceGroupManager: 'life',
        instanceGroupManagersResumeInstancesRequestResource: { instances: [first!] },
      }),
    );
    const resumed = await stable('life');
    expect([resumed.targetSize, resumed.targetSuspendedSize]).toEqual([2, 0]);
    const instance = [...sandbox.world.instances.values()].find((i) => first!.endsWith(i.name))!;
    // Memory is back: the application's 60 s of initialisation were not needed again.
    expect(instance.servingSince! - instance.spans.at(-1)!.from).toBeLessThan(45_000);
    expect(instance.spans.map(({ state }) => state)).toEqual(['running', 'suspended', 'running']);

    await zonal(clients.managers.delete({ ...AT, instanceGroupManager: 'life' }));
    expect(await statusOf(manager('life'))).toBe(404);
    expect(sandbox.world.instancesOf(PROJECT, ZONE, 'life')).toEqual([]);
    const bill = await control(`bill?from=0&to=${Date.parse('2000-01-01')}`);
    const row = (
      bill.body as unknown as { group: string; runningHours: number; suspendedHours: number }[]
    ).find(({ group }) => group === 'life')!;
    expect(row.runningHours).toBeGreaterThan(60 / 3600);
    expect(row.suspendedHours).toBeGreaterThan(0);
  });

  it('starts a stopped instance with its whole initialisation', async () => {
    await makeGroup('stopped', {
      targetSize: 1,
      autoHealingPolicies: [{ healthCheck: `projects/${PROJECT}/global/healthChecks/alive` }],
    });
    await stable('stopped');
    const instances = await names('stopped');
    await zonal(
      clients.managers.stopInstances({
        ...AT,
        instanceGroupManager: 'stopped',
        instanceGroupManagersStopInstancesRequestResource: { instances },
      }),
    );
    expect((await stable('stopped')).targetStoppedSize).toBe(1);
    const startedAt = sandbox.world.clock.now();
    await zonal(
      clients.managers.startInstances({
        ...AT,
        instanceGroupManager: 'stopped',
        instanceGroupManagersStartInstancesRequestResource: { instances },
      }),
    );
    await stable('stopped');
    const [instance] = sandbox.world.instancesOf(PROJECT, ZONE, 'stopped');
    expect(instance!.servingSince! - startedAt).toBeGreaterThanOrEqual(80_000);
  });

  it('creates a standby pool, initialised first, and takes it back to nothing by patch', async () => {
    await makeGroup('pool', {
      targetSuspendedSize: 2,
      targetStoppedSize: 1,
      standbyPolicy: { mode: 'MANUAL', initialDelaySec: 120 },
    });
    await stable('pool');
    const statuses = (await managed('pool')).map((i) => i.instanceStatus);
    expect(statuses.filter((status) => status === 'SUSPENDED')).toHaveLength(2);
    expect(statuses.filter((status) => status === 'TERMINATED')).toHaveLength(1);
    const [running] = sandbox.world.instancesOf(PROJECT, ZONE, 'pool')[0]!.spans;
    expect(running!.to! - running!.from).toBeGreaterThanOrEqual(89_000);
    const { fingerprint } = await manager('pool');
    await zonal(
      clients.managers.patch({
        ...AT,
        instanceGroupManager: 'pool',
        instanceGroupManagerResource: { fingerprint, targetSuspendedSize: 0, targetStoppedSize: 0 },
      }),
    );
    await until(
      'empty',
      () => managed('pool'),
      (instances) => instances.length === 0,
    );
  });

  it('refuses to resume what runs, and instances of others', async () => {
    await makeGroup('strict', { targetSize: 1 });
    const resume = (instances: string[]) =>
      clients.managers.resumeInstances({
        ...AT,
        instanceGroupManager: 'strict',
        instanceGroupManagersResumeInstancesRequestResource: { instances },
      });
    expect(await statusOf(resume(await names('strict')))).toBe(400);
    expect(await statusOf(resume([`zones/${ZONE}/instances/somebody`]))).toBe(400);
  });

  it('keeps trying in a zone without machines, says why, and goes on when there are some', async () => {
    await control('faults', { stockOutZones: [ZONE] });
    await makeGroup('dry', { targetSize: 1 });
    const [waiting] = await managed('dry');
    expect(waiting?.currentAction).toBe('CREATING');
    expect(waiting?.instanceStatus ?? '').toBe('');
    expect(waiting?.lastAttempt?.errors?.errors?.[0]?.code).toMatch(/^ZONE_RESOURCE_POOL_EXHAUSTED/);
    await control('faults', { stockOutZones: [] });
    await stable('dry');
    expect((await managed('dry'))[0]?.lastAttempt?.errors?.errors ?? []).toEqual([]);
  });

  it('creates up to the quota of the region and says which one is exhausted', async () => {
    const vacant = { project: 'crowded', zone: 'us-east1-b' };
    const template = { name: 'big', properties: { machineType: 'e2-standard-8' } };
    await clients.templates.insert({ project: vacant.project, instanceTemplateResource: template });
    const link = 'global/instanceTemplates/big';
    await clients.managers.insert({
      ...vacant,
      instanceGroupManagerResource: { name: 'big', instanceTemplate: link, targetSize: 126 },
    });
    const group = { ...vacant, instanceGroupManager: 'big' };
    const [instances] = await clients.managers.listManagedInstances(group);
    const refused = instances.filter((instance) => instance.lastAttempt?.errors?.errors?.length);
    // 1000 vCPUs hold 125 of 8.
    expect(refused.map((instance) => instance.lastAttempt?.errors?.errors?.[0]?.code)).toEqual([
      'QUOTA_EXCEEDED',
    ]);
    await clients.managers.resize({ ...group, size: 0 });
  });
});

describe('mutations', () => {
  it('do nothing twice under one request id, even when the first answer was lost', async () => {
    await makeGroup('once');
    await control('faults', { lostResponse: { pathIncludes: '/once/resize', times: 1 } });
    const requestId = randomUUID();
    const resize = () => clients.managers.resize({ ...AT, instanceGroupManager: 'once', size: 1, requestId });
    await expect(resize()).rejects.toThrow();
    expect((await manager('once')).targetSize).toBe(1);
    await zonal(clients.managers.resize({ ...AT, instanceGroupManager: 'once', size: 2 }));
    const operation = await zonal(resize());
    expect(operation.clientOperationId).toBe(requestId);
    expect((await manager('once')).targetSize).toBe(2);
    const lost = sandbox.world.calls.filter(({ status }) => status === 0);
    expect(lost.map((call) => call.requestId)).toEqual([requestId]);
  });

  it('refuse request ids that are no UUID or the zero UUID', async () => {
    await makeGroup('uuid');
    for (const requestId of ['step-1', '00000000-0000-0000-0000-000000000000'])
      expect(
        await statusOf(clients.managers.resize({ ...AT, instanceGroupManager: 'uuid', size: 1, requestId })),
      ).toBe(400);
  });

  it('answer 412 to a patch without the fingerprint in force', async () => {
    await makeGroup('finger');
    const patch = (fingerprint?: string) =>
      clients.managers.patch({
        ...AT,
        instanceGroupManager: 'finger',
        instanceGroupManagerResource: { ...(fingerprint ? { fingerprint } : {}), description: 'new' },
      });
    const { fingerprint } = await manager('finger');
    expect(await statusOf(patch())).toBe(412);
    expect(await statusOf(patch('AAAAAAAAAAA='))).toBe(412);
    await zonal(patch(fingerprint!));
    expect((await manager('finger')).description).toBe('new');
    expect(await statusOf(patch(fingerprint!))).toBe(412);
  });

  it('answer 429 for as many calls as the fault says, and then work', async () => {
    await control('faults', { rateLimit: { pathIncludes: '/regions', times: 2 } });
    const list = () => clients.regions.list({ project: PROJECT });
    expect([await statusOf(list()), await statusOf(list()), await statusOf(list())]).toEqual([429, 429, 0]);
    await control('faults', { rateLimit: { pathIncludes: '/regions', times: 1, status: 403 } });
    expect([await statusOf(list()), await statusOf(list())]).toEqual([403, 0]);
  });

  it('can end DONE with an error, and have then done nothing', async () => {
    await makeGroup('failing');
    const code = 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS';
    await control('faults', { failOperation: { pathIncludes: '/failing/resize', times: 1, code } });
    const failed = await zonal(clients.managers.resize({ ...AT, instanceGroupManager: 'failing', size: 3 }));
    expect(failed.error?.errors?.[0]?.code).toBe(code);
    expect(failed.httpErrorStatusCode).toBe(503);
    expect((await manager('failing')).targetSize).toBe(0);
  });

  it('answer 404, 409 and 400 where Google does', async () => {
    await makeGroup('taken');
    expect(await statusOf(makeGroup('taken'))).toBe(409);
    expect(await statusOf(makeGroup('Wrong_Name'))).toBe(400);
    expect(await statusOf(makeGroup('orphan', { instanceTemplate: 'global/instanceTemplates/none' }))).toBe(
      404,
    );
    expect(await statusOf(clients.templates.delete({ project: PROJECT, instanceTemplate: 'app' }))).toBe(400);
    expect(await statusOf(clients.instances.get({ ...AT, instance: 'nobody' }))).toBe(404);
    expect(await statusOf(clients.managers.list({ project: PROJECT, zone: 'mars-north1-a' }))).toBe(404);
  });
});

describe('a backend service', () => {
  const link = (name: string) => `projects/${PROJECT}/zones/${ZONE}/instanceGroups/${name}`;
  const insert = (name: string, backends: { group: string; capacityScaler?: number }[]) =>
    clients.backendServices.insert({
      project: PROJECT,
      backendServiceResource: {
        name,
        backends,
        healthChecks: [`projects/${PROJECT}/global/healthChecks/alive`],
        connectionDraining: { drainingTimeoutSec: 15 },
      },
    });

  it('shows health, takes shares of 0 or 0.1 to 1 only, and holds on to its groups', async () => {
    await makeGroup('web', { targetSize: 1 });
    await makeGroup('web-2');
    expect(await statusOf(insert('alone', [{ group: link('web'), capacityScaler: 0 }]))).toBe(400);
    await global(insert('shop', [{ group: link('web') }]));
    await until(
      'healthy',
      async () =>
        (
          await clients.backendServices.getHealth({
            project: PROJECT,
            backendService: 'shop',
            resourceGroupReferenceResource: { group: link('web') },
          })
        )[0],
      (health) => health.healthStatus?.[0]?.healthState === 'HEALTHY',
    );
    const [{ fingerprint }] = await clients.backendServices.get({ project: PROJECT, backendService: 'shop' });
    const patch = (capacityScaler: number) =>
      clients.backendServices.patch({
        project: PROJECT,
        backendService: 'shop',
        backendServiceResource: {
          fingerprint,
          backends: [{ group: link('web') }, { group: link('web-2'), capacityScaler }],
        },
      });
    expect(await statusOf(patch(0.05))).toBe(400);
    await global(patch(0));
    const [patched] = await clients.backendServices.get({ project: PROJECT, backendService: 'shop' });
    expect(patched.backends?.map((backend) => backend.capacityScaler)).toEqual([1, 0]);
    expect(patched.connectionDraining?.drainingTimeoutSec).toBe(15);
    expect(await statusOf(clients.managers.delete({ ...AT, instanceGroupManager: 'web' }))).toBe(400);
    const balancers = await control('load-balancers');
    expect(balancers.body['shop']).toMatchObject({ host: '127.0.0.1' });

    // Draining comes before the end: what is in flight has 15 s.
    const askedAt = sandbox.world.clock.now();
    const [instance] = sandbox.world.instancesOf(PROJECT, ZONE, 'web');
    await zonal(clients.managers.resize({ ...AT, instanceGroupManager: 'web', size: 0 }));
    await until(
      'gone',
      () => managed('web'),
      (instances) => instances.length === 0,
    );
    expect(instance!.spans[0]!.to! - askedAt).toBeGreaterThanOrEqual(25_000);
    await global(clients.backendServices.delete({ project: PROJECT, backendService: 'shop' }));
    await zonal(clients.managers.delete({ ...AT, instanceGroupManager: 'web' }));
    expect((await control('load-balancers')).body).toEqual({});
  });
});

describe('an autoscaler', () => {
  it('scales out on the CPU of initialised instances, and in only after the stabilisation period', async () => {
    // 1 worker of 500 ms: 2 requests a second fill an instance.
    await makeTemplate('small', {
      'sandbox-init-ms': '0',
      'sandbox-workers': '1',
      'sandbox-service-ms': '500',
    });
    await makeGroup('auto', { targetSize: 1, instanceTemplate: 'global/instanceTemplates/small' });
    await stable('auto');
    await global(
      clients.backendServices.insert({
        project: PROJECT,
        backendServiceResource: {
          name: 'auto',
          backends: [{ group: `projects/${PROJECT}/zones/${ZONE}/instanceGroups/auto` }],
          healthChecks: [`projects/${PROJECT}/global/healthChecks/alive`],
        },
      }),
    );
    await zonal(
      clients.autoscalers.insert({
        ...AT,
        autoscalerResource: {
          name: 'auto',
          target: `projects/${PROJECT}/zones/${ZONE}/instanceGroupManagers/auto`,
          autoscalingPolicy: {
            minNumReplicas: 1,
            maxNumReplicas: 4,
            coolDownPeriodSec: 30,
            stabilizationPeriodSec: 300,
            cpuUtilization: { utilizationTarget: 0.6 },
          },
        },
      }),
    );
    const { body } = await control('load-balancers');
    const { host, port } = body['auto'] as { host: string; port: number };
    const load = setInterval(() => {
      for (let i = 0; i < 2; i += 1)
        fetch(`http://${host}:${port}/`).then(
          (r) => r.text(),
          () => {},
        );
    }, 1000 / SPEED);
    try {
      await until(
        'two instances',
        () => manager('auto'),
        (m) => (m.targetSize ?? 0) >= 2,
      );
    } finally {
      clearInterval(load);
    }
    const quietSince = sandbox.world.clock.now();
    await until(
      'one instance',
      () => manager('auto'),
      (m) => m.targetSize === 1,
    );
    // The last full look at the load lies at most one look (15 s) before it ended.
    expect(sandbox.world.clock.now() - quietSince).toBeGreaterThanOrEqual(300_000 - 15_000);
    const [autoscaler] = await clients.autoscalers.get({ ...AT, autoscaler: 'auto' });
    expect(autoscaler.recommendedSize).toBe(1);

    await zonal(
      clients.autoscalers.patch({
        ...AT,
        autoscaler: 'auto',
        autoscalerResource: { autoscalingPolicy: { minNumReplicas: 3 } },
      }),
    );
    expect((await manager('auto')).targetSize).toBe(3);
    expect(await statusOf(clients.managers.delete({ ...AT, instanceGroupManager: 'auto' }))).toBe(400);
    await zonal(clients.autoscalers.delete({ ...AT, autoscaler: 'auto' }));
  });
});

describe('places and lists', () => {
  it('know zones, machine types and what the quota has left', async () => {
    const [zones] = await clients.zones.list({ project: PROJECT });
    expect(zones.map(({ name }) => name)).toContain(ZONE);
    const [type] = await clients.machineTypes.get({ ...AT, machineType: 'e2-standard-4' });
    expect(type.guestCpus).toBe(4);
    const [region] = await clients.regions.get({ project: PROJECT, region: 'us-central1' });
    const instances = region.quotas!.find(({ metric }) => metric === 'INSTANCES')!;
    expect(instances.usage).toBe([...sandbox.world.instances.keys()].length);
  });

  it('list by page and by filter', async () => {
    await makeGroup('listed-1', { description: 'mine' });
    await makeGroup('listed-2');
    const list = async (filter: string) =>
      (await clients.managers.list({ ...AT, filter, maxResults: 1 }))[0].map(({ name }) => name);
    expect(await list('name eq "listed-.*"')).toEqual(['listed-1', 'listed-2']);
    expect(await list('name = listed-2')).toEqual(['listed-2']);
    expect(await list('(name eq listed.*) (description eq mine)')).toEqual(['listed-1']);
    await zonal(clients.managers.resize({ ...AT, instanceGroupManager: 'listed-1', size: 1 }));
    const [members] = await clients.groups.listInstances({ ...AT, instanceGroup: 'listed-1' });
    expect(members).toHaveLength(1);
  });
});

describe('the control endpoint', () => {
  it('lists everything that exists, instances included', async () => {
    await makeGroup('seen', { targetSize: 1, description: 'marker' });
    const { body } = await control('inventory');
    const items = body as unknown as { kind: string; name: string; location: string; description?: string }[];
    expect(items).toContainEqual({
      kind: 'instanceGroupManager',
      location: ZONE,
      name: 'seen',
      description: 'marker',
    });
    expect(items.some(({ kind }) => kind === 'dnsZone')).toBe(false);
    await fetch(`${sandbox.addresses.dns}/dns/v1/projects/${PROJECT}/managedZones`, {
      method: 'POST',
      body: JSON.stringify({ name: 'zone', dnsName: 'example.com.', description: 'd' }),
    });
    const after = (await control('inventory')).body as unknown as typeof items;
    expect(after).toContainEqual({ kind: 'dnsZone', location: 'global', name: 'zone', description: 'd' });
    expect(after).toContainEqual({ kind: 'dnsRecordSet', location: 'zone', name: 'example.com. SOA' });
    expect(items.filter(({ kind, name }) => kind === 'instance' && name.startsWith('seen-'))).toHaveLength(1);
  });

  it('refuses unknown faults, and history later than the origin of its clock', async () => {
    expect((await control('faults', { earthquake: true })).status).toBe(400);
    const { originMs } = (await control('clock')).body as { originMs: number };
    const history = (at: number) =>
      control('history', {
        project: PROJECT,
        backendService: 'old',
        stepMs: 60_000,
        points: [{ at, value: 1 }],
      });
    expect((await history(originMs + 1)).status).toBe(400);
    expect((await history(originMs)).status).toBe(200);
  });
});
