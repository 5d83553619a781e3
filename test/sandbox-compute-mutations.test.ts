import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT, ZONE, AT, computeBench } from './support/compute-bench.ts';
import type { ComputeBench } from './support/compute-bench.ts';

/** What every mutation promises, what lists and places say, and the control endpoint. */

let clients: ComputeBench['clients'];
let control: ComputeBench['control'];
let makeGroup: ComputeBench['makeGroup'];
let manager: ComputeBench['manager'];
let sandbox: ComputeBench['sandbox'];
let statusOf: ComputeBench['statusOf'];
let zonal: ComputeBench['zonal'];

beforeAll(async () => {
  ({ clients, control, makeGroup, manager, sandbox, statusOf, zonal } = await computeBench());
});
afterEach(async () => {
  await control('reset', {});
});
afterAll(async () => {
  await sandbox.close();
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
