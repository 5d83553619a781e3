import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT, ZONE, AT, SPEED, computeBench } from './support/compute-bench.ts';
import type { ComputeBench } from './support/compute-bench.ts';

/** Groups behind a backend service, and under an autoscaler. */

let clients: ComputeBench['clients'];
let control: ComputeBench['control'];
let global: ComputeBench['global'];
let makeGroup: ComputeBench['makeGroup'];
let makeTemplate: ComputeBench['makeTemplate'];
let managed: ComputeBench['managed'];
let manager: ComputeBench['manager'];
let sandbox: ComputeBench['sandbox'];
let stable: ComputeBench['stable'];
let statusOf: ComputeBench['statusOf'];
let until: ComputeBench['until'];
let zonal: ComputeBench['zonal'];

beforeAll(async () => {
  ({
    clients,
    control,
    global,
    makeGroup,
    makeTemplate,
    managed,
    manager,
    sandbox,
    stable,
    statusOf,
    until,
    zonal,
  } = await computeBench());
});
afterEach(async () => {
  await control('reset', {});
});
afterAll(async () => {
  await sandbox.close();
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
