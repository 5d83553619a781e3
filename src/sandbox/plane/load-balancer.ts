import { Agent, createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import { isSameBackend, membersOf } from '../compute/load-balancing/members.ts';
import type { BackendReference } from '../compute/load-balancing/members.ts';
import type { Instance, World } from '../world.ts';
import { BackendChoice } from './backend-choice.ts';
import { candidatesOf, capacityOf, readBalancing } from './backend-service.ts';
import type { Backend, Balancing } from './backend-service.ts';
import type { Address } from './instance-server.ts';
import { Prober } from './prober.ts';
import { NO_BACKEND } from './traffic-meter.ts';
import type { TrafficMeter } from './traffic-meter.ts';
import { cut, LATENCY, listen, standsFor } from './wire.ts';

export interface LoadBalancerOptions {
  world: World;
  project: string;
  backendService: string;
  meter: TrafficMeter;
  addressOf: (instance: Instance) => Address | undefined;
  /** Sandbox time until a change of the backend service takes effect. */
  propagationMs: number;
}

/** A real proxy for one backend service: obeys its backends, scalers, health and draining, and counts what it answers. */
export class LoadBalancer {
  readonly #options: LoadBalancerOptions;
  readonly #server: Server;
  /** Probes and requests share connections: the first request to an instance finds one open. */
  readonly #agent = new Agent({ keepAlive: true });
  readonly #prober: Prober;
  readonly #choice = new BackendChoice<Instance>();
  readonly #inFlight = new Map<string, Set<ClientRequest>>();
  readonly #changes = new Set<NodeJS.Timeout>();
  #balancing?: Balancing;

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.handle(request, response));
    // Clients keep connections; closing an idle one just as it is used would look like a failure.
    this.#server.keepAliveTimeout = 0;
    this.#prober = new Prober(options.world.clock, this.#agent, options.addressOf);
  }

  /** Listens on a free port of the loopback and takes the backend service as it is now. */
  async open(): Promise<Address> {
    const port = await listen(this.#server, '127.0.0.1', 0);
    this.#apply(this.#read());
    this.#prober.start(() => ({
      instances: this.#balancing!.backends.flatMap((backend) => this.#candidates(backend)),
      check: this.#balancing!.check,
    }));
    return { host: '127.0.0.1', port };
  }

  /** The backend service has changed: what it says now takes effect after the propagation delay. */
  changed(): void {
    const balancing = this.#read();
    const change = this.#options.world.clock.after(this.#options.propagationMs, () => {
      this.#changes.delete(change);
      this.#apply(balancing);
    });
    this.#changes.add(change);
  }

  /** An instance that is suspended or stopped is not probed: what it answered before says nothing now. */
  health(backend: BackendReference): { instance: Instance; healthy: boolean }[] {
    return membersOf(this.#options.world, backend).map((instance) => ({
      instance,
      healthy: instance.status === 'RUNNING' && this.#prober.isHealthy(instance),
    }));
  }

  restarted(instance: Instance): void {
    this.#prober.forget(instance);
  }

  async close(): Promise<void> {
    for (const change of this.#changes) clearTimeout(change);
    this.#options.meter.measure([], this.#options.world.clock.now());
    this.#prober.close();
    await cut(this.#server);
    this.#agent.destroy();
  }

  #read(): Balancing {
    const { world, project, backendService } = this.#options;
    const balancing = readBalancing(world, project, backendService);
    if (!balancing)
      throw new Error(`No backend service ${backendService} in project ${project}: create it first`);
    return balancing;
  }

  #apply(balancing: Balancing): void {
    const { world, meter } = this.#options;
    for (const backend of this.#balancing?.backends ?? []) {
      const stays = balancing.backends.some((b) => isSameBackend(b, backend) && b.capacityScaler > 0);
      if (!stays && backend.capacityScaler > 0) this.#drain(backend, balancing.drainingMs);
    }
    this.#balancing = balancing;
    meter.measure(
      balancing.backends.map(({ name }) => name),
      world.clock.now(),
    );
  }

  /** What the backend has in hand it may finish within `drainingMs`; then it is cut. */
  #drain(backend: Backend, drainingMs: number): void {
    const inHand = [...(this.#inFlight.get(linkOf(backend)) ?? [])];
    if (inHand.length === 0) return;
    const deadline = this.#options.world.clock.after(drainingMs, () => {
      this.#changes.delete(deadline);
      for (const request of inHand) request.destroy();
    });
    this.#changes.add(deadline);
  }

  #candidates(backend: Backend): Instance[] {
    return candidatesOf(this.#options.world, backend);
  }

  #pick() {
    return this.#choice.pick(
      this.#balancing!.backends.map((backend) => {
        const members = this.#candidates(backend).filter((instance) => this.#prober.isHealthy(instance));
        return { name: linkOf(backend), weight: capacityOf(backend, members.length), members };
      }),
    );
  }

  /** Serves one request, its own server's or one that a URL map has sent here. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const weight = standsFor(request.headers);
    const picked = this.#pick();
    const address = picked && this.#options.addressOf(picked.member);
    const answered = (status: number, latencyMs?: number) =>
      this.#options.meter.count(
        picked?.group.split('/').at(-1) ?? NO_BACKEND,
        status,
        weight,
        this.#options.world.clock.now(),
        latencyMs,
      );
    const fail = (status: number, why: string) => {
      answered(status);
      response.writeHead(status).end(why);
    };
    if (!picked || !address) {
      request.resume();
      fail(503, 'no healthy backend');
      return;
    }
    const { method, url, headers } = request;
    const upstream = httpRequest({ ...address, method, path: url, headers, agent: this.#agent }, (answer) => {
      const latency = answer.headers[LATENCY];
      answered(answer.statusCode!, latency === undefined ? undefined : Number(latency));
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    });
    this.#track(picked.group, upstream);
    upstream.once('error', () => {
      if (!response.headersSent && !response.destroyed) fail(502, 'backend connection failed');
    });
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
    request.pipe(upstream);
  }

  #track(group: string, upstream: ClientRequest): void {
    const inFlight = this.#inFlight.get(group) ?? new Set();
    this.#inFlight.set(group, inFlight.add(upstream));
    upstream.once('close', () => inFlight.delete(upstream));
  }
}

function linkOf({ project, location, collection, name }: BackendReference): string {
  return `${project}/${location}/${collection}/${name}`;
}
