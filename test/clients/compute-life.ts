import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectRefusal, setFaults, sorted, ZONE } from './bench.ts';
import { untilHolds } from '../support/until.ts';
import type { Subject } from './bench.ts';
import type { Json } from './caller.ts';

/**
 * A managed group's whole life as one of Google's libraries sees it, in order: each step stands on the one before.
 * What must hold is Google's documentation, not the sandbox's code.
 */
export function describeComputeLife(name: string, subject: () => Subject): void {
  const project = () => ({ project: subject().project });
  const zonal = () => ({ ...project(), zone: ZONE });
  const group = () => ({ ...zonal(), instanceGroupManager: 'web' });
  const call = (method: string, params: Json, body?: Json) =>
    subject().caller.call(`compute.${method}`, params, body);
  const change = (method: string, params: Json, body?: Json) =>
    subject().caller.change(`compute.${method}`, params, body);
  const list = (method: string, params: Json, body?: Json) =>
    subject().caller.list(`compute.${method}`, params, body);
  const names = (items: Json[]) => items.map((item) => item['name']);
  const readGroup = () => call('instanceGroupManagers.get', group());
  const managed = () => list('instanceGroupManagers.listManagedInstances', group());
  const actions = (instances: Json[]) => instances.map((each) => each['currentAction']);
  const statuses = async () => sorted((await managed()).map((each) => each['instanceStatus']));
  const stable = () =>
    untilHolds(readGroup, ({ status }) => (status as { isStable?: boolean } | undefined)?.isStable === true);
  const template = () => `projects/${subject().project}/global/instanceTemplates/app`;
  const healthCheck = () => `projects/${subject().project}/global/healthChecks/alive`;
  const instanceGroup = (zone = ZONE) => `projects/${subject().project}/zones/${zone}/instanceGroups/web`;

  describe(`${name}: places`, () => {
    it('pages through the zones', async () => {
      const all = names(await list('zones.list', project()));
      expect(all).toContain(ZONE);
      expect(names(await list('zones.list', { ...project(), maxResults: 1 }))).toEqual(all);
      expect(await call('zones.get', zonal())).toMatchObject({ name: ZONE, status: 'UP' });
    });

    it('knows machine types and quotas', async () => {
      const type = await call('machineTypes.get', { ...zonal(), machineType: 'e2-standard-4' });
      expect(type).toMatchObject({ name: 'e2-standard-4', guestCpus: 4, memoryMb: 16_384 });
      const filter = 'name = e2-standard-4';
      expect(names(await list('machineTypes.list', { ...zonal(), filter }))).toEqual(['e2-standard-4']);
      const region = await call('regions.get', { ...project(), region: 'us-central1' });
      const metrics = (region['quotas'] as Json[]).map(({ metric }) => metric);
      expect(metrics).toEqual(expect.arrayContaining(['CPUS', 'INSTANCES']));
      await expectRefusal(call('zones.get', { ...project(), zone: 'mars-north1-a' }), 404, 'notFound');
    });
  });

  describe(`${name}: templates and health checks`, () => {
    const insertTemplate = (templateName: string) =>
      change('instanceTemplates.insert', project(), {
        name: templateName,
        description: `the ${templateName}`,
        properties: {
          machineType: 'e2-small',
          labels: { team: 'web' },
          metadata: { items: [{ key: 'tone', value: 'calm' }] },
        },
      });

    it('inserts, reads and filters', async () => {
      const done = await insertTemplate('app');
      expect(done).toMatchObject({ status: 'DONE', progress: 100 });
      expect(done['targetLink']).toMatch(/\/projects\/[^/]+\/global\/instanceTemplates\/app$/);
      await insertTemplate('spare');
      const read = await call('instanceTemplates.get', { ...project(), instanceTemplate: 'app' });
      expect(read).toMatchObject({
        name: 'app',
        properties: { machineType: 'e2-small', labels: { team: 'web' } },
      });
      expect(read['id']).toMatch(/^\d+$/);
      const listed = async (filter: string) =>
        sorted(names(await list('instanceTemplates.list', { ...project(), filter, maxResults: 1 })));
      expect(await listed('name eq "a.*|s.*"')).toEqual(['app', 'spare']);
      expect(await listed('name eq ap')).toEqual([]);
      expect(await listed('name ne app')).toEqual(['spare']);
      expect(await listed('name = spare')).toEqual(['spare']);
      expect(await listed('(name = app) (description = "the app")')).toEqual(['app']);
      expect(await listed('properties.labels.team:* AND name != app')).toEqual(['spare']);
      expect(await listed('name = app OR name = spare')).toEqual(['app', 'spare']);
      await expectRefusal(listed('name = app AND name eq app'), 400, 'invalid');
    });

    it('refuses what exists, what does not, and names that cannot be', async () => {
      await expectRefusal(insertTemplate('app'), 409, 'alreadyExists');
      await expectRefusal(insertTemplate('Not_A_Name'), 400, 'invalid');
      await change('instanceTemplates.delete', { ...project(), instanceTemplate: 'spare' });
      const spare = { ...project(), instanceTemplate: 'spare' };
      await expectRefusal(call('instanceTemplates.get', spare), 404, 'notFound');
      await expectRefusal(call('instanceTemplates.delete', spare), 404, 'notFound');
    });

    it('keeps a health check with its defaults', async () => {
      await change('healthChecks.insert', project(), { name: 'alive', type: 'HTTP', checkIntervalSec: 5 });
      const read = await call('healthChecks.get', { ...project(), healthCheck: 'alive' });
      expect(read).toMatchObject({ name: 'alive', type: 'HTTP', checkIntervalSec: 5, healthyThreshold: 2 });
    });
  });

  describe(`${name}: a managed group`, () => {
    it('creates its instances after the operation is done', async () => {
      const body = { name: 'web', instanceTemplate: template(), targetSize: 2, baseInstanceName: 'web' };
      await call('instanceGroupManagers.insert', zonal(), body);
      const instances = await managed();
      expect(instances).toHaveLength(2);
      expect(actions(instances)).toEqual(['CREATING', 'CREATING']);
      const young = await readGroup();
      expect(young).toMatchObject({ targetSize: 2, currentActions: { creating: 2 } });
      expect(young['instanceGroup']).toMatch(/\/instanceGroups\/web$/);
      await stable();
      expect(actions(await managed())).toEqual(['NONE', 'NONE']);
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING']);
    });

    it('shows its instances', async () => {
      const [first] = await list('instances.list', { ...zonal(), filter: 'name eq "web-.*"' });
      const read = await call('instances.get', { ...zonal(), instance: first!['name'] });
      expect(read).toMatchObject({ status: 'RUNNING', labels: { team: 'web' } });
      const members = await list('instanceGroups.listInstances', { ...zonal(), instanceGroup: 'web' }, {});
      expect(members.map(({ status }) => status)).toEqual(['RUNNING', 'RUNNING']);
    });

    it('moves its target size at once, its instances later', async () => {
      await change('instanceGroupManagers.resize', { ...group(), size: 3 });
      expect(await readGroup()).toMatchObject({ targetSize: 3 });
      await stable();
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    });

    const move = async (verb: string, status: string) => {
      const chosen = (await managed()).find((each) => each['instanceStatus'] === status)!;
      await change(`instanceGroupManagers.${verb}`, group(), { instances: [chosen['instance']] });
    };

    it('suspends and resumes', async () => {
      await move('suspendInstances', 'RUNNING');
      expect(await readGroup()).toMatchObject({ targetSize: 2, targetSuspendedSize: 1 });
      await stable();
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'SUSPENDED']);
      await move('resumeInstances', 'SUSPENDED');
      expect(await readGroup()).toMatchObject({ targetSize: 3 });
      await stable();
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    });

    it('stops and starts', async () => {
      await move('stopInstances', 'RUNNING');
      expect(await readGroup()).toMatchObject({ targetSize: 2, targetStoppedSize: 1 });
      await stable();
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'TERMINATED']);
      await move('startInstances', 'TERMINATED');
      await stable();
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    });

    it('takes a patch with the fingerprint in force only', async () => {
      const { fingerprint } = await readGroup();
      const patch = (body: Json) => change('instanceGroupManagers.patch', group(), body);
      await expectRefusal(patch({ fingerprint: 'AAAAAAAAAAA=', targetSize: 1 }), 412, 'conditionNotMet');
      expect(await readGroup()).toMatchObject({ targetSize: 3, fingerprint });
      await patch({ fingerprint, targetSize: 2, targetSuspendedSize: 1, description: 'patched' });
      const patched = await readGroup();
      expect(patched).toMatchObject({ targetSize: 2, targetSuspendedSize: 1, description: 'patched' });
      expect(patched['fingerprint']).not.toBe(fingerprint);
      await stable();
      expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'SUSPENDED']);
    });

    it('is found among all places, where the others are empty', async () => {
      const scopes = await subject().caller.aggregated(
        'compute.instanceGroupManagers.aggregatedList',
        project(),
      );
      expect(names(scopes[`zones/${ZONE}`]!['instanceGroupManagers'] as Json[])).toEqual(['web']);
      const elsewhere = scopes['zones/us-central1-a'];
      expect(elsewhere).toMatchObject({ warning: { code: 'NO_RESULTS_ON_PAGE' } });
    });
  });

  describe(`${name}: an autoscaler`, () => {
    const scaler = () => ({ ...zonal(), autoscaler: 'web' });
    const read = () => call('autoscalers.get', scaler());

    it('holds the group at its minimum, and says what it recommends', async () => {
      await change('autoscalers.insert', zonal(), {
        name: 'web',
        target: `projects/${subject().project}/zones/${ZONE}/instanceGroupManagers/web`,
        autoscalingPolicy: {
          minNumReplicas: 2,
          maxNumReplicas: 5,
          coolDownPeriodSec: 60,
          cpuUtilization: { utilizationTarget: 0.6 },
        },
      });
      await untilHolds(read, ({ recommendedSize }) => recommendedSize === 2);
      const patch = { autoscalingPolicy: { minNumReplicas: 3 } };
      await change('autoscalers.patch', scaler(), patch);
      expect(await read()).toMatchObject({
        autoscalingPolicy: {
          minNumReplicas: 3,
          maxNumReplicas: 5,
          cpuUtilization: { utilizationTarget: 0.6 },
        },
      });
      await untilHolds(readGroup, ({ targetSize }) => targetSize === 3);
    });

    it('keeps its group from being deleted', async () => {
      const reason = 'resourceInUseByAnotherResource';
      await expectRefusal(call('instanceGroupManagers.delete', group()), 400, reason);
      await change('autoscalers.delete', scaler());
      await expectRefusal(read(), 404, 'notFound');
      await stable();
    });
  });

  describe(`${name}: a backend service`, () => {
    const service = () => ({ ...project(), backendService: 'shop' });
    const read = () => call('backendServices.get', service());
    const health = () => call('backendServices.getHealth', service(), { group: instanceGroup() });
    const states = (answer: Json) =>
      ((answer['healthStatus'] ?? []) as Json[]).map((each) => each['healthState']);

    it('refuses what cannot be', async () => {
      const insert = (backends: Json[]) =>
        change('backendServices.insert', project(), {
          name: 'shop',
          backends,
          healthChecks: [healthCheck()],
        });
      await expectRefusal(insert([{ group: instanceGroup(), capacityScaler: 0 }]), 400, 'invalid');
      await expectRefusal(insert([{ group: instanceGroup('us-central1-a') }]), 404, 'notFound');
      await expectRefusal(read(), 404, 'notFound');
    });

    it('sees the health of its instances', async () => {
      await change('backendServices.insert', project(), {
        name: 'shop',
        protocol: 'HTTP',
        loadBalancingScheme: 'EXTERNAL_MANAGED',
        connectionDraining: { drainingTimeoutSec: 5 },
        healthChecks: [healthCheck()],
        backends: [
          { group: instanceGroup(), balancingMode: 'RATE', maxRatePerInstance: 50, capacityScaler: 1 },
        ],
      });
      await untilHolds(
        health,
        (answer) => states(answer).filter((state) => state === 'HEALTHY').length === 3,
      );
      const created = await read();
      expect(created).toMatchObject({ name: 'shop', connectionDraining: { drainingTimeoutSec: 5 } });
      expect((created['backends'] as Json[])[0]).toMatchObject({
        balancingMode: 'RATE',
        maxRatePerInstance: 50,
      });
    });

    it('takes shares of 0, or 0.1 to 1, beside another backend', async () => {
      const other = { name: 'web', instanceTemplate: template(), targetSize: 0 };
      await change('instanceGroupManagers.insert', { ...project(), zone: 'us-central1-c' }, other);
      const patch = async (capacityScaler: number) =>
        change('backendServices.patch', service(), {
          fingerprint: (await read())['fingerprint'],
          backends: [{ group: instanceGroup() }, { group: instanceGroup('us-central1-c'), capacityScaler }],
        });
      await expectRefusal(patch(0.05), 400, 'invalid');
      await patch(0.5);
      await expectRefusal(
        change('backendServices.patch', service(), { fingerprint: 'AAAAAAAAAAA=', description: 'x' }),
        412,
        'conditionNotMet',
      );
      const backends = (await read())['backends'] as Json[];
      expect(backends.map(({ capacityScaler }) => capacityScaler ?? 1)).toEqual([1, 0.5]);
      await patch(0);
    });

    it('holds on to its group and its health check', async () => {
      const reason = 'resourceInUseByAnotherResource';
      await expectRefusal(call('instanceGroupManagers.delete', group()), 400, reason);
      await expectRefusal(call('healthChecks.delete', { ...project(), healthCheck: 'alive' }), 400, reason);
      await expectRefusal(
        call('instanceTemplates.delete', { ...project(), instanceTemplate: 'app' }),
        400,
        reason,
      );
    });
  });

  describe(`${name}: operations`, () => {
    it('are the same for the same request id, and do nothing again', async () => {
      const requestId = randomUUID();
      const resize = () => call('instanceGroupManagers.resize', { ...group(), size: 2, requestId });
      const first = await resize();
      await change('instanceGroupManagers.resize', { ...group(), size: 3 });
      const again = await resize();
      expect(again['name']).toBe(first['name']);
      expect(again).toMatchObject({ clientOperationId: requestId });
      expect(await readGroup()).toMatchObject({ targetSize: 3 });
    });

    it('refuse a request id that is none', async () => {
      for (const requestId of ['not-a-uuid', '00000000-0000-0000-0000-000000000000'])
        await expectRefusal(
          call('instanceGroupManagers.resize', { ...group(), size: 1, requestId }),
          400,
          'invalid',
        );
      expect(await readGroup()).toMatchObject({ targetSize: 3 });
    });

    it('are listed, filtered and waited for', async () => {
      const { name: operation } = await call('instanceGroupManagers.resize', { ...group(), size: 3 });
      const read = await call('zoneOperations.get', { ...zonal(), operation });
      expect(read).toMatchObject({ name: operation, zone: expect.stringMatching(`/zones/${ZONE}$`) });
      expect(await call('zoneOperations.wait', { ...zonal(), operation })).toMatchObject({ status: 'DONE' });
      const inserts = await list('zoneOperations.list', {
        ...zonal(),
        filter: 'operationType = insert',
        maxResults: 1,
      });
      expect(inserts.length).toBeGreaterThanOrEqual(2);
      expect(new Set(inserts.map((each) => each['operationType']))).toEqual(new Set(['insert']));
      await expectRefusal(
        call('zoneOperations.get', { ...zonal(), operation: 'operation-0' }),
        404,
        'notFound',
      );
    });

    it('can end with an error, which the library tells', async () => {
      const code = 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS';
      const pathIncludes = `/projects/${subject().project}/`;
      await setFaults(subject(), { failOperation: { pathIncludes, times: 1, code } });
      const resized = change('instanceGroupManagers.resize', { ...group(), size: 4 });
      if (subject().skills.readsOperationErrors) await expectRefusal(resized, 503);
      else expect(await resized).toMatchObject({ error: { errors: [{ code }] }, httpErrorStatusCode: 503 });
      expect(await readGroup()).toMatchObject({ targetSize: 3 });
    });

    it('refuse fields and parameters that the API does not have', async ({ skip }) => {
      if (!subject().skills.sendsUnknownFields) skip('this library leaves them out');
      const { fingerprint } = await readGroup();
      const patch = (body: Json) => call('instanceGroupManagers.patch', group(), { fingerprint, ...body });
      await expectRefusal(patch({ targetSizes: 1 }), 400);
      await expectRefusal(patch({ targetSize: 'many' }), 400);
      await expectRefusal(patch({ standbyPolicy: { mode: 'SOMETIMES' } }), 400);
      expect(await readGroup()).toMatchObject({ fingerprint });
    });
  });

  describe(`${name}: the end`, () => {
    it('takes everything down in order', async () => {
      await change('backendServices.delete', { ...project(), backendService: 'shop' });
      await change('instanceGroupManagers.delete', { ...group(), zone: 'us-central1-c' });
      await change('instanceGroupManagers.delete', group());
      await expectRefusal(readGroup(), 404, 'notFound');
      expect(await list('instances.list', zonal())).toEqual([]);
      await change('healthChecks.delete', { ...project(), healthCheck: 'alive' });
      await change('instanceTemplates.delete', { ...project(), instanceTemplate: 'app' });
      expect(await list('instanceTemplates.list', project())).toEqual([]);
    });
  });
}
