import { membersOf } from '../compute/load-balancing/members.ts';
import type { BackendReference } from '../compute/load-balancing/members.ts';
import { seededRandom } from '../random.ts';
import type { AppProfile, Instance, Plane, World } from '../world.ts';
import { Frontend } from './frontend.ts';
import { InstanceServer } from './instance-server.ts';
import type { AccessRecord, Address } from './instance-server.ts';
import { LoadBalancer } from './load-balancer.ts';
import { TrafficMeter } from './traffic-meter.ts';
import type { HistoryPoint } from './traffic-meter.ts';

const DEFAULT_SERVICE_PORT = 8080;
const PROPAGATION_MS = 3_000;

export interface PlaneOptions {
  /**
   * Port of every instance, on its own address; 0 takes a free one each. Absent: 8080, or a free one where that is
   * taken (another sandbox on this machine).
   */
  servicePort?: number;
  /** Sandbox time until a change of load balancing takes effect; 3 s unless set. */
  propagationMs?: number;
}

export interface History {
  project: string;
  backendService: string;
  stepMs: number;
  points: HistoryPoint[];
}

/** What the sandbox's other parts ask of the plane beyond the Compute side's contract. */
export interface PlaneExtras {
  /** Traffic from before the clock's origin. Throws naming the field when a point is later, or not a rate. */
  importHistory(history: History): void;
  /** Counts and history of one backend service; empty where there was neither. */
  meter(project: string, backendService: string): TrafficMeter;
  /** Every backend service of the project that has a meter. */
  metered(project: string): string[];
  /** One record per instance that ever was, gone ones included. */
  accessSummary(): AccessRecord[];
  /** Where every forwarding rule answers, by `<project>/<name>`. */
  frontends(): Promise<Record<string, Address>>;
  /** Where the instance answers, or answered last. */
  addressOf(instance: Instance): Address | undefined;
}

/** The data plane of one world: real servers for its instances, a real proxy for each of its backend services. */
export function createPlane(world: World, options: PlaneOptions = {}): Plane & PlaneExtras {
  return new DataPlane(world, options);
}

class DataPlane implements Plane, PlaneExtras {
  readonly #world: World;
  readonly #options: PlaneOptions;
  /** By instance id: a name may come back as another instance. */
  readonly #servers = new Map<string, InstanceServer>();
  readonly #balancers = new Map<string, { balancer: LoadBalancer; address: Promise<Address> }>();
  /** By the forwarding rule's key in the world. */
  readonly #fronts = new Map<string, { frontend: Frontend; address: Promise<Address> }>();
  readonly #meters = new Map<string, TrafficMeter>();

  constructor(world: World, options: PlaneOptions) {
    this.#world = world;
    this.#options = options;
  }

  async powerOn(instance: Instance, initialiseMs: number): Promise<void> {
    let server = this.#servers.get(instance.id);
    if (!server) {
      const random = seededRandom(Math.floor(this.#world.random() * 2 ** 32));
      const { clock, faults } = this.#world;
      server = new InstanceServer(instance, profileOf(instance, this.#world), clock, random, faults);
      this.#servers.set(instance.id, server);
    }
    for (const { balancer } of this.#balancers.values()) balancer.restarted(instance);
    await server.powerOn(this.#candidates(instance), initialiseMs);
  }

  async powerOff(instance: Instance): Promise<void> {
    await this.#servers.get(instance.id)?.powerOff();
  }

  cpu(instance: Instance, from: number, to: number): number | undefined {
    return this.#servers.get(instance.id)?.cpu(from, to);
  }

  health(backendService: string, backend: BackendReference) {
    const known = this.#balancers.get(`${backend.project}/${backendService}`)?.balancer.health(backend);
    return known ?? membersOf(this.#world, backend).map((instance) => ({ instance, healthy: false }));
  }

  async expose(project: string, backendService: string): Promise<Address> {
    const key = `${project}/${backendService}`;
    const exposed = this.#balancers.get(key);
    if (exposed) {
      if (this.#world.backendServices.has(`${project}/global/${backendService}`)) exposed.balancer.changed();
      else await this.#retire(key, exposed.balancer);
      return exposed.address;
    }
    const balancer = new LoadBalancer({
      world: this.#world,
      project,
      backendService,
      meter: this.meter(project, backendService),
      addressOf: (instance) => this.addressOf(instance),
      propagationMs: this.#options.propagationMs ?? PROPAGATION_MS,
    });
    const address = balancer.open();
    this.#balancers.set(key, { balancer, address });
    return address;
  }

  async #retire(key: string, balancer: LoadBalancer): Promise<void> {
    this.#balancers.delete(key);
    await balancer.close();
  }

  async route(project: string): Promise<void> {
    const rules = [...this.#world.forwardingRules.keys()].filter((key) => key.startsWith(`${project}/`));
    const gone = [...this.#fronts].filter(([key]) => key.startsWith(`${project}/`) && !rules.includes(key));
    for (const [key, { frontend }] of gone) {
      this.#fronts.delete(key);
      await frontend.close();
    }
    await Promise.all(rules.map((key) => this.#front(project, key)));
  }

  async #front(project: string, key: string): Promise<void> {
    const known = this.#fronts.get(key);
    if (known) {
      known.frontend.changed();
      return;
    }
    const frontend = new Frontend({
      world: this.#world,
      project,
      rule: key.split('/')[2]!,
      propagationMs: this.#options.propagationMs ?? PROPAGATION_MS,
      serve: (service, request, response) => {
        const balancer = this.#balancers.get(`${project}/${service}`)?.balancer;
        if (balancer) balancer.handle(request, response);
        else response.writeHead(503).end('no such backend service');
      },
    });
    const address = frontend.open();
    this.#fronts.set(key, { frontend, address });
    await address;
  }

  async frontends(): Promise<Record<string, Address>> {
    const entries = [...this.#fronts].map(
      async ([key, { address }]) => [shortKey(key), await address] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#fronts.values()].map(({ frontend }) => frontend.close()));
    await Promise.all([...this.#balancers.values()].map(({ balancer }) => balancer.close()));
    await Promise.all([...this.#servers.values()].map((server) => server.powerOff()));
  }

  importHistory({ project, backendService, stepMs, points }: History): void {
    if (!(stepMs > 0)) throw new Error(`stepMs is ${stepMs}: give the length of a step in ms, above 0`);
    const origin = this.#world.clock.originMs;
    for (const [index, { at, value }] of points.entries()) {
      if (!Number.isFinite(at) || at > origin)
        throw new Error(`points[${index}].at is ${at}: history ends at the clock's origin, ${origin}`);
      if (!(value >= 0) || value === Infinity)
        throw new Error(`points[${index}].value is ${value}: give requests per second, 0 or more`);
    }
    this.meter(project, backendService).importHistory(points, stepMs);
  }

  meter(project: string, backendService: string): TrafficMeter {
    const key = `${project}/${backendService}`;
    const meter = this.#meters.get(key) ?? new TrafficMeter(backendService);
    this.#meters.set(key, meter);
    return meter;
  }

  metered(project: string): string[] {
    const prefix = `${project}/`;
    return [...this.#meters.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }

  accessSummary(): AccessRecord[] {
    return [...this.#servers.values()].map((server) => server.access);
  }

  addressOf(instance: Instance): Address | undefined {
    return this.#servers.get(instance.id)?.address;
  }

  #candidates(instance: Instance): Address[] {
    const { servicePort } = this.#options;
    const own = { host: instance.ip, port: servicePort ?? DEFAULT_SERVICE_PORT };
    // Where a system has 127.0.0.1 only, an instance is a port on it.
    const shared = { host: '127.0.0.1', port: 0 };
    return servicePort === undefined ? [own, { ...own, port: 0 }, shared] : [own, shared];
  }
}

/** `<project>/<name>` of a global resource's key. */
function shortKey(key: string): string {
  return key.replace('/global/', '/');
}

/** The instance's own profile (metadata `sandbox-*`) over the world's. */
function profileOf(instance: Instance, world: World): AppProfile {
  const number = (key: string, otherwise: number) => Number(instance.metadata[key] ?? otherwise);
  const { workers, serviceMs, queue, initMs } = world.defaultProfile;
  return {
    workers: number('sandbox-workers', workers),
    serviceMs: number('sandbox-service-ms', serviceMs),
    queue: number('sandbox-queue', queue),
    initMs: number('sandbox-init-ms', initMs),
  };
}
