import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';

/** Whatever valid calls come in whatever order, the books of groups and quotas balance; what is refused changes nothing. */

const ZONE = 'us-central1-b';
const BASE = `/compute/v1/projects/p/zones/${ZONE}/instanceGroupManagers`;
const INSTANCES = `/compute/v1/projects/p/zones/${ZONE}/instances`;
const quick = { medianMs: 2_000, p99Ms: 4_000 };

let sandbox: Sandbox;
let runs = 0;
let created = 0;

async function call(method: string, path: string, body?: unknown): Promise<number> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${sandbox.addresses.rest}${path}`, init);
  await response.arrayBuffer();
  return response.status;
}

interface Sizes {
  targetSize: number;
  targetSuspendedSize: number;
  targetStoppedSize: number;
}
const totalOf = (sizes: Sizes) => sizes.targetSize + sizes.targetSuspendedSize + sizes.targetStoppedSize;
const sizesOf = (name: string) => sandbox.world.groups.get(`p/${ZONE}/${name}`) as unknown as Sizes;
const instancesOf = (name: string) => sandbox.world.instancesOf('p', ZONE, name);
const STATUSES = {
  targetSize: 'RUNNING',
  targetSuspendedSize: 'SUSPENDED',
  targetStoppedSize: 'TERMINATED',
} as const;

async function settled(name: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  const holds = () =>
    instancesOf(name).length === totalOf(sizesOf(name)) &&
    Object.entries(STATUSES).every(
      ([field, status]) =>
        instancesOf(name).filter((i) => i.status === status && i.currentAction === 'NONE').length ===
        sizesOf(name)[field as keyof Sizes],
    );
  while (!holds()) {
    if (Date.now() > deadline)
      throw new Error(`${JSON.stringify(sizesOf(name))} never held: ${JSON.stringify(instancesOf(name))}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Everything that a call could change but time itself. */
function snapshot(): string {
  const { groups, templates, autoscalers, backendServices, healthChecks, instances } = sandbox.world;
  const targets = [...instances.values()].map(({ id, name }) => [id, name]);
  return JSON.stringify(
    [groups, templates, autoscalers, backendServices, healthChecks]
      .map((m) => [...m])
      .concat([targets as never]),
  );
}

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 3,
    speed: 400,
    originMs: 0,
    delays: { create: quick, start: quick, resume: quick, suspend: quick, stop: quick, slowCreateShare: 0 },
    defaultProfile: { initMs: 0 },
  });
  const template = { name: 'app', properties: { machineType: 'e2-small' } };
  await call('POST', '/compute/v1/projects/p/global/instanceTemplates', template);
});
afterAll(async () => {
  await sandbox.close();
});

const MOVES = ['suspendInstances', 'stopInstances', 'resumeInstances', 'startInstances'];
/** Verbs on chosen instances of a group, and by how much each instance changes the sum of the target sizes. */
const CHANGES: Record<string, number> = {
  ...Object.fromEntries(MOVES.map((verb) => [verb, 0])),
  deleteInstances: -1,
  abandonInstances: -1,
  recreateInstances: 0,
  applyUpdatesToInstances: 0,
};
const VERBS = Object.keys(CHANGES);
/** What is done to an instance behind its group's back; the group makes up for it. */
const BEHIND = ['delete', 'stop', 'suspend'];
const Step = fc.oneof(
  fc.record({ verb: fc.constant('resize'), size: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ verb: fc.constant('createInstances'), size: fc.integer({ min: 1, max: 2 }) }),
  {
    weight: 3,
    arbitrary: fc.record({ verb: fc.constantFrom(...VERBS), size: fc.integer({ min: 1, max: 3 }) }),
  },
  fc.record({ verb: fc.constantFrom(...BEHIND), size: fc.constant(1) }),
);
const STANDING = ['RUNNING', 'SUSPENDED', 'TERMINATED'];
const FROM: Record<string, string[]> = {
  suspendInstances: ['RUNNING'],
  stopInstances: ['RUNNING'],
  resumeInstances: ['SUSPENDED'],
  startInstances: ['TERMINATED'],
  stop: ['RUNNING'],
  suspend: ['RUNNING'],
};

/** Names of instances that have been abandoned. */
const abandoned = new Set<string>();

async function take(name: string, verb: string, size: number): Promise<void> {
  if (verb === 'resize') {
    expect(await call('POST', `${BASE}/${name}/resize?size=${size}`)).toBe(200);
    expect(sizesOf(name).targetSize).toBe(size);
    return;
  }
  const before = { ...sizesOf(name) };
  const total = totalOf(before);
  if (verb === 'createInstances') {
    const instances = Array.from({ length: size }, () => ({ name: `${name}-own-${(created += 1)}` }));
    expect(await call('POST', `${BASE}/${name}/${verb}`, { instances })).toBe(200);
    expect(sizesOf(name)).toMatchObject({ targetSize: before.targetSize + size });
    return;
  }
  const chosen = instancesOf(name)
    .filter(
      ({ status, currentAction }) => currentAction === 'NONE' && (FROM[verb] ?? STANDING).includes(status),
    )
    .slice(0, size);
  if (chosen.length === 0) return;
  if (BEHIND.includes(verb)) return behindItsBack(name, verb, chosen[0]!);
  const instances = chosen.map((instance) => `zones/${ZONE}/instances/${instance.name}`);
  expect(await call('POST', `${BASE}/${name}/${verb}`, { instances: [...instances, instances[0]] })).toBe(
    200,
  );
  expect(totalOf(sizesOf(name))).toBe(total + CHANGES[verb]! * instances.length);
  if (verb === 'abandonInstances') for (const instance of chosen) abandoned.add(instance.name);
  if (verb !== 'recreateInstances') return;
  await settled(name);
  const now = new Map(instancesOf(name).map((instance) => [instance.name, instance.id]));
  for (const instance of chosen) expect(now.get(instance.name)).not.toBe(instance.id);
}

async function behindItsBack(group: string, verb: string, instance: { name: string; id: string }) {
  const before = { ...sizesOf(group) };
  const path = `${INSTANCES}/${instance.name}`;
  const status = verb === 'delete' ? await call('DELETE', path) : await call('POST', `${path}/${verb}`);
  expect(status).toBe(200);
  await settled(group);
  expect(sizesOf(group)).toMatchObject({
    targetSize: before.targetSize,
    targetSuspendedSize: before.targetSuspendedSize,
    targetStoppedSize: before.targetStoppedSize,
  });
  expect(instancesOf(group).find(({ name }) => name === instance.name)?.id).not.toBe(instance.id);
}

describe('the books of a group', () => {
  it('balance after every valid sequence of calls, and the quota counts what there is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('MANUAL', 'SCALE_OUT_POOL'),
        fc.array(Step, { minLength: 3, maxLength: 8 }),
        async (mode, steps) => {
          const name = `g${(runs += 1)}`;
          const group = { name, instanceTemplate: 'global/instanceTemplates/app', targetSize: 3 };
          await call('POST', BASE, { ...group, standbyPolicy: { mode } });
          await settled(name);
          for (const { verb, size } of steps) {
            await take(name, verb, size);
            await settled(name);
          }
          const region = await fetch(`${sandbox.addresses.rest}/compute/v1/projects/p/regions/us-central1`);
          const { quotas } = (await region.json()) as { quotas: { metric: string; usage: number }[] };
          const usage = Object.fromEntries(quotas.map((quota) => [quota.metric, quota.usage]));
          const all = [...sandbox.world.instances.values()];
          expect(usage['INSTANCES']).toBe(all.length);
          const holding = all.filter(({ status }) => status !== 'SUSPENDED' && status !== 'TERMINATED');
          expect(usage['CPUS']).toBe(2 * holding.length);
          // Whoever was abandoned is nobody's, and lives on.
          for (const left of abandoned) {
            const instance = sandbox.world.instances.get(`p/${ZONE}/${left}`);
            expect(instance).toBeDefined();
            expect(instance!.group).toBeUndefined();
            expect(await call('DELETE', `${INSTANCES}/${left}`)).toBe(200);
          }
          abandoned.clear();
          expect(await call('DELETE', `${BASE}/${name}`)).toBe(200);
          while (sandbox.world.groups.has(`p/${ZONE}/${name}`))
            await new Promise((resolve) => setTimeout(resolve, 5));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('do not move for anything that is refused', async () => {
    await call('POST', BASE, {
      name: 'still',
      instanceTemplate: 'global/instanceTemplates/app',
      targetSize: 2,
    });
    await settled('still');
    const own = instancesOf('still')[0]!.name;
    const Wrong = fc.oneof(
      fc.record({ verb: fc.constantFrom(...VERBS), body: fc.constant({ instances: [own, 'nobody'] }) }),
      fc.record({
        verb: fc.constantFrom('resumeInstances', 'startInstances'),
        body: fc.constant({ instances: [own] }),
      }),
      fc.record({
        verb: fc.constantFrom(...VERBS),
        body: fc.dictionary(fc.stringMatching(/^[a-z]{5}$/), fc.integer(), { minKeys: 1 }),
      }),
      fc.record({
        verb: fc.constantFrom('resize?size=-1', 'resize?size=x', 'resize', 'resize?size=1&requestId=1'),
        body: fc.constant(undefined),
      }),
      fc.record({ verb: fc.constant('deletePerInstanceConfigs'), body: fc.constant({ names: [own] }) }),
      fc.record({
        verb: fc.constant('createInstances'),
        body: fc.constantFrom(
          { instances: [{ name: 'fresh' }, { name: own }] },
          { instances: [{ name: 'twice' }, { name: 'twice' }] },
          { instances: [{ name: 'Wrong_Name' }] },
          { instances: [] },
        ),
      }),
      fc.record({
        verb: fc.constant('applyUpdatesToInstances'),
        body: fc.constantFrom(
          { allInstances: true, instances: [own] },
          {},
          { instances: [own], minimalAction: 'REPLACE', mostDisruptiveAllowedAction: 'NONE' },
        ),
      }),
      fc.record({
        verb: fc.constantFrom('updatePerInstanceConfigs', 'patchPerInstanceConfigs'),
        body: fc.constant({ perInstanceConfigs: [{ name: own }, { name: 'nobody' }] }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(Wrong, async ({ verb, body }) => {
        const before = snapshot();
        expect(await call('POST', `${BASE}/still/${verb}`, body)).toBeGreaterThanOrEqual(400);
        expect(snapshot()).toBe(before);
      }),
      { numRuns: 60 },
    );
  });
});
