import { describe, expect, it } from 'vitest';
import { expectRefusal, sorted } from './bench.ts';
import { untilHolds } from '../support/until.ts';
import type { Subject } from './bench.ts';
import type { Json } from './caller.ts';

const REGION = 'us-east1';
const ZONE = 'us-east1-b';

/** Managed groups that a pool or a whole region stands behind, as one of Google's libraries sees them, in order. */
export function describeGroupsLife(name: string, subject: () => Subject): void {
  const project = () => ({ project: subject().project });
  const call = (method: string, params: Json, body?: Json) =>
    subject().caller.call(`compute.${method}`, params, body);
  const change = (method: string, params: Json, body?: Json) =>
    subject().caller.change(`compute.${method}`, params, body);
  const template = () => `projects/${subject().project}/global/instanceTemplates/wide`;

  /** One group, by the methods of its own collection. */
  function groupOf(collection: string, place: Json) {
    const at = () => ({ ...project(), ...place, instanceGroupManager: 'crowd' });
    const read = () => call(`${collection}.get`, at());
    const managed = () => subject().caller.list(`compute.${collection}.listManagedInstances`, at());
    return {
      at,
      read,
      managed,
      insert: (body: Json) =>
        change(`${collection}.insert`, { ...project(), ...place }, { name: 'crowd', ...body }),
      resize: (size: number) => change(`${collection}.resize`, { ...at(), size }),
      remove: () => change(`${collection}.delete`, at()),
      statuses: async () => sorted((await managed()).map((each) => each['instanceStatus'])),
      stable: () =>
        untilHolds(read, ({ status }) => (status as { isStable?: boolean } | undefined)?.isStable === true),
    };
  }

  describe(`${name}: a pool for scaling out`, () => {
    const group = groupOf('instanceGroupManagers', { zone: ZONE });

    it('fills itself with instances that ran first', async () => {
      await change('instanceTemplates.insert', project(), {
        name: 'wide',
        properties: { machineType: 'e2-small' },
      });
      await group.insert({
        instanceTemplate: template(),
        targetSize: 1,
        targetSuspendedSize: 2,
        standbyPolicy: { mode: 'SCALE_OUT_POOL', initialDelaySec: 10 },
      });
      expect(await group.read()).toMatchObject({
        standbyPolicy: { mode: 'SCALE_OUT_POOL', initialDelaySec: 10 },
      });
      await group.stable();
      expect(await group.statuses()).toEqual(['RUNNING', 'SUSPENDED', 'SUSPENDED']);
    });

    it('gives when the group grows, before anything is created, and is filled up again', async () => {
      const pooled = (await group.managed()).filter((each) => each['instanceStatus'] === 'SUSPENDED');
      await group.resize(3);
      await group.stable();
      expect(await group.read()).toMatchObject({ targetSize: 3, targetSuspendedSize: 2 });
      const now = await group.managed();
      expect(await group.statuses()).toEqual(['RUNNING', 'RUNNING', 'RUNNING', 'SUSPENDED', 'SUSPENDED']);
      for (const { instance } of pooled)
        expect(now.find((each) => each['instance'] === instance)).toMatchObject({
          instanceStatus: 'RUNNING',
        });
      await group.remove();
    });
  });

  describe(`${name}: a regional group`, () => {
    const group = groupOf('regionInstanceGroupManagers', { region: REGION });
    const zones = async () =>
      sorted((await group.managed()).map((each) => /\/zones\/([^/]+)\//.exec(String(each['instance']))?.[1]));

    it('spreads its instances over its zones', async () => {
      const distributionPolicy = { zones: ['b', 'c'].map((zone) => ({ zone: `zones/${REGION}-${zone}` })) };
      await group.insert({ instanceTemplate: template(), targetSize: 4, distributionPolicy });
      const read = await group.read();
      expect(read['region']).toMatch(new RegExp(`/regions/${REGION}$`));
      expect(read).not.toHaveProperty('zone', expect.stringContaining('zones'));
      await group.stable();
      expect(await zones()).toEqual(['b', 'b', 'c', 'c'].map((zone) => `${REGION}-${zone}`));
    });

    it('is resized, and suspends and resumes what is named', async () => {
      await group.resize(2);
      await group.stable();
      const [first] = await group.managed();
      const named = { instances: [first!['instance']] };
      await change('regionInstanceGroupManagers.suspendInstances', group.at(), named);
      await group.stable();
      expect(await group.statuses()).toEqual(['RUNNING', 'SUSPENDED']);
      await change('regionInstanceGroupManagers.resumeInstances', group.at(), named);
      await group.stable();
      expect(await group.statuses()).toEqual(['RUNNING', 'RUNNING']);
    });

    it('is found among all places and listed in its own', async () => {
      const scopes = await subject().caller.aggregated(
        'compute.instanceGroupManagers.aggregatedList',
        project(),
      );
      const found = scopes[`regions/${REGION}`]!['instanceGroupManagers'] as Json[];
      expect(found.map((each) => each['name'])).toEqual(['crowd']);
      const place = { ...project(), region: REGION };
      expect(await subject().caller.list('compute.regionInstanceGroupManagers.list', place)).toHaveLength(1);
    });

    it('goes with its instances', async () => {
      await group.remove();
      await expectRefusal(group.read(), 404, 'notFound');
      await change('instanceTemplates.delete', { ...project(), instanceTemplate: 'wide' });
    });
  });
}
