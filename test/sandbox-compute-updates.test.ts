import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedDelays } from './support/delays.ts';
import { groupBench } from './support/group-bench.ts';
import type { GroupBench } from './support/group-bench.ts';

/** Versions of a group, its rolling updates and the machine types that it falls back to. */

const ZONE = 'zones/us-central1-b';
const link = (name: string) => `global/instanceTemplates/${name}`;

let bench: GroupBench;
beforeAll(async () => {
  bench = await groupBench({
    speed: 300,
    delays: fixedDelays({ create: 30_000, start: 10_000, resume: 5_000, suspend: 10_000, stop: 10_000 }),
  });
  await bench.template('app', { machineType: 'e2-small' });
  await bench.template('next', {
    machineType: 'e2-small',
    disks: [{ boot: true, initializeParams: { sourceImage: 'next' } }],
  });
});
afterAll(() => bench.close());

type Group = Awaited<ReturnType<GroupBench['group']>>;
const countOf = (group: Group, template: string) =>
  group.members().filter((instance) => instance.template === template).length;

/** Watches until the group is stable: the fewest that serve, and the most that there are. */
async function watched(group: Group): Promise<{ fewest: number; most: number }> {
  let [fewest, most, done] = [Infinity, 0, false];
  const watch = (async () => {
    while (!done) {
      const running = group
        .members()
        .filter(({ status, currentAction }) => status === 'RUNNING' && currentAction === 'NONE');
      fewest = Math.min(fewest, running.length);
      most = Math.max(most, group.members().length);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await group.stable();
  done = true;
  await watch;
  return { fewest, most };
}

describe('versions', () => {
  it('get the number or the share of instances that they are to have', async () => {
    const group = await bench.group(ZONE, {
      name: 'canary',
      targetSize: 5,
      versions: [
        { name: 'main', instanceTemplate: link('app') },
        { name: 'trial', instanceTemplate: link('next'), targetSize: { percent: 30 } },
      ],
    });
    await group.stable();
    // 30% of 5, rounded.
    expect([countOf(group, 'app'), countOf(group, 'next')]).toEqual([3, 2]);
    const shown = await group.get();
    expect(shown['versions']).toMatchObject([{}, { targetSize: { percent: 30, calculated: 2 } }]);
    expect(shown['instanceTemplate']).toBe(link('app'));
    expect((await bench.call('DELETE', '/global/instanceTemplates/next')).status).toBe(400);
    await group.verb('resize?size=10');
    await group.stable();
    expect([countOf(group, 'app'), countOf(group, 'next')]).toEqual([7, 3]);
    await group.patch({ instanceTemplate: link('next') });
    expect((await group.get())['versions']).toEqual([{ instanceTemplate: link('next') }]);
    expect((await group.get())['status']).toMatchObject({ versionTarget: { isReached: false } });
    await group.verb('setInstanceTemplate', { instanceTemplate: link('app') });
    expect((await group.get())['versions']).toEqual([{ instanceTemplate: link('app') }]);
    const none = { instanceTemplate: link('none') };
    expect((await group.refused('setInstanceTemplate', none)).status).toBe(404);
  });

  it('are refused when nothing takes the rest, and when they cannot be told apart', async () => {
    const versions = (...given: object[]) =>
      bench.call('POST', `/${ZONE}/instanceGroupManagers`, { name: 'never', versions: given });
    const sized = { instanceTemplate: link('app'), targetSize: { fixed: 1 } };
    expect((await versions(sized)).status).toBe(400);
    expect(
      (await versions({ instanceTemplate: link('app') }, { instanceTemplate: link('app') })).status,
    ).toBe(400);
    expect((await versions(sized, { instanceTemplate: link('next') })).status).toBe(400);
    expect((await versions({ instanceTemplate: link('none') })).status).toBe(404);
  });
});

describe('a proactive update', () => {
  const policy = { type: 'PROACTIVE', minimalAction: 'REPLACE' };

  it('substitutes instance by instance, never below nor above what the policy allows', async () => {
    const group = await bench.group(ZONE, { name: 'surging', targetSize: 3 });
    await group.stable();
    const before = group.members().map(({ name }) => name);
    await group.patch({
      instanceTemplate: link('next'),
      updatePolicy: { ...policy, maxSurge: { fixed: 1 }, maxUnavailable: { fixed: 0 } },
    });
    const { fewest, most } = await watched(group);
    expect(fewest).toBeGreaterThanOrEqual(3);
    expect(most).toBe(4);
    expect(countOf(group, 'next')).toBe(3);
    expect(group.members().some(({ name }) => before.includes(name))).toBe(false);
  });

  it('recreates under the same names where it is told to', async () => {
    const group = await bench.group(ZONE, { name: 'samenames', targetSize: 3 });
    await group.stable();
    const before = group.members().map(({ name }) => name);
    await group.patch({
      instanceTemplate: link('next'),
      updatePolicy: {
        ...policy,
        replacementMethod: 'RECREATE',
        maxSurge: { fixed: 0 },
        maxUnavailable: { fixed: 1 },
      },
    });
    const { fewest, most } = await watched(group);
    expect(fewest).toBeGreaterThanOrEqual(2);
    expect(most).toBe(3);
    expect(countOf(group, 'next')).toBe(3);
    expect(group.members().map(({ name }) => name)).toEqual(before);
  });

  it('does nothing where it would disturb more than is allowed, nor by itself when it is opportunistic', async () => {
    const group = await bench.group(ZONE, { name: 'calm', targetSize: 1 });
    await group.stable();
    const { id } = group.members()[0]!;
    await group.patch({ instanceTemplate: link('next') });
    await group.patch({
      updatePolicy: { type: 'PROACTIVE', minimalAction: 'NONE', mostDisruptiveAllowedAction: 'RESTART' },
    });
    const askedAt = bench.world.clock.now();
    await bench.until('half a minute', () => bench.world.clock.now() > askedAt + 30_000);
    expect(group.members()).toMatchObject([{ id, template: 'app' }]);
  });

  it('is refused when it could never move', async () => {
    const stuck = { ...policy, maxSurge: { fixed: 0 }, maxUnavailable: { fixed: 0 } };
    const insert = (updatePolicy: object) =>
      bench.call('POST', `/${ZONE}/instanceGroupManagers`, {
        name: 'never',
        instanceTemplate: link('app'),
        updatePolicy,
      });
    expect((await insert(stuck)).status).toBe(400);
    expect((await insert({ ...policy, replacementMethod: 'RECREATE', maxSurge: { fixed: 1 } })).status).toBe(
      400,
    );
    expect((await insert({ ...policy, maxSurge: { fixed: 1, percent: 10 } })).status).toBe(400);
  });
});

describe('a flexible group', () => {
  it('falls back to the machine type of the next rank where the first has run out', async () => {
    const rules = [{ name: 'dry', match: { machineType: 'n2-standard-2' }, effect: { stockOut: true } }];
    await bench.faults({ rules });
    const group = await bench.group(ZONE, {
      name: 'flexible',
      targetSize: 2,
      instanceFlexibilityPolicy: {
        instanceSelections: {
          second: { machineTypes: ['e2-standard-2'], rank: 2 },
          first: { machineTypes: ['n2-standard-2'], rank: 1 },
        },
      },
    });
    await group.stable();
    expect(group.members().map(({ machineType }) => machineType)).toEqual(['e2-standard-2', 'e2-standard-2']);
    const { managedInstances } = await group.post<{ managedInstances: object[] }>('listManagedInstances');
    expect(managedInstances[0]).toMatchObject({
      propertiesFromFlexibilityPolicy: { machineType: 'e2-standard-2' },
    });
    await bench.faults({ rules: [] });
    await group.verb('resize?size=3');
    await group.stable();
    expect(group.members().filter(({ machineType }) => machineType === 'n2-standard-2')).toHaveLength(1);
    const unknown = { instanceSelections: { none: { machineTypes: ['x9-huge'] } } };
    const body = { name: 'never', instanceTemplate: link('app'), instanceFlexibilityPolicy: unknown };
    expect((await bench.call('POST', `/${ZONE}/instanceGroupManagers`, body)).status).toBe(400);
  });
});
