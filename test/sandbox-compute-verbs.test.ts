import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedDelays } from './support/delays.ts';
import { groupBench } from './support/group-bench.ts';
import type { GroupBench } from './support/group-bench.ts';

/** What can be done with chosen instances of a group, and what the group's books say then. */

let bench: GroupBench;
beforeAll(async () => {
  bench = await groupBench({
    speed: 200,
    delays: fixedDelays({ create: 10_000, start: 5_000, resume: 2_000, suspend: 5_000, stop: 5_000 }),
  });
  await bench.template('app', { machineType: 'e2-small' });
  await bench.template('bigger', { machineType: 'e2-standard-4' });
});
afterAll(async () => {
  await bench.expectInForm();
  await bench.close();
});

describe('instances of given names', () => {
  it('are created beyond the target size, by one attempt, in whatever scope the group is', async () => {
    for (const at of ['zones/us-central1-b', 'regions/us-central1']) {
      const group = await bench.group(at, { name: 'named', targetSize: 1 });
      await group.verb('createInstances', {
        instances: [
          { name: 'named-extra', preservedState: { metadata: { role: 'first' } } },
          { name: 'named-other' },
        ],
      });
      await group.stable();
      expect(await group.get()).toMatchObject({ targetSize: 3 });
      expect(group.instance('named-extra')!.metadata).toMatchObject({ role: 'first' });
      expect((await group.refused('createInstances', { instances: [{ name: 'named-extra' }] })).status).toBe(
        400,
      );
      await group.remove();
    }
  });

  it('are counted apart while they are made', async () => {
    await bench.faults({
      rules: [{ name: 'slow', match: { resource: 'apart' }, effect: { boot: 'never' } }],
    });
    const group = await bench.group('zones/us-central1-b', { name: 'apart', targetSize: 1 });
    await group.verb('createInstances', { instances: [{ name: 'apart-a' }, { name: 'apart-b' }] });
    expect(await group.actions()).toMatchObject({ creating: 1, creatingWithoutRetries: 2 });
    await bench.faults({ rules: [] });
    await group.remove();
  });

  it('that cannot be created lower the target size again, and the group tells why', async () => {
    await bench.faults({ stockOutZones: ['us-central1-b'] });
    const group = await bench.group('zones/us-central1-b', { name: 'short' });
    await group.verb('createInstances', { instances: [{ name: 'short-one' }] });
    await group.stable();
    expect(await group.get()).toMatchObject({ targetSize: 0 });
    expect(group.members()).toEqual([]);
    const { items } = await group.read<{ items: Record<string, never>[] }>('listErrors');
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      error: { code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS' },
      instanceActionDetails: { action: 'CREATING_WITHOUT_RETRIES' },
    });
    await bench.faults({ stockOutZones: [] });
  });
});

describe('chosen instances', () => {
  it('are abandoned: they live on outside of the group, which is smaller then', async () => {
    const group = await bench.group('zones/us-central1-b', { name: 'left', targetSize: 2 });
    await group.stable();
    const [first] = group.members();
    await group.verb('abandonInstances', { instances: [group.link(first!.name)] });
    await group.stable();
    expect(await group.get()).toMatchObject({ targetSize: 1 });
    const alone = await bench.call('GET', `/zones/us-central1-b/instances/${first!.name}`);
    expect(alone.body).toMatchObject({ status: 'RUNNING', id: first!.id });
  });

  it('are recreated under their names as other instances, and the target size stays', async () => {
    const group = await bench.group('zones/us-central1-b', { name: 'anew', targetSize: 2 });
    await group.stable();
    const [first, second] = group.members().map(({ name, id }) => ({ name, id }));
    await group.verb('recreateInstances', { instances: [group.link(first!.name)] });
    await group.stable();
    expect(group.instance(first!.name)!.id).not.toBe(first!.id);
    expect(group.instance(second!.name)!.id).toBe(second!.id);
    expect(await group.get()).toMatchObject({ targetSize: 2 });
  });

  it('may be strangers only where they are to be skipped', async () => {
    const group = await bench.group('zones/us-central1-b', { name: 'skip', targetSize: 2 });
    await group.stable();
    const instances = [group.link(group.members()[0]!.name), group.link('nobody')];
    for (const verb of ['deleteInstances', 'abandonInstances', 'recreateInstances'])
      expect((await group.refused(verb, { instances })).status).toBe(400);
    await group.verb('deleteInstances', { instances, skipInstancesOnValidationError: true });
    await group.stable();
    expect(await group.get()).toMatchObject({ targetSize: 1 });
  });

  it('are updated by the least disruption that does it, and never by more than is allowed', async () => {
    const group = await bench.group('zones/us-central1-b', { name: 'moved', targetSize: 1 });
    await group.stable();
    const { name, id } = group.members()[0]!;
    const spans = (of: string) => group.instance(of)!.spans.map(({ state }) => state);
    const instances = [group.link(name)];
    await group.patch({ allInstancesConfig: { properties: { labels: { tier: 'warm' } } } });
    expect(group.instance(name)!.labels).toEqual({});
    expect((await group.get())['status']).toMatchObject({ allInstancesConfig: { effective: false } });
    await group.verb('applyUpdatesToInstances', { instances });
    await group.stable();
    expect(group.instance(name)).toMatchObject({ id, labels: { tier: 'warm' } });
    expect(spans(name)).toEqual(['running']);

    await group.patch({ instanceTemplate: 'global/instanceTemplates/bigger' });
    const refused = await group.refused('applyUpdatesToInstances', {
      instances,
      mostDisruptiveAllowedAction: 'REFRESH',
    });
    expect(refused.status).toBe(400);
    await group.verb('applyUpdatesToInstances', { allInstances: true });
    await group.stable();
    expect(group.instance(name)).toMatchObject({ id, machineType: 'e2-standard-4' });
    expect(spans(name)).toEqual(['running', 'stopped', 'running']);
    expect((await group.get())['status']).toMatchObject({ versionTarget: { isReached: true } });

    await group.verb('applyUpdatesToInstances', { instances, minimalAction: 'REPLACE' });
    await group.stable();
    expect(group.instance(name)!.id).not.toBe(id);
  });

  it('have configurations of their own, effective once they are applied', async () => {
    const group = await bench.group('zones/us-central1-b', { name: 'own', targetSize: 1 });
    await group.stable();
    const { name } = group.members()[0]!;
    const list = () =>
      group.post<{ items: { status: string }[] }>('listPerInstanceConfigs').then(({ items }) => items);
    await group.verb('updatePerInstanceConfigs', {
      perInstanceConfigs: [{ name, preservedState: { metadata: { shard: '7' } } }],
    });
    expect(await list()).toMatchObject([{ name, status: 'UNAPPLIED' }]);
    await group.verb('patchPerInstanceConfigs', {
      perInstanceConfigs: [{ name, preservedState: { metadata: { rack: '1' } } }],
    });
    await group.verb('applyUpdatesToInstances', { instances: [group.link(name)] });
    await group.stable();
    expect(group.instance(name)!.metadata).toMatchObject({ shard: '7', rack: '1' });
    expect(await list()).toMatchObject([{ name, status: 'EFFECTIVE' }]);
    expect((await group.get())['status']).toMatchObject({ stateful: { hasStatefulConfig: true } });
    await group.verb('deletePerInstanceConfigs', { names: [name] });
    expect(await list()).toEqual([]);
    const disks = { data: { source: 'zones/us-central1-b/disks/d' } };
    const body = { perInstanceConfigs: [{ name, preservedState: { disks } }] };
    expect((await group.refused('updatePerInstanceConfigs', body)).status).toBe(501);
  });
});
