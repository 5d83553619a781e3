import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { SandboxClock } from '../clock.ts';
import type { Faults } from '../faults/faults.ts';
import { downBy } from '../faults/machines.ts';
import type { AppProfile, Instance } from '../world.ts';
import { BusyTime } from './busy-time.ts';
import { VirtualQueue } from './virtual-queue.ts';
import { cut, INSTANCE, LATENCY, listen, scheduledAt, standsFor } from './wire.ts';

/** What an idle machine shows. */
const BASE_CPU = 0.02;
const UNREADY_KEPT = 100;

export interface Address {
  host: string;
  port: number;
}

/** What an instance's own access log says. Outlives the instance. */
export interface AccessRecord {
  id: string;
  project: string;
  zone: string;
  name: string;
  group?: string;
  /** Requests on the wire, health checks left out, and how many they stood for. */
  wireRequests: number;
  requests: number;
  refused: number;
  /** Requests that arrived while the application was not serving (booting, resuming): how many, and the first of them. */
  unreadyRequests: number;
  unready: { at: number; path: string }[];
}

/** One instance made real: an HTTP server on its own address whose capacity is that of its profile. */
export class InstanceServer {
  readonly instance: Instance;
  readonly access: AccessRecord;
  readonly #clock: SandboxClock;
  readonly #profile: AppProfile;
  readonly #random: () => number;
  readonly #faults: Faults;
  readonly #busy = new BusyTime();
  /** Spans in which it was powered on, sandbox ms. */
  readonly #spans: { from: number; to?: number }[] = [];
  #server?: Server;
  #queue?: VirtualQueue;
  #initialising?: NodeJS.Timeout;
  #address?: Address;
  /** The newest arrival and the gap before it: work that a wire request stands for becomes known only with the next one. */
  #newest = { at: 0, gapMs: 0 };

  constructor(
    instance: Instance,
    profile: AppProfile,
    clock: SandboxClock,
    random: () => number,
    faults: Faults,
  ) {
    this.instance = instance;
    this.#profile = profile;
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
    const { id, project, zone, name, group } = instance;
    const none = { wireRequests: 0, requests: 0, refused: 0, unreadyRequests: 0, unready: [] };
    this.access = { id, project, zone, name, group, ...none };
  }

  /** Where it answers, or answered last; undefined before it was ever powered on. */
  get address(): Address | undefined {
    return this.#address;
  }

  /** Opens the server at the first of `candidates` that is free; serves after `initialiseMs` of sandbox time. */
  async powerOn(candidates: Address[], initialiseMs: number): Promise<void> {
    await this.powerOff();
    const from = this.#clock.now();
    const server = createServer((request, response) => this.#handle(request, response));
    // An idle connection closed by us at the moment that a request is sent on it would look like a failure.
    server.keepAliveTimeout = 0;
    this.#server = server;
    this.#address = await listenFirst(server, candidates);
    if (this.#server !== server) return; // powered off meanwhile
    this.#spans.push({ from });
    this.#initialising = this.#clock.after(initialiseMs - (this.#clock.now() - from), () => {
      const since = this.#clock.now();
      this.#queue = new VirtualQueue(this.#profile, this.#random, since, (a, b) => this.#busy.add(a, b));
      this.#newest = { at: since, gapMs: 0 };
      this.instance.servingSince = since;
    });
  }

  /** Closes the server and cuts what is in flight. Harmless when it is off. */
  async powerOff(): Promise<void> {
    clearTimeout(this.#initialising);
    this.instance.servingSince = undefined;
    this.#queue = undefined;
    const span = this.#spans.at(-1);
    if (span) span.to ??= this.#clock.now();
    const server = this.#server;
    this.#server = undefined;
    if (server) await cut(server);
  }

  /**
   * Mean utilisation 0..1 over the part of (from, to] in which it was on: busy worker time over workers × time, plus a
   * small base. Undefined when it was off throughout, or longer
   * ago than is remembered. The window slides back to what is known where wire requests stand
   * for many.
   */
  cpu(from: number, to: number): number | undefined {
    const unknownMs = this.#unknownMs(to);
    const [start, end] = [from - unknownMs, to - unknownMs];
    if (start < this.#busy.knownFrom) return undefined;
    let onMs = 0;
    for (const span of this.#spans)
      onMs += Math.max(0, Math.min(span.to ?? end, end) - Math.max(span.from, start));
    if (onMs <= 0) return undefined;
    return Math.min(1, BASE_CPU + this.#busy.between(start, end) / (this.#profile.workers * onMs));
  }

  /** Length of the tail of (…, to] of which nothing is known yet; once two gaps have passed it counts as idle. */
  #unknownMs(to: number): number {
    const tailMs = to - this.#newest.at;
    return tailMs > 0 && tailMs < 2 * this.#newest.gapMs ? tailMs : 0;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = request.url ?? '/';
    const down = downBy(this.#faults, this.#clock, this.instance);
    if (down === 'drained') {
      request.socket.destroy();
      return;
    }
    if (down === 'flapping') {
      response.writeHead(503, { [INSTANCE]: this.instance.name }).end('down');
      return;
    }
    if (path.split('?')[0] === '/healthz') {
      response.writeHead(this.#queue ? 200 : 503).end();
      return;
    }
    const now = this.#clock.now();
    const weight = standsFor(request.headers);
    this.access.wireRequests++;
    this.access.requests += weight;
    if (!this.#queue) {
      this.access.unreadyRequests += weight;
      if (this.access.unready.length < UNREADY_KEPT) this.access.unready.push({ at: now, path });
      response.writeHead(503, { [INSTANCE]: this.instance.name }).end('initialising');
      return;
    }
    const at = scheduledAt(request.headers, now);
    const { status, latencyMs } = this.#queue.arriveMany(at, weight);
    if (weight > 1) this.#newest = { at, gapMs: at - this.#newest.at };
    if (status === 503) this.access.refused += weight;
    const headers = { [INSTANCE]: this.instance.name, [LATENCY]: latencyMs.toFixed(3) };
    this.#clock.after(latencyMs, () => response.writeHead(status, headers).end());
  }
}

/**
 * Listens at the first candidate that is to be had: a port that is taken or not allowed leads to the next port of the same
 * address, an address that this system lacks to the next address.
 */
export async function listenFirst(server: Server, candidates: Address[]): Promise<Address> {
  const [{ host, port }, ...rest] = candidates as [Address, ...Address[]];
  try {
    return { host, port: await listen(server, host, port) };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL';
    const others = rest.filter((candidate) => (candidate.host === host) !== missing);
    if (others.length === 0) throw error;
    return listenFirst(server, others);
  }
}
