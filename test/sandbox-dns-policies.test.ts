import { describe, expect, it } from 'vitest';
import { answerQuery } from '../src/sandbox/dns/answer.ts';
import type { Instance, World } from '../src/sandbox/world.ts';
import { NAME, targets, zoneOf } from './support/dns-zone.ts';

/** Answers by weight, place and failover, with health; by wildcards and aliases. */

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
