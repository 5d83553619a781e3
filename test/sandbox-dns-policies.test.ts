import fc from 'fast-check';
import { afterEach, describe, expect, it, test } from 'vitest';
import { serveApis } from '../src/sandbox/api-server.ts';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { answerQuery } from '../src/sandbox/dns/answer.ts';
import { createDnsApi } from '../src/sandbox/dns/api.ts';
import { applyChange, newZone } from '../src/sandbox/dns/zones.ts';
import { seededRandom } from '../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../src/sandbox/server.ts';
import { World } from '../src/sandbox/world.ts';
import type { Instance } from '../src/sandbox/world.ts';

/** Answers by weight, place and failover, with health; and the rest of Cloud DNS's own rules. */

const NAME = 'shop.example.com.';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A zone `example.com.` behind the API, and whoever asks its name server. */
async function zoneOf() {
  const settings = { delays: DEFAULT_DELAYS, defaultProfile: DEFAULT_PROFILE };
  const world = new World({ clock: new SandboxClock(0, 60), random: seededRandom(1), ...settings });
  const api = await serveApis(world, [createDnsApi(world, { propagationMs: 0 })], 0);
  closing.push(() => api.close());
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${api.port}/dns/v1/projects/p${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, never> };
  };
  await send('POST', '/managedZones', { name: 'z', dnsName: 'example.com.' });
  const add = (routingPolicy: object, type = 'A') =>
    send('POST', '/managedZones/z/rrsets', { name: NAME, type, ttl: '30', routingPolicy });
  /** Data of one answer; `subnet` as an EDNS option. */
  const ask = (subnet?: string) => {
    const options = subnet === undefined ? [] : [{ code: 8, ip: subnet, family: 1, sourcePrefixLength: 24 }];
    const additionals = [{ type: 'OPT', name: '.', options }] as never;
    const { answers } = answerQuery(world, {
      type: 'query',
      questions: [{ name: NAME.slice(0, -1), type: 'A' }],
      additionals,
    });
    return answers!.map((answer) => (answer as unknown as { data: string }).data).join();
  };
  const counts = (times: number, subnet?: string) => {
    const seen: Record<string, number> = {};
    for (let asked = 0; asked < times; asked++) {
      const answer = ask(subnet);
      seen[answer] = (seen[answer] ?? 0) + 1;
    }
    return seen;
  };
  return { world, send, add, ask, counts };
}

/** An instance of the world at this address, which serves or not. */
function addInstance(world: World, ip: string, serves: boolean, zone = 'us-central1-a'): Instance {
  const name = `i-${ip.replaceAll('.', '-')}`;
  const instance: Instance = {
    id: name,
    project: 'p',
    zone,
    name,
    machineType: 'e2-small',
    status: 'RUNNING',
    currentAction: 'NONE',
    ip,
    createdAt: 0,
    spans: [],
    metadata: {},
    labels: {},
    ...(serves ? { servingSince: 0 } : {}),
  };
  world.instances.set(`p/${zone}/${name}`, instance);
  return instance;
}

const targets = (...externalEndpoints: string[]) => ({ externalEndpoints });

describe('answers', () => {
  it('by weight leave unhealthy targets out, draw another item, and fail open', async () => {
    const { world, add, ask, counts } = await zoneOf();
    const first = addInstance(world, '127.1.0.1', true);
    addInstance(world, '127.1.0.2', false);
    const second = addInstance(world, '127.1.0.3', true);
    await add({
      wrr: {
        items: [
          { weight: 1, healthCheckedTargets: targets('127.1.0.1', '127.1.0.2') },
          { weight: '3', healthCheckedTargets: targets('127.1.0.3') },
        ],
      },
    });
    const seen = counts(400);
    expect(Object.keys(seen).toSorted()).toEqual(['127.1.0.1', '127.1.0.3']);
    // 400 draws at 0.75: 300 ± 4 standard deviations.
    expect(Math.abs(seen['127.1.0.3']! - 300)).toBeLessThan(35);
    delete second.servingSince;
    expect(Object.keys(counts(50))).toEqual(['127.1.0.1']);
    delete first.servingSince;
    expect(Object.keys(counts(100)).toSorted()).toEqual(['127.1.0.1,127.1.0.2', '127.1.0.3']);
    world.instances.delete('p/us-central1-a/i-127-1-0-3');
    expect(ask()).not.toBe('');
  });

  it('by place go to the nearest item, and past an unhealthy one unless fenced', async () => {
    const { world, add, ask, send } = await zoneOf();
    const central = addInstance(world, '127.1.0.1', true);
    const items = [
      { location: 'us-central1', healthCheckedTargets: targets('127.1.0.1') },
      { location: 'europe-west1', rrdatas: ['127.1.0.9'] },
    ];
    await add({ geo: { items } });
    // The stand-in network: 198.18.<n>.0/24 lies in the n-th region.
    expect([ask('198.18.0.0'), ask('198.18.1.0'), ask('198.18.2.0')]).toEqual([
      '127.1.0.1',
      '127.1.0.1',
      '127.1.0.9',
    ]);
    addInstance(world, '127.1.0.50', true, 'europe-west1-b');
    expect(ask('127.1.0.50')).toBe('127.1.0.9');
    delete central.servingSince;
    expect(ask('198.18.0.0')).toBe('127.1.0.9');
    const path = `/managedZones/z/rrsets/${NAME}/A`;
    await send('PATCH', path, { routingPolicy: { geo: { items, enableFencing: true } } });
    expect(ask('198.18.0.0')).toBe('127.1.0.1');
  });

  it('fail over to the backup, and let a trickle through before', async () => {
    const { world, add, counts } = await zoneOf();
    const primary = addInstance(world, '127.1.0.1', true);
    await add({
      primaryBackup: {
        primaryTargets: targets('127.1.0.1'),
        backupGeoTargets: { items: [{ location: 'us-east1', rrdatas: ['127.1.0.9'] }] },
        trickleTraffic: 0.1,
      },
    });
    const seen = counts(500);
    // 500 draws at 0.1: 50 ± 4 standard deviations.
    expect(Math.abs(seen['127.1.0.9']! - 50)).toBeLessThan(27);
    expect(seen['127.1.0.1']! + seen['127.1.0.9']!).toBe(500);
    delete primary.servingSince;
    expect(counts(20)).toEqual({ '127.1.0.9': 20 });
  });

  it('come from a wildcard for names that are not there, nor have anything below them', async () => {
    const { world, send } = await zoneOf();
    const record = (name: string, address: string) => ({ name, type: 'A', ttl: 5, rrdatas: [address] });
    const additions = [
      record('*.example.com.', '192.0.2.1'),
      record('*.b.example.com.', '192.0.2.2'),
      record('deep.down.b.example.com.', '192.0.2.3'),
    ];
    await send('POST', '/managedZones/z/changes', { additions });
    const answerTo = (name: string) => {
      const { answers, flags } = answerQuery(world, { type: 'query', questions: [{ name, type: 'A' }] });
      return [(flags ?? 0) & 15, ...answers!.map((answer) => ('data' in answer ? answer.data : ''))];
    };
    expect(answerTo('any.example.com')).toEqual([0, '192.0.2.1']);
    expect(answerTo('any.thing.example.com')).toEqual([0, '192.0.2.1']);
    expect(answerTo('any.b.example.com')).toEqual([0, '192.0.2.2']);
    // There, though empty: the wildcard beside it does not speak for it, nor for what would be below.
    expect(answerTo('down.b.example.com')).toEqual([0]);
    expect(answerTo('other.down.b.example.com')).toEqual([3]);
  });

  it('follow an alias, tell texts, and carry the SOA no longer than negative answers may be kept', async () => {
    const { world, send } = await zoneOf();
    const records = [
      { name: 'www.example.com.', type: 'CNAME', ttl: 5, rrdatas: [NAME] },
      { name: NAME, type: 'TXT', ttl: 5, rrdatas: ['"a b" "c"'] },
    ];
    await send('POST', '/managedZones/z/changes', { additions: records });
    const answerTo = (name: string, type: 'A' | 'TXT') =>
      answerQuery(world, { type: 'query', questions: [{ name, type }] });
    expect(answerTo('www.example.com', 'A').answers).toMatchObject([
      { type: 'CNAME', data: 'shop.example.com' },
    ]);
    expect(answerTo('shop.example.com', 'TXT').answers).toMatchObject([{ type: 'TXT', data: ['a b', 'c'] }]);
    expect(answerTo('none.example.com', 'A').authorities).toMatchObject([{ type: 'SOA', ttl: 300 }]);
  });
});

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
