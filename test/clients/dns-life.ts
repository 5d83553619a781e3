import { describe, expect, it } from 'vitest';
import { expectRefusal, sorted } from './bench.ts';
import type { Subject } from './bench.ts';
import type { Json } from './caller.ts';

/** A zone of Cloud DNS and its records as one of Google's libraries sees them, in order. */
export function describeDnsLife(name: string, subject: () => Subject): void {
  const project = () => ({ project: subject().project });
  const zone = () => ({ ...project(), managedZone: 'shop' });
  const call = (method: string, params: Json, body?: Json) =>
    subject().caller.call(`dns.${method}`, params, body);
  const change = (body: Json) => subject().caller.change('dns.changes.create', zone(), body);
  const list = (method: string, params: Json) => subject().caller.list(`dns.${method}`, params);
  const records = async () => {
    const all = await list('resourceRecordSets.list', zone());
    return all.filter(({ type }) => type !== 'SOA' && type !== 'NS');
  };
  const www = { name: 'www.shop.example.', type: 'A', ttl: 60, rrdatas: ['192.0.2.1', '192.0.2.2'] };
  const mail = { name: 'mail.shop.example.', type: 'A', ttl: 300, rrdatas: ['192.0.2.9'] };

  describe(`${name}: a zone`, () => {
    it('is created with name servers, SOA and NS', async () => {
      const body = { name: 'shop', dnsName: 'shop.example.', description: 'of the suite' };
      const insert = () => call('managedZones.create', project(), body);
      await insert();
      const read = await call('managedZones.get', zone());
      expect(read).toMatchObject({ name: 'shop', dnsName: 'shop.example.', description: 'of the suite' });
      expect((read['nameServers'] as string[]).length).toBeGreaterThan(0);
      expect(Date.parse(String(read['creationTime']))).not.toBeNaN();
      await expectRefusal(insert(), 409, 'alreadyExists');
      expect((await list('managedZones.list', project())).map((each) => each['name'])).toEqual(['shop']);
      const types = (await list('resourceRecordSets.list', zone())).map(({ type }) => type);
      expect(sorted(types)).toEqual(['NS', 'SOA']);
    });

    it('takes a change, which is pending first and then done', async () => {
      expect(await call('changes.create', zone(), { additions: [www] })).toMatchObject({ status: 'pending' });
      expect(await records()).toMatchObject([www]);
      const done = await change({ additions: [mail] });
      expect(done).toMatchObject({ status: 'done', additions: [mail] });
      expect((await list('changes.list', { ...zone(), maxResults: 1 })).length).toBeGreaterThanOrEqual(2);
      const paged = await list('resourceRecordSets.list', { ...zone(), maxResults: 1 });
      expect(paged).toHaveLength(4);
    });

    it('refuses deletions that are not exact, and then changes nothing at all', async () => {
      const addition = { ...mail, name: 'new.shop.example.' };
      const before = await records();
      for (const wrong of [
        { ...www, ttl: 61 },
        { ...www, rrdatas: ['192.0.2.1'] },
        { ...www, name: 'w.shop.example.' },
      ])
        await expectRefusal(change({ additions: [addition], deletions: [wrong] }), 412, 'conditionNotMet');
      await expectRefusal(change({ additions: [addition, www] }), 409, 'alreadyExists');
      await expectRefusal(
        change({ additions: [{ ...www, name: 'www.elsewhere.example.' }] }),
        400,
        'invalid',
      );
      expect(await records()).toEqual(before);
    });

    it('replaces a record in one change', async () => {
      const after = { ...www, ttl: 30 };
      await change({ additions: [after], deletions: [www] });
      expect(await records()).toEqual(expect.arrayContaining([expect.objectContaining(after)]));
      await change({ additions: [www], deletions: [after] });
    });

    it('keeps weights', async ({ skip }) => {
      if (!subject().skills.knowsRoutingPolicies) skip('this library knows plain records only');
      const weighted = {
        name: 'app.shop.example.',
        type: 'A',
        ttl: 30,
        routingPolicy: {
          wrr: {
            items: [
              { weight: 0.9, rrdatas: ['192.0.2.1'] },
              { weight: 0.1, rrdatas: ['198.51.100.1'] },
            ],
          },
        },
      };
      await change({ additions: [weighted] });
      const added = (await records()).find((each) => each['name'] === weighted.name)!;
      expect(added).toMatchObject(weighted);
      const items = weighted.routingPolicy.wrr.items.toReversed();
      const wrong = {
        ...weighted,
        routingPolicy: { wrr: { items: [{ ...items[0], weight: 0.2 }, items[1]] } },
      };
      await expectRefusal(change({ deletions: [wrong] }), 412, 'conditionNotMet');
      await change({ deletions: [weighted] });
    });

    const policies: [name: string, routingPolicy: Json, wrong: Json][] = [
      [
        'places',
        {
          geo: {
            enableFencing: true,
            items: [
              { location: 'us-central1', rrdatas: ['192.0.2.1'] },
              { location: 'europe-west1', rrdatas: ['198.51.100.1'] },
            ],
          },
        },
        {
          geo: {
            items: ['us-central1', 'us-central1'].map((location) => ({ location, rrdatas: ['192.0.2.1'] })),
          },
        },
      ],
      [
        'a backup, and the health of targets',
        {
          primaryBackup: {
            primaryTargets: {
              internalLoadBalancers: [
                {
                  loadBalancerType: 'regionalL4ilb',
                  ipAddress: '192.0.2.1',
                  port: '80',
                  ipProtocol: 'tcp',
                  networkUrl: 'https://www.googleapis.com/compute/v1/projects/p/global/networks/default',
                  project: 'p',
                  region: 'us-central1',
                },
              ],
            },
            backupGeoTargets: { items: [{ location: 'us-east1', rrdatas: ['198.51.100.1'] }] },
            trickleTraffic: 0.1,
          },
        },
        {
          primaryBackup: {
            backupGeoTargets: { items: [{ location: 'us-east1', rrdatas: ['198.51.100.1'] }] },
          },
        },
      ],
    ];
    for (const [what, routingPolicy, wrong] of policies)
      it(`keeps ${what}`, async ({ skip }) => {
        if (!subject().skills.knowsRoutingPolicies) skip('this library knows plain records only');
        const record = { name: 'app.shop.example.', type: 'A', ttl: 30, routingPolicy };
        await expectRefusal(change({ additions: [{ ...record, routingPolicy: wrong }] }), 400, 'invalid');
        await change({ additions: [record] });
        expect((await records()).find((each) => each['name'] === record.name)).toMatchObject(record);
        await change({ deletions: [record] });
      });

    it('goes only when its records have gone', async () => {
      const remove = () => call('managedZones.delete', zone());
      await expectRefusal(remove(), 400, 'containerNotEmpty');
      await change({ deletions: [www, mail] });
      await remove();
      await expectRefusal(call('managedZones.get', zone()), 404, 'notFound');
    });
  });
}
