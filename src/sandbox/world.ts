import type { SandboxClock } from './clock.ts';
import type { BackendReference } from './compute/load-balancing/members.ts';
import type { DnsZone } from './dns/zones.ts';
import { Faults } from './faults/faults.ts';

/**
 * What exists in the sandbox, shared by its parts: the Compute API changes it, the data plane makes it real, Monitoring
 * counts it. Plain data; behaviour lives with the parts. Times are sandbox time, ms since the epoch.
 */
export type InstanceStatus =
  'PROVISIONING' | 'STAGING' | 'RUNNING' | 'SUSPENDING' | 'SUSPENDED' | 'STOPPING' | 'TERMINATED';
export type CurrentAction =
  | 'NONE'
  | 'CREATING'
  | 'CREATING_WITHOUT_RETRIES'
  | 'RECREATING'
  | 'DELETING'
  | 'ABANDONING'
  | 'RESTARTING'
  | 'REFRESHING'
  | 'RESUMING'
  | 'STARTING'
  | 'STOPPING'
  | 'SUSPENDING'
  | 'VERIFYING';

export interface Instance {
  /** Numeric, as a string. */
  id: string;
  project: string;
  zone: string;
  name: string;
  machineType: string;
  /** Name of the template it was made from, and of the group that owns it. */
  template?: string;
  /** Name of the group's version that it belongs to. */
  version?: string;
  group?: string;
  /** Where that group lives: a zone, or the region of a regional group. Absent: the instance's own zone. */
  groupLocation?: string;
  status: InstanceStatus;
  currentAction: CurrentAction;
  lastError?: { code: string; message: string };
  /** Name of the reservation that it uses. */
  reservation?: string;
  /** Its own loopback address, 127.x.y.z, kept for life. */
  ip: string;
  createdAt: number;
  /** The application answers health checks since then; undefined while it boots, resumes or is off. */
  servingSince?: number;
  /** Billed as running since / until: every span of a state, for the bill. */
  spans: { state: 'running' | 'suspended' | 'stopped'; from: number; to?: number }[];
  metadata: Record<string, string>;
  labels: Record<string, string>;
  /** What else it was created with, as it was given. */
  given?: Record<string, unknown>;
}

/** How one application's instances behave, read from the template's metadata (`sandbox-*` keys) or the defaults. */
export interface AppProfile {
  /** Parallel workers of one instance and mean service time: capacity = workers / serviceMs. */
  workers: number;
  serviceMs: number;
  /** Requests that may wait; beyond it 503. */
  queue: number;
  /** Application's own initialisation after boot or start (not after resume), ms. */
  initMs: number;
}

/** Delays of the cloud, each a lognormal {medianMs, p99Ms} (reference values: create 30 s / 90 s). */
export interface Delays {
  create: { medianMs: number; p99Ms: number };
  start: { medianMs: number; p99Ms: number };
  resume: { medianMs: number; p99Ms: number };
  suspend: { medianMs: number; p99Ms: number };
  stop: { medianMs: number; p99Ms: number };
  /** Share of creates delayed fivefold. */
  slowCreateShare: number;
}

/** One API call, as logged. */
export interface Call {
  at: number;
  method: string;
  path: string;
  query: Record<string, string>;
  /** 0: its answer was lost. */
  status: number;
  requestId?: string;
  /** Names of the fault rules that struck it. */
  faults?: string[];
}

/** A Compute resource as the API answers it (camelCase JSON). */
export type Resource = Record<string, unknown> & { name: string; id: string };

/** Everything that exists. Keys: `<project>/<zone, region or 'global'>/<name>`. */
export class World {
  readonly clock: SandboxClock;
  readonly random: () => number;
  readonly delays: Delays;
  readonly defaultProfile: AppProfile;
  /** Limits of every region's quota that differ from the usual, by metric. */
  readonly quotaLimits: Readonly<Record<string, number>>;
  /** Projects that answer 403 to everything. */
  readonly forbiddenProjects: ReadonlySet<string>;
  readonly faults: Faults;
  readonly calls: Call[] = [];
  readonly instances = new Map<string, Instance>();
  /** Deleted instances, kept for the bill. */
  readonly graveyard: Instance[] = [];
  readonly groups = new Map<string, Resource>();
  readonly templates = new Map<string, Resource>();
  readonly backendServices = new Map<string, Resource>();
  readonly healthChecks = new Map<string, Resource>();
  readonly autoscalers = new Map<string, Resource>();
  readonly urlMaps = new Map<string, Resource>();
  readonly targetHttpProxies = new Map<string, Resource>();
  readonly targetHttpsProxies = new Map<string, Resource>();
  readonly sslCertificates = new Map<string, Resource>();
  readonly forwardingRules = new Map<string, Resource>();
  readonly networkEndpointGroups = new Map<string, Resource>();
  readonly reservations = new Map<string, Resource>();
  readonly futureReservations = new Map<string, Resource>();
  /** Cloud DNS. Keys: `<project>/<name>`. */
  readonly dnsZones = new Map<string, DnsZone>();

  constructor(options: {
    clock: SandboxClock;
    random: () => number;
    delays: Delays;
    defaultProfile: AppProfile;
    quotaLimits?: Record<string, number>;
    forbiddenProjects?: string[];
    /** Of what the faults draw; 1 unless set. */
    faultSeed?: number;
  }) {
    this.clock = options.clock;
    this.random = options.random;
    this.faults = new Faults(options.clock, options.faultSeed ?? 1);
    this.delays = options.delays;
    this.defaultProfile = options.defaultProfile;
    this.quotaLimits = options.quotaLimits ?? {};
    this.forbiddenProjects = new Set(options.forbiddenProjects);
  }

  /** Instances of the group at that zone or region. */
  instancesOf(project: string, location: string, group: string): Instance[] {
    return [...this.instances.values()].filter(
      (i) => i.group === group && i.project === project && (i.groupLocation ?? i.zone) === location,
    );
  }
}

/**
 * What makes instances real. The Compute side calls it; src/sandbox/plane implements it. Real HTTP servers on the
 * instance's own address, a real proxy per backend service, and counters that Monitoring reads.
 */
export interface Plane {
  /** Opens the instance's server. It answers its health check once `initialise` ms of sandbox time have passed. */
  powerOn(instance: Instance, initialiseMs: number): Promise<void>;
  /** Closes it, cutting what is in flight. */
  powerOff(instance: Instance): Promise<void>;
  /** Mean CPU utilisation 0..1 over (from, to], or undefined when it did not run then. */
  cpu(instance: Instance, from: number, to: number): number | undefined;
  /** Health of every member of one backend of a backend service, as the prober last saw it. */
  health(backendService: string, backend: BackendReference): { instance: Instance; healthy: boolean }[];
  /** Called after any change of a backend service, so that a proxy exists for it. Resolves to its address. */
  expose(project: string, backendService: string): Promise<{ host: string; port: number }>;
  /** Called after any change of a project's forwarding rules, target proxies or URL maps: what answers follows them. */
  route(project: string): Promise<void>;
  close(): Promise<void>;
}
