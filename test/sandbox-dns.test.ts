import { DNS } from '@google-cloud/dns';
import type { Zone } from '@google-cloud/dns';
import { decode, encode, streamDecode, streamEncode } from 'dns-packet';
import type { DecodedPacket, Packet, RecordType } from 'dns-packet';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { afterEach, describe, expect, it } from 'vitest';
import { serveApis } from '../src/sandbox/api-server.ts';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { createDnsApi } from '../src/sandbox/dns/api.ts';
import { startDnsServer } from '../src/sandbox/dns/server.ts';
import { seededRandom } from '../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../src/sandbox/server.ts';
import { World } from '../src/sandbox/world.ts';

const NAME = 'shop.example.com.';
/** The library's types leave the response code out. */
type Reply = DecodedPacket & { rcode: string };
const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0)) await part.close();
});

/** A name server and Google's own client on a zone `example.com.`. */
async function nameServer(propagationMs = 0) {
  const settings = { delays: DEFAULT_DELAYS, defaultProfile: DEFAULT_PROFILE };
  const world = new World({ clock: new SandboxClock(0, 60), random: seededRandom(1), ...settings });
  const api = await serveApis(world, [createDnsApi(world, { propagationMs })], 0);
  const server = await startDnsServer(world);
  open.push(api, server);
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: 'p' });
  const dns = new DNS({ projectId: 'p', authClient: auth as never });
  dns.baseUrl = `http://127.0.0.1:${api.port}/dns/v1`;
  const [zone] = await dns.createZone('example', { dnsName: 'example.com.' });
  return { dns, zone, server };
}

function weighted(items: { weight: number; rrdatas: string[] }[], ttl = 30) {
  return { name: NAME, ttl, routingPolicy: { wrr: { items } } };
}

function add(zone: Zone, metadata: object) {
  return zone.createChange({ add: zone.record('a', metadata as never) });
}

function question(name: string, type: RecordType): Packet {
  return { type: 'query', id: 7, questions: [{ name: name.replace(/\.$/, ''), type }] };
}

async function askUdp(port: number, name: string, type: RecordType = 'A'): Promise<Reply> {
  const socket = createSocket('udp4');
  socket.send(encode(question(name, type)), port, '127.0.0.1');
  const [message] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return decode(message) as Reply;
}

async function askTcp(port: number, name: string): Promise<Reply> {
  const socket = connect(port, '127.0.0.1').end(streamEncode(question(name, 'A')));
  const [message] = (await once(socket, 'data')) as [Buffer];
  return streamDecode(message) as Reply;
}

const dataOf = (packet: Reply) => packet.answers!.map((answer) => 'data' in answer && answer.data);

describe('Cloud DNS through the client library', () => {
  it('keeps a policy as given, lists it by name and type, and answers by its weights', async () => {
    const { zone, server } = await nameServer();
    const items = [
      { weight: 0.75, rrdatas: ['127.1.0.1'] },
      { weight: 0.25, rrdatas: ['127.1.0.2', '127.1.0.3'] },
      { weight: 0, rrdatas: ['127.1.0.4'] },
    ];
    await add(zone, weighted(items));
    const [records] = await zone.getRecords({ name: NAME, type: 'A' });
    expect(records.map((record) => record.metadata)).toMatchObject([
      { name: NAME, ttl: 30, routingPolicy: { wrr: { items } } },
    ]);
    const counts = new Map<string, number>();
    for (let asked = 0; asked < 400; asked++) {
      const packet = await askUdp(server.port, NAME);
      expect(packet.flag_aa).toBe(true);
      expect(packet.answers).toSatisfy((answers: { ttl: number }[]) =>
        answers.every(({ ttl }) => ttl === 30),
      );
      const key = dataOf(packet).map(String).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['127.1.0.1', '127.1.0.2,127.1.0.3']);
    // 400 draws at 0.75: 300 ± 4 standard deviations.
    expect(Math.abs(counts.get('127.1.0.1')! - 300)).toBeLessThan(35);
  });

  it('is pending until the name server knows', async () => {
    const { zone, server } = await nameServer(20_000);
    const [change, first] = await add(zone, { name: NAME, ttl: 5, data: '127.1.0.1' });
    expect(first).toMatchObject({ status: 'pending' });
    expect((await askUdp(server.port, NAME)).rcode).toBe('NXDOMAIN');
    let status = 'pending';
    while (status === 'pending') status = (await change.getMetadata())[0].status;
    expect(status).toBe('done');
    expect(dataOf(await askUdp(server.port, NAME))).toEqual(['127.1.0.1']);
  });

  it('applies a change whole or not at all', async () => {
    const { zone } = await nameServer();
    const items = [{ weight: 1, rrdatas: ['127.1.0.1'] }];
    await add(zone, weighted(items));
    const record = (ttl: number) => zone.record('a', weighted(items, ttl) as never);
    const other = zone.record('a', { name: 'other.example.com.', ttl: 5, data: '127.1.0.9' });
    await expect(zone.createChange({ add: other, delete: record(31) })).rejects.toMatchObject({ code: 412 });
    await expect(zone.createChange({ add: [other, record(30)] })).rejects.toMatchObject({ code: 409 });
    await expect(add(zone, { name: 'x.elsewhere.org.', ttl: 5, data: '127.1.0.9' })).rejects.toMatchObject({
      code: 400,
    });
    const names = (await zone.getRecords())[0].map(
      ({ metadata }) => `${metadata.name} ${(metadata as { type?: string }).type}`,
    );
    expect(names).toEqual(['example.com. NS', 'example.com. SOA', `${NAME} A`]);
    const [change] = await zone.createChange({ add: record(60), delete: record(30) });
    expect((await zone.getChanges())[0].map(({ id }) => id)).toEqual([change.id, '1']);
  });

  it('patches one record set, and deletes a zone only when it is empty', async () => {
    const { dns, zone, server } = await nameServer();
    await add(zone, { name: NAME, ttl: 5, data: '127.1.0.1' });
    const uri = `/rrsets/${NAME}/A`;
    await new Promise((resolve) => {
      zone.request({ method: 'PATCH', uri, json: { rrdatas: ['127.1.0.2'] } }, resolve);
    });
    expect(dataOf(await askUdp(server.port, NAME))).toEqual(['127.1.0.2']);
    await expect(zone.delete()).rejects.toMatchObject({ code: 400 });
    const [records] = await zone.getRecords({ name: NAME, type: 'A' });
    await zone.deleteRecords(records);
    await zone.delete();
    expect((await dns.getZones())[0]).toEqual([]);
    await expect(zone.getMetadata()).rejects.toMatchObject({ code: 404 });
  });
});

describe('the name server', () => {
  it('says what it does not know: no such name, no such type, not its zone', async () => {
    const { zone, server } = await nameServer();
    await add(zone, { name: NAME, ttl: 5, data: '127.1.0.1' });
    expect(await askUdp(server.port, 'none.example.com.')).toMatchObject({
      rcode: 'NXDOMAIN',
      flag_aa: true,
      answers: [],
    });
    const other = await askUdp(server.port, NAME, 'AAAA');
    expect(other).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
      authorities: [{ type: 'SOA', name: 'example.com' }],
    });
    expect(await askUdp(server.port, 'example.org.')).toMatchObject({ rcode: 'REFUSED', flag_aa: false });
    expect(dataOf(await askUdp(server.port, NAME.toUpperCase()))).toEqual(['127.1.0.1']);
  });

  it('answers over TCP what is too long for UDP, and survives nonsense', async () => {
    const { zone, server } = await nameServer();
    const data = Array.from({ length: 60 }, (_, index) => `127.1.1.${index}`);
    await add(zone, { name: NAME, ttl: 5, data });
    const socket = createSocket('udp4');
    socket.send(Buffer.from('nonsense'), server.port, '127.0.0.1', () => socket.close());
    expect(await askUdp(server.port, NAME)).toMatchObject({ flag_tc: true, answers: [] });
    expect(dataOf(await askTcp(server.port, NAME))).toEqual(data);
  });
});
