import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT, ZONE, AT, computeBench } from './support/compute-bench.ts';
import type { ComputeBench } from './support/compute-bench.ts';

/** Managed instance groups through Google's client library: what instances live through, and the bill of it. */

let clients: ComputeBench['clients'];
let control: ComputeBench['control'];
let makeGroup: ComputeBench['makeGroup'];
let managed: ComputeBench['managed'];
let manager: ComputeBench['manager'];
let names: ComputeBench['names'];
let sandbox: ComputeBench['sandbox'];
let stable: ComputeBench['stable'];
let statusOf: ComputeBench['statusOf'];
let until: ComputeBench['until'];
let zonal: ComputeBench['zonal'];

beforeAll(async () => {
  ({ clients, control, makeGroup, managed, manager, names, sandbox, stable, statusOf, until, zonal } =
    await computeBench());
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
