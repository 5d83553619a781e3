import { InstanceGroupManagersClient, RegionInstanceGroupManagersClient } from '@google-cloud/compute';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { fixedDelays } from './support/delays.ts';
import { until } from './support/until.ts';

/** Groups over zones, their standby pools, and what is refused before anything changes. */

const PROJECT = 'p';
const ZONE = 'us-central1-b';
const REGION = 'us-central1';
const BASE = `/compute/v1/projects/${PROJECT}`;
let sandbox: Sandbox;

interface Answer {
  status: number;
  body: Record<string, never> & { error?: { errors: { reason: string }[] }; items?: Record<string, Scoped> };
}
interface Scoped {
  instanceGroupManagers?: { name: string }[];
  warning?: { code: string };
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${sandbox.addresses.rest}${BASE}${path}`, init);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const members = (location: string, name: string) => sandbox.world.instancesOf(PROJECT, location, name);

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 1,
    speed: 100,
    originMs: Date.parse('1995-08-30T00:00:00Z'),
    delays: fixedDelays({ create: 10_000, start: 5_000, resume: 2_000, suspend: 5_000, stop: 5_000 }),
    defaultProfile: { initMs: 1_000 },
    forbiddenProjects: ['secret'],
  });
  const template = { name: 'app', properties: { machineType: 'e2-small' } };
  expect((await call('POST', '/global/instanceTemplates', template)).status).toBe(200);
});
afterAll(async () => {
  await sandbox.close();
});

describe('a regional group', () => {
  it('spreads its instances evenly over its zones, by the client library too', async () => {
    const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: PROJECT });
    const port = Number(new URL(sandbox.addresses.rest).port);
    const options = { apiEndpoint: '127.0.0.1', port, protocol: 'http', auth };
    const regional = new RegionInstanceGroupManagersClient(options);
    await regional.insert({
      project: PROJECT,
      region: REGION,
      instanceGroupManagerResource: {
        name: 'wide',
        instanceTemplate: 'global/instanceTemplates/app',
        targetSize: 6,
        distributionPolicy: { zones: [{ zone: 'zones/us-central1-a' }, { zone: 'zones/us-central1-f' }] },
      },
    });
    const zones = members(REGION, 'wide').map(({ zone }) => zone);
    expect(zones.filter((zone) => zone === 'us-central1-a')).toHaveLength(3);
    expect(zones.filter((zone) => zone === 'us-central1-f')).toHaveLength(3);
    const at = { project: PROJECT, region: REGION, instanceGroupManager: 'wide' };
    const [rows] = await regional.listManagedInstances(at);
    expect(rows).toHaveLength(6);
    const [group] = await regional.get(at);
    expect(group.region).toContain(`/regions/${REGION}`);
    expect(group.zone ?? '').toBe('');

    const zonal = new InstanceGroupManagersClient(options);
    const scopes = new Map<string, string[]>();
    for await (const [scope, { instanceGroupManagers }] of zonal.aggregatedListAsync({ project: PROJECT }))
      scopes.set(
        scope,
        (instanceGroupManagers ?? []).map(({ name }) => name!),
      );
    expect(scopes.get(`regions/${REGION}`)).toEqual(['wide']);
    expect(scopes.get(`zones/${ZONE}`)).toEqual([]);
    expect((await call('DELETE', `/regions/${REGION}/instanceGroupManagers/wide`)).status).toBe(200);
    await until('wide gone', () => members(REGION, 'wide').length === 0);
  });
});

describe('an aggregated list', () => {
  it('names every scope, the empty ones with a warning, and pages over them', async () => {
    for (const [zone, name] of [
      [ZONE, 'one'],
      ['us-east1-b', 'two'],
    ])
      await call('POST', `/zones/${zone}/instanceGroupManagers`, {
        name,
        instanceTemplate: 'global/instanceTemplates/app',
      });
    const path = '/aggregated/instanceGroupManagers?maxResults=1&filter=name:*';
    const first = await call('GET', path);
    const token = (first.body as { nextPageToken?: string }).nextPageToken!;
    const second = await call('GET', `${path}&pageToken=${token}`);
    const found = [first, second].flatMap(({ body }) =>
      Object.values(body.items!).flatMap((scope) => scope.instanceGroupManagers ?? []),
    );
    expect(found.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(first.body.items!['zones/us-east1-b']!.warning!.code).toBe('NO_RESULTS_ON_PAGE');
    expect((await call('GET', '/aggregated/instanceGroupManagers?pageToken=nonsense')).status).toBe(400);
    expect((await call('GET', '/aggregated/instanceGroupManagers?orderBy=size')).status).toBe(400);
  });
});

describe('a pool for scaling out', () => {
  it('is taken from first and filled up again', async () => {
    await call('POST', `/zones/${ZONE}/instanceGroupManagers`, {
      name: 'pool',
      instanceTemplate: 'global/instanceTemplates/app',
      targetSuspendedSize: 2,
      standbyPolicy: { mode: 'SCALE_OUT_POOL' },
    });
    const all = () => members(ZONE, 'pool');
    await until('two suspended', () => all().filter((i) => i.status === 'SUSPENDED').length === 2);
    const pooled = all().map(({ name }) => name);
    expect((await call('POST', `/zones/${ZONE}/instanceGroupManagers/pool/resize?size=1`)).status).toBe(200);
    await until('one running', () => all().some((i) => i.status === 'RUNNING' && i.currentAction === 'NONE'));
    const running = all().find(
      (i) => pooled.includes(i.name) && i.currentAction === 'NONE' && i.status === 'RUNNING',
    );
    expect(running?.spans.map(({ state }) => state)).toEqual(['running', 'suspended', 'running']);
    await until('pool full again', () => all().filter((i) => i.status === 'SUSPENDED').length === 2);
    expect(all()).toHaveLength(3);
    const group = await call('GET', `/zones/${ZONE}/instanceGroupManagers/pool`);
    expect(group.body).toMatchObject({ targetSize: 1, targetSuspendedSize: 2 });
  });
});

describe('what the contract does not know', () => {
  const group = { name: 'never', instanceTemplate: 'global/instanceTemplates/app' };

  it.each([
    ['a field', 'instanceGroupManagers', { ...group, targetSise: 1 }],
    ['an inner field', 'instanceGroupManagers', { ...group, standbyPolicy: { moode: 'MANUAL' } }],
    ['a type', 'instanceGroupManagers', { ...group, targetSize: 'many' }],
    ['a value of an enumeration', 'instanceGroupManagers', { ...group, standbyPolicy: { mode: 'ALWAYS' } }],
    ['a parameter', 'instanceGroupManagers?dryRun=true', group],
  ])('is refused with 400 and changes nothing: %s', async (_, path, body) => {
    const answer = await call('POST', `/zones/${ZONE}/${path}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error!.errors[0]!.reason).toBe('invalid');
    expect(sandbox.world.groups.has(`${PROJECT}/${ZONE}/never`)).toBe(false);
  });

  it('is 501 where Google has a method and the sandbox has none, and 404 where neither has', async () => {
    expect((await call('GET', '/global/networks')).status).toBe(501);
    expect((await call('GET', '/global/nonsense')).status).toBe(404);
    expect((await call('GET', `/zones/${ZONE}/instances?fields=items`)).status).toBe(501);
    const forbidden = await fetch(`${sandbox.addresses.rest}/compute/v1/projects/secret/zones`);
    expect(forbidden.status).toBe(403);
  });

  it('is 501 for fields that the sandbox would not act on', async () => {
    for (const absent of [
      { targetSizePolicy: { mode: 'BULK' } },
      { distributionPolicy: { targetShape: 'ANY' } },
      { statefulPolicy: { preservedState: { disks: { data: {} } } } },
    ]) {
      const answer = await call('POST', `/zones/${ZONE}/instanceGroupManagers`, { ...group, ...absent });
      expect(answer.status).toBe(501);
    }
    expect(sandbox.world.groups.has(`${PROJECT}/${ZONE}/never`)).toBe(false);
  });

  it('filters by one syntax or the other, never by both', async () => {
    const list = async (filter: string) => {
      const path = `/zones?filter=${encodeURIComponent(filter)}`;
      const { status, body } = await call('GET', path);
      const names = (body as { items?: unknown }).items as { name: string }[] | undefined;
      return status === 200 ? names!.map(({ name }) => name) : status;
    };
    expect(await list('name = us-east1-b OR name = us-east1-c')).toEqual(['us-east1-b', 'us-east1-c']);
    expect(await list('(name != us-east1-b) (name = us-east1*)')).toEqual(['us-east1-c', 'us-east1-d']);
    expect(await list('name eq us-(east1-b|central1-a)')).toEqual(['us-central1-a', 'us-east1-b']);
    expect(await list('labels.some-key:*')).toEqual([]);
    expect(await list('(name eq us.*) (status = UP)')).toBe(400);
    expect(await list('name eq (')).toBe(400);
    expect(await list('name =')).toBe(400);
  });
});
