/**
 * What exists in the sandbox, shared by its parts: the Compute API changes it, the data plane makes it real, Monitoring
 * counts it. Plain data; behaviour lives with the parts. Times are sandbox time, ms since the epoch.
 */
export type InstanceStatus = 'PROVISIONING' | 'STAGING' | 'RUNNING' | 'SUSPENDING' | 'SUSPENDED' | 'STOPPING' | 'TERMINATED';
export type CurrentAction =
  | 'NONE' | 'CREATING' | 'CREATING_WITHOUT_RETRIES' | 'RECREATING' | 'DELETING' | 'ABANDONING' | 'RESTARTING' | 'REFRESHING'
  | 'RESUMING' | 'STARTING' | 'STOPPING' | 'SUSPENDING' | 'VERIFYING';

export interface Instance {
  /** Numeric, as a string. */
  id: string;
  project: string;
  zone: string;
  name: string;
  machineType: string;
  /** Name of the template it was made from, and of the group that owns it. */
  template?: string;
  group?: string;
  status: InstanceStatus;
  currentAction: CurrentAction;
  lastError?: { code: string; message: string };
  /** Its own loopback address, 127.x.y.z, kept for life. */
  ip: string;
  createdAt: number;
  /** The application answers health checks since then; undefined while it boots, resumes or is off. */
  servingSince?: number;
  /** Billed as running since / until: every span of a state, for the bill. */
  spans: { state: 'running' | 'suspended' | 'stopped'; from: number; to?: number }[];
  metadata: Record<string, string>;
  labels: Record<string, string>;
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

export interface Faults {
  /** Zones without machines: creates and starts fail with ZONE_RESOURCE_POOL_EXHAUSTED. */
  stockOutZones: string[];
  /** The next n API calls whose path matches answer 429. */
  rateLimit?: { pathIncludes: string; times: number };
  /** The next n mutating calls whose path matches succeed, but their answer is lost (socket destroyed). */
  lostResponse?: { pathIncludes: string; times: number };
  /** Boots take this many times longer. */
  slowBootFactor: number;
  /** Monitoring shows nothing newer than this much before now, on top of its usual delay, ms. */
  staleMetricsMs: number;
}

/** One API call, as logged. */
export interface Call {
  at: number;
  method: string;
  path: string;
  query: Record<string, string>;
  status: number;
  requestId?: string;
}
