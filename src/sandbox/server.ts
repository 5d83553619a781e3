import { serveApis } from './api-server.ts';
import { SandboxClock } from './clock.ts';
import { createComputeApi } from './compute/api.ts';
import { catalogue } from './compute/contract/catalogue.ts';
import { createControlApi } from './control.ts';
import { createDnsApi } from './dns/api.ts';
import { startDnsServer } from './dns/server.ts';
import { createMonitoringApi } from './monitoring/api.ts';
import { startGrpcServer } from './monitoring/grpc-server.ts';
import { createMetricService } from './monitoring/service.ts';
import { createPage } from './page/page.ts';
import { createPlane } from './plane/plane.ts';
import { seededRandom } from './random.ts';
import { Timers } from './timers.ts';
import { World } from './world.ts';
import type { AppProfile, Delays } from './world.ts';

/**
 * Delays unless set otherwise, ms. Create: measured by others (2017, 2018: 25 to 42 s to SSH). The rest are assumptions,
 * resume that of 16 GiB of memory (8 s + 0.5 s/GiB): Google publishes no figures.
 */
export const DEFAULT_DELAYS: Delays = {
  create: { medianMs: 30_000, p99Ms: 90_000 },
  start: { medianMs: 20_000, p99Ms: 60_000 },
  resume: { medianMs: 16_000, p99Ms: 40_000 },
  suspend: { medianMs: 30_000, p99Ms: 60_000 },
  stop: { medianMs: 20_000, p99Ms: 60_000 },
  slowCreateShare: 0.02,
};

export const DEFAULT_PROFILE: AppProfile = { workers: 8, serviceMs: 100, queue: 100, initMs: 60_000 };

export interface SandboxOptions {
  seed: number;
  /** Sandbox seconds per wall second. */
  speed: number;
  /** Where the sandbox's clock starts, ms since the epoch. */
  originMs: number;
  /** Port of the APIs; a free one unless set. */
  port?: number;
  delays?: Partial<Delays>;
  defaultProfile?: Partial<AppProfile>;
  /** How long Monitoring's points stay invisible, ms by metric type; as Google documents it unless set. */
  monitoringDelayMs?: Record<string, number>;
  /** Limits of every region's quota that differ from the usual, by metric. */
  quotaLimits?: Record<string, number>;
  /** Projects that answer 403 to everything. */
  forbiddenProjects?: string[];
  /** What goes wrong from the start, as `readFaultsFile` reads it; times count from `originMs`. */
  faults?: Record<string, unknown>;
}

/** Where the sandbox's parts listen, all on loopback: base URLs, and the name server. */
export interface SandboxAddresses {
  rest: string;
  monitoring: string;
  /** Monitoring over gRPC in the clear, host:port. */
  monitoringGrpc: string;
  dns: string;
  /** The name server, UDP and TCP. */
  dnsServer: { host: string; port: number };
  control: string;
  /** For a person: what exists. */
  page: string;
  /** Tells where the load balancer of every backend service listens. */
  loadBalancer: string;
}

export interface Sandbox {
  addresses: SandboxAddresses;
  world: World;
  close(): Promise<void>;
}

/** Starts a Google Cloud of one's own in this process. Throws when the port is taken, or a fault wrongly written. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  // Read before the clock starts: sandbox time would pass meanwhile.
  catalogue();
  const clock = new SandboxClock(options.originMs, options.speed);
  const world = new World({
    clock,
    random: seededRandom(options.seed),
    faultSeed: options.seed,
    delays: { ...DEFAULT_DELAYS, ...options.delays },
    defaultProfile: { ...DEFAULT_PROFILE, ...options.defaultProfile },
    ...(options.quotaLimits ? { quotaLimits: options.quotaLimits } : {}),
    ...(options.forbiddenProjects ? { forbiddenProjects: options.forbiddenProjects } : {}),
  });
  world.faults.set(options.faults ?? {}, options.originMs);
  const timers = new Timers(clock);
  const plane = createPlane(world);
  const metrics = createMetricService(world, plane, { delayMs: options.monitoringDelayMs ?? {} });
  const listTimeSeries = (request: Record<string, unknown>) => metrics['ListTimeSeries']!(request, []);
  const compute = createComputeApi(world, plane, timers, listTimeSeries);
  const shown = { world, plane, loadBalancers: compute.loadBalancers };
  const apis = [
    compute.api,
    createMonitoringApi(metrics),
    createDnsApi(world),
    createControlApi(shown),
    createPage(shown),
  ];
  const dnsServer = await startDnsServer(world);
  const grpcServer = await startGrpcServer(world, metrics);
  const server = await serveApis(world, apis, options.port ?? 0);
  const base = `http://127.0.0.1:${server.port}`;
  return {
    addresses: {
      rest: base,
      monitoring: base,
      monitoringGrpc: `${grpcServer.host}:${grpcServer.port}`,
      dns: base,
      dnsServer: { host: dnsServer.host, port: dnsServer.port },
      control: `${base}/control`,
      page: `${base}/`,
      loadBalancer: `${base}/control/load-balancers`,
    },
    world,
    async close() {
      timers.close();
      grpcServer.close();
      await server.close();
      await dnsServer.close();
      await plane.close();
    },
  };
}
