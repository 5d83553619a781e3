import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedDelays } from './support/delays.ts';
import { groupBench } from './support/group-bench.ts';
import type { GroupBench } from './support/group-bench.ts';

/** Instances by themselves, and what their group does when they are changed behind its back. */

const ZONE = 'zones/us-central1-b';
let bench: GroupBench;
beforeAll(async () => {
  bench = await groupBench({
    // Two months of suspension pass within a test.
    speed: 400,
    delays: fixedDelays({ create: 20_000, start: 5_000, resume: 2_000, suspend: 5_000, stop: 5_000 }),
    defaultProfile: { initMs: 60_000 },
  });
  await bench.template('app', { machineType: 'e2-small' });
  await bench.template('spot', {
    machineType: 'e2-small',
    scheduling: { provisioningModel: 'SPOT', instanceTerminationAction: 'STOP' },
  });
});
afterAll(() => bench.close());

const at = (name: string) => bench.world.instances.get(`p/us-central1-b/${name}`);
const status = (name: string, wanted: string) => bench.until(wanted, () => at(name)?.status === wanted);
const verb = (name: string, action: string) => bench.call('POST', `/${ZONE}/instances/${name}/${action}`);
async function make(name: string, more: Record<string, unknown> = {}): Promise<void> {
  const body = { name, machineType: `${ZONE}/machineTypes/e2-small`, ...more };
  await bench.succeed('POST', `/${ZONE}/instances`, body);
}

describe('a single instance', () => {
  it('is inserted, stopped, started, suspended, resumed and deleted', async () => {
    await make('alone', { labels: { made: 'here' }, disks: [{ boot: true }] });
    await status('alone', 'RUNNING');
    const shown = await bench.succeed('GET', `/${ZONE}/instances/alone`);
    expect(shown).toMatchObject({ labels: { made: 'here' }, disks: [{ boot: true }] });
    expect((await verb('alone', 'resume')).status).toBe(400);
    await verb('alone', 'stop');
    await status('alone', 'TERMINATED');
    expect((await verb('alone', 'suspend')).status).toBe(400);
    await verb('alone', 'start');
    await status('alone', 'RUNNING');
    await verb('alone', 'suspend');
    await status('alone', 'SUSPENDED');
    await verb('alone', 'resume');
    await status('alone', 'RUNNING');
    const spans = at('alone')!.spans.map(({ state }) => state);
    expect(spans).toEqual(['running', 'stopped', 'running', 'suspended', 'running']);
    await bench.succeed('DELETE', `/${ZONE}/instances/alone`);
    await bench.until('gone', () => at('alone') === undefined);
  });

  it('begins its application anew when it is reset', async () => {
    await make('again');
    await bench.until('serving', () => at('again')?.servingSince !== undefined);
    const { servingSince } = at('again')!;
    expect((await verb('again', 'reset')).status).toBe(200);
    await bench.until('serving anew', () => (at('again')?.servingSince ?? 0) > servingSince!);
    expect(at('again')!.spans).toHaveLength(1);
  });

  it('is made of a template where the body says nothing else', async () => {
    const path = `/${ZONE}/instances?sourceInstanceTemplate=global/instanceTemplates/app`;
    await bench.succeed('POST', path, { name: 'made', labels: { a: 'b' } });
    expect(at('made')).toMatchObject({ machineType: 'e2-small', template: 'app', labels: { a: 'b' } });
  });

  it('does not come about where there is no room: the operation says so', async () => {
    await bench.faults({ stockOutZones: ['us-central1-b'] });
    const machineType = `${ZONE}/machineTypes/e2-small`;
    const operation = await bench.succeed('POST', `/${ZONE}/instances`, { name: 'nowhere', machineType });
    const wait = `/${ZONE}/operations/${String(operation['name'])}/wait`;
    const done = await bench.succeed('POST', wait);
    expect(done).toMatchObject({
      status: 'DONE',
      error: { errors: [{ code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS' }] },
    });
    expect(at('nowhere')).toBeUndefined();
    await bench.faults({ stockOutZones: [] });
  });

  it('is refused with 400, 404 or 409 where Google does', async () => {
    await make('once');
    const insert = (body: object) => bench.call('POST', `/${ZONE}/instances`, body);
    expect((await insert({ name: 'once', machineType: 'e2-small' })).status).toBe(409);
    expect((await insert({ name: 'other', machineType: 'x9-huge' })).status).toBe(400);
    expect((await verb('nobody', 'stop')).status).toBe(404);
    await make('kept', { deletionProtection: true });
    expect((await bench.call('DELETE', `/${ZONE}/instances/kept`)).status).toBe(400);
  });
});

describe('an instance of a group', () => {
  it.each([
    ['deleted', () => (name: string) => bench.call('DELETE', `/${ZONE}/instances/${name}`)],
    ['stopped', () => (name: string) => verb(name, 'stop')],
    ['suspended', () => (name: string) => verb(name, 'suspend')],
  ])('that is %s behind its back is made again under the same name', async (how, act) => {
    const group = await bench.group(ZONE, { name: `repaired-${how}`, targetSize: 1 });
    await group.stable();
    const { name, id } = group.members()[0]!;
    expect((await act()(name)).status).toBe(200);
    await bench.until('another', () => group.instance(name)?.id !== id);
    await group.stable();
    expect(await group.get()).toMatchObject({ targetSize: 1, targetSuspendedSize: 0 });
    expect(group.members()).toHaveLength(1);
  });

  it('stays down where its group is to do nothing, until it is started', async () => {
    const instanceLifecyclePolicy = { defaultActionOnFailure: 'DO_NOTHING' };
    const group = await bench.group(ZONE, { name: 'left', targetSize: 1, instanceLifecyclePolicy });
    await group.stable();
    const { name, id } = group.members()[0]!;
    await verb(name, 'stop');
    await status(name, 'TERMINATED');
    await group.stable();
    expect(group.members()).toMatchObject([{ id, status: 'TERMINATED' }]);
    expect((await verb(name, 'start')).status).toBe(200);
    await status(name, 'RUNNING');
  });

  it('of Spot provisioning is taken back as scripted, and its group makes it again', async () => {
    const link = 'global/instanceTemplates/spot';
    const spot = await bench.group(ZONE, { name: 'spot', targetSize: 2, instanceTemplate: link });
    const standard = await bench.group(ZONE, { name: 'standard', targetSize: 1 });
    await spot.stable();
    await standard.stable();
    const [kept, ...before] = [standard, spot].flatMap((group) => group.members().map(({ id }) => id));
    await bench.faults({ rules: [{ name: 'taken', times: 2, effect: { preempt: '10s' } }] });
    await bench.until('both taken', () => spot.members().every(({ id }) => !before.includes(id)));
    await spot.stable();
    expect(spot.members()).toHaveLength(2);
    expect(standard.members().map(({ id }) => id)).toEqual([kept]);
    const { items } = await bench.succeed('GET', `/${ZONE}/operations`);
    const types = (items as { operationType: string }[]).map(({ operationType }) => operationType);
    expect(types.filter((type) => type === 'compute.instances.preempted')).toHaveLength(2);
    await bench.faults({ rules: [] });
  });

  it('of Spot provisioning stops when a maintenance event is simulated, alone for good', async () => {
    await make('cheap', { scheduling: { provisioningModel: 'SPOT' } });
    await status('cheap', 'RUNNING');
    await bench.until('steady', () => at('cheap')!.currentAction === 'NONE');
    expect((await verb('cheap', 'simulateMaintenanceEvent')).status).toBe(200);
    await status('cheap', 'TERMINATED');
  });
});

describe('suspension', () => {
  it('ends after 60 days: a group makes the instance again, one by itself is stopped', async () => {
    const long = await groupBench({
      speed: 5_000_000,
      delays: fixedDelays({ create: 60_000, start: 60_000, resume: 60_000, suspend: 60_000, stop: 60_000 }),
    });
    try {
      await long.template('app', { machineType: 'e2-small' });
      const group = await long.group(ZONE, { name: 'pool', targetSuspendedSize: 1 });
      const machineType = `${ZONE}/machineTypes/e2-small`;
      await long.succeed('POST', `/${ZONE}/instances`, { name: 'alone', machineType });
      const alone = () => long.world.instances.get('p/us-central1-b/alone')!;
      await long.until('running', () => alone().status === 'RUNNING' && alone().currentAction === 'NONE');
      await long.succeed('POST', `/${ZONE}/instances/alone/suspend`);
      await long.until('suspended', () => group.members()[0]?.status === 'SUSPENDED');
      const { id, name } = group.members()[0]!;
      await long.until('made again', () => group.instance(name)?.id !== id);
      await long.until('stopped', () => alone().status === 'TERMINATED');
      const ended = [...long.world.graveyard, alone()].map(({ spans }) => spans);
      for (const spans of ended) {
        const { from, to } = spans.find(({ state }) => state === 'suspended')!;
        expect((to! - from) / 86_400_000).toBeGreaterThanOrEqual(60);
      }
      await group.stable();
      expect(group.members()).toMatchObject([{ status: 'SUSPENDED' }]);
    } finally {
      await long.close();
    }
  });
});
