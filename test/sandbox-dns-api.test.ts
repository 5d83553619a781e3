import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { applyChange, newZone } from '../src/sandbox/dns/zones.ts';
import { NAME, targets, zoneOf } from './support/dns-zone.ts';

/** Cloud DNS's own rules: what its API refuses, keeps and tells. */

describe('the API', () => {
  it.each([
    [{ wrr: { items: [{ weight: 1, rrdatas: ['1.1.1.1'] }] }, geo: { items: [] } }, 'geo'],
    [{ wrr: { items: [{ weight: -1, rrdatas: ['1.1.1.1'] }] } }, 'weight'],
    [{ wrr: { items: [{ weight: 1 }] } }, 'rrdatas or healthCheckedTargets'],
    [{ wrr: { itms: [] } }, 'itms'],
    [
      { geo: { items: ['a', 'a'].map((location) => ({ location, rrdatas: ['1.1.1.1'] })) } },
      'every location once',
    ],
    [
      {
        primaryBackup: {
          primaryTargets: targets('1.1.1.1'),
          backupGeoTargets: { items: [{ location: 'a', rrdatas: ['1.1.1.1'] }] },
          trickleTraffic: 2,
        },
      },
      'trickleTraffic',
    ],
  ])('refuses the policy %j', async (policy, words) => {
    const { add } = await zoneOf();
    const { status, body } = await add(policy);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(words);
  });

  it('creates and deletes single record sets, numbers given as strings, and keeps the apex and aliases sound', async () => {
    const { send } = await zoneOf();
    const path = '/managedZones/z/rrsets';
    const record = { name: NAME, type: 'A', ttl: '60', rrdatas: ['1.1.1.1'] };
    expect(await send('POST', path, record)).toMatchObject({ status: 200, body: { ...record, ttl: 60 } });
    expect((await send('POST', path, record)).status).toBe(409);
    expect((await send('POST', path, { ...record, tll: 5 })).body).toMatchObject({
      error: { message: expect.stringContaining('did you mean ttl?') as string },
    });
    const alias = { name: NAME, type: 'CNAME', ttl: 60, rrdatas: ['other.example.com.'] };
    expect((await send('POST', path, alias)).body).toMatchObject({
      error: { code: 400, errors: [{ reason: 'cnameResourceRecordSetConflict' }] },
    });
    expect((await send('DELETE', `${path}/example.com./SOA`)).body).toMatchObject({
      error: { code: 400, errors: [{ reason: 'invalidZoneApex' }] },
    });
    expect((await send('DELETE', `${path}/${NAME}/A`)).status).toBe(200);
    expect((await send('GET', `${path}/${NAME}/A`)).status).toBe(404);
    expect((await send('DELETE', '/managedZones/z')).status).toBe(204);
  });

  it('updates zones by operations that tell before and after', async () => {
    const { send } = await zoneOf();
    const patched = await send('PATCH', '/managedZones/z', { description: 'new', labels: { a: 'b' } });
    expect(patched.body).toMatchObject({
      kind: 'dns#operation',
      type: 'update',
      zoneContext: { oldValue: { description: '' }, newValue: { description: 'new', labels: { a: 'b' } } },
    });
    const { id } = patched.body;
    expect((await send('GET', `/managedZones/z/operations/${id}`)).body).toMatchObject({
      id,
      status: 'done',
    });
    await send('PUT', '/managedZones/z', { name: 'z', dnsName: 'example.com.' });
    const zone = (await send('GET', '/managedZones/z')).body;
    expect(zone).toMatchObject({ description: '' });
    expect(zone).not.toHaveProperty('labels');
    expect(zone['creationTime']).toMatch(/\.\d+Z$/);
    expect((await send('PATCH', '/managedZones/z', { dnsName: 'example.org.' })).status).toBe(400);
    expect((await send('PATCH', '/managedZones/z', { descripton: '' })).body).toMatchObject({
      error: { message: expect.stringContaining('did you mean description?') as string },
    });
    expect((await send('GET', '/managedZones/z/operations')).body['operations']).toHaveLength(2);
  });

  it('answers 501 to what the sandbox has not', async () => {
    const { send } = await zoneOf();
    const forwarding = { name: 'f', dnsName: 'f.com.', forwardingConfig: {} };
    expect((await send('POST', '/managedZones', forwarding)).status).toBe(501);
    for (const path of ['/policies', '/responsePolicies', '/managedZones/z/dnsKeys'])
      expect((await send('GET', path)).status).toBe(501);
    expect((await send('GET', '')).body).toMatchObject({ kind: 'dns#project' });
  });
});

test('a change applies whole or not at all, whatever it says', () => {
  const record = fc.record({
    name: fc.constantFrom('a.example.com.', 'b.example.com.', 'x.org.'),
    type: fc.constantFrom('A', 'TXT', 'CNAME'),
    ttl: fc.constantFrom(5, '5', 6),
    rrdatas: fc.constantFrom(['1'], ['2'], ['1', '2'], []),
  });
  const change = fc.record({
    additions: fc.array(record, { maxLength: 3 }),
    deletions: fc.array(record, { maxLength: 2 }),
  });
  const key = ({ name, type }: { name: string; type: string }) => `${name} ${type}`;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const fields = {
        id: '1',
        project: 'p',
        name: 'z',
        dnsName: 'example.com.',
        description: '',
        settings: {},
      };
      const zone = newZone(fields, 0);
      for (const wanted of changes) {
        const before = structuredClone(zone);
        try {
          applyChange(zone, wanted, 0, 0);
        } catch {
          expect(zone).toEqual(before);
          continue;
        }
        const gone = new Set(wanted.deletions.map(key));
        const kept = before.records.map(key).filter((name) => !gone.has(name));
        expect(zone.records.map(key).toSorted()).toEqual([...kept, ...wanted.additions.map(key)].toSorted());
        expect(new Set(zone.records.map(key)).size).toBe(zone.records.length);
      }
    }),
  );
});
