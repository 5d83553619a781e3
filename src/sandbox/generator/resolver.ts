import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decode, encode, streamDecode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import type { Packet } from 'dns-packet';
import type { SandboxClock } from '../clock.ts';
import type { DnsName } from './config.ts';

/** Clients with a cache each: all of them asking at once would move all traffic at once. */
const CLIENTS = 32;
const TIMEOUT_MS = 1_000;
const TRIES = 3;

interface Cached {
  addresses: Promise<string[]>;
  /** Sandbox ms. */
  expiresAt: number;
}

/** Resolves one name as a crowd of clients does: each keeps its answer for the record's time to live. */
export class Resolver {
  readonly #name: DnsName;
  readonly #clock: SandboxClock;
  readonly #random: () => number;
  readonly #caches = new Map<number, Cached>();
  #lastId = 0;

  constructor(name: DnsName, clock: SandboxClock, random: () => number) {
    this.#name = name;
    this.#clock = clock;
    this.#random = random;
  }

  /** The address that the next request goes to. Rejects when the name server has none, or does not answer. */
  async next(): Promise<string> {
    const client = Math.floor(this.#random() * CLIENTS);
    let cached = this.#caches.get(client);
    if (!cached || this.#clock.now() >= cached.expiresAt) {
      cached = this.#refresh(client);
      this.#caches.set(client, cached);
    }
    const addresses = await cached.addresses;
    return addresses[Math.floor(this.#random() * addresses.length)]!;
  }

  #refresh(client: number): Cached {
    const cached: Cached = { addresses: Promise.resolve([]), expiresAt: Infinity };
    cached.addresses = this.#ask().then(
      ({ addresses, ttlSeconds }) => {
        cached.expiresAt = this.#clock.now() + (this.#name.ttlSeconds ?? ttlSeconds) * 1000;
        return addresses;
      },
      (error: unknown) => {
        this.#caches.delete(client);
        throw error;
      },
    );
    return cached;
  }

  async #ask(): Promise<{ addresses: string[]; ttlSeconds: number }> {
    const { name } = this.#name;
    const id = (this.#lastId = (this.#lastId + 1) & 0xffff);
    const query: Packet = { type: 'query', id, questions: [{ type: 'A', name: name.replace(/\.$/, '') }] };
    const short = await this.#askUdp(query);
    const reply = (short.flags ?? 0) & TRUNCATED_RESPONSE ? await this.#askTcp(query) : short;
    const answers = (reply.answers ?? []).flatMap((answer) => (answer.type === 'A' ? [answer] : []));
    if (answers.length === 0) throw new Error(`${name} has no address`);
    return { addresses: answers.map((answer) => answer.data), ttlSeconds: answers[0]!.ttl ?? 0 };
  }

  /** Asks again where a datagram got lost. */
  async #askUdp(query: Packet): Promise<Packet> {
    const { server, port } = this.#name;
    for (let left = TRIES; ; left--) {
      const socket = createSocket('udp4');
      try {
        socket.send(encode(query), port, server);
        const timeout = { signal: AbortSignal.timeout(TIMEOUT_MS) };
        const [message] = (await once(socket, 'message', timeout)) as [Buffer];
        return decode(message);
      } catch (error) {
        if (left === 1) throw error;
      } finally {
        socket.close();
      }
    }
  }

  async #askTcp(query: Packet): Promise<Packet> {
    const { server, port } = this.#name;
    const socket = connect(port, server);
    try {
      socket.write(streamEncode(query));
      let received = Buffer.alloc(0);
      const timeout = { signal: AbortSignal.timeout(TIMEOUT_MS) };
      while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
        const [chunk] = (await once(socket, 'data', timeout)) as [Buffer];
        received = Buffer.concat([received, chunk]);
      }
      return streamDecode(received) ?? {};
    } finally {
      socket.destroy();
    }
  }
}
