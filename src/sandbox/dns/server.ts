import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { decode, encode, streamDecode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import type { World } from '../world.ts';
import { answerQuery } from './answer.ts';

const HOST = '127.0.0.1';
/** The most that a plain UDP answer may hold (RFC 1035 §4.2.1); the rest is asked for over TCP. */
const LARGEST_UDP_ANSWER = 512;
/** A free UDP port may be taken for TCP: so many are tried. */
const PORTS_TRIED = 20;

export interface DnsServer {
  host: string;
  port: number;
  close(): Promise<void>;
}

/** The zones' authoritative name server, on one loopback port for UDP and TCP. `port` 0 takes a free one. */
export async function startDnsServer(world: World, port = 0): Promise<DnsServer> {
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    serveStream(world, socket);
  });
  const udp = await bindBoth(tcp, port);
  udp.on('message', (message, sender) => {
    const answer = answerDatagram(world, message, sender.address);
    if (answer) udp.send(answer, sender.port, sender.address);
  });
  return {
    host: HOST,
    port: udp.address().port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise((resolve) => tcp.close(resolve)),
      ]);
    },
  };
}

async function bindBoth(tcp: Server, port: number): Promise<UdpSocket> {
  for (let left = PORTS_TRIED; ; left--) {
    const udp = createSocket('udp4');
    try {
      udp.bind(port, HOST);
      await once(udp, 'listening');
      tcp.listen(udp.address().port, HOST);
      await once(tcp, 'listening');
      return udp;
    } catch (error) {
      udp.close();
      if (port !== 0 || left === 1) throw error;
    }
  }
}

/** Nothing for what is no query. */
function answerDatagram(world: World, message: Buffer, sender: string): Buffer | undefined {
  try {
    const answer = answerQuery(world, decode(message), sender);
    const whole = encode(answer);
    if (whole.length <= LARGEST_UDP_ANSWER) return whole;
    return encode({
      ...answer,
      flags: (answer.flags ?? 0) | TRUNCATED_RESPONSE,
      answers: [],
      authorities: [],
    });
  } catch {
    return undefined;
  }
}

/** Queries of one TCP connection, each after its length in two bytes. */
function serveStream(world: World, socket: Socket): void {
  let received = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const length = 2 + received.readUInt16BE(0);
      try {
        const query = streamDecode(received.subarray(0, length));
        if (query) socket.write(streamEncode(answerQuery(world, query, socket.remoteAddress)));
      } catch {
        socket.destroy();
        return;
      }
      received = received.subarray(length);
    }
  });
}
