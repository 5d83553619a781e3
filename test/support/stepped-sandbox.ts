import { Agent, request } from 'node:http';
import { perform } from '../../src/gcp/call.ts';
import { createGcpClients, type GcpClients } from '../../src/gcp/clients.ts';
import { serveApis } from '../../src/sandbox/api-server.ts';
import { SandboxClock } from '../../src/sandbox/clock.ts';
import { createComputeApi } from '../../src/sandbox/compute/api.ts';
import { createMonitoringApi } from '../../src/sandbox/monitoring/api.ts';
import { createMetricService } from '../../src/sandbox/monitoring/service.ts';
import { createPlane } from '../../src/sandbox/plane/plane.ts';
import { SCHEDULED, STANDS_FOR } from '../../src/sandbox/plane/wire.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../../src/sandbox/server.ts';
import { Timers } from '../../src/sandbox/timers.ts';
import { World } from '../../src/sandbox/world.ts';

const MINUTE_MS = 60_000;
/** Fast enough that latencies and probes of a standing clock cost little wall time. */
const SPEED = 400;

/** Follows the wall until it is stepped; from then on it stands wherever it was put. */
class SteppedClock extends SandboxClock {
  #at: number | undefined;

  override now(): number {
    return this.#at ?? super.now();
  }

  stepTo(at: number): void {
    this.#at = at;
  }
}

/** An application of the sandbox: a group of so many instances behind a backend service of the same name. */
export interface Deployed {
  name: string;
  zone: string;
  instances: number;
  workers: number;
  serviceMs: number;
}

/**
 * The sandbox's own Compute, data plane and Monitoring on a clock that is put forward by hand: hours of real requests in
 * seconds, the same whatever else the machine does. Requests go over the wire and through queues.
 */
export async function startSteppedSandbox(originMs: number, project: string, applications: Deployed[]) {
  const clock = new SteppedClock(originMs, SPEED);
  const world = new World({
    clock,
    random: seededRandom(1),
    delays: { ...DEFAULT_DELAYS, slowCreateShare: 0 },
    defaultProfile: DEFAULT_PROFILE,
  });
  const timers = new Timers(clock);
  const plane = createPlane(world);
  const metrics = createMetricService(world, plane);
  const compute = createComputeApi(world, plane, timers, (asked) => metrics['ListTimeSeries']!(asked, []));
  const server = await serveApis(world, [compute.api, createMonitoringApi(metrics)], 0);
  const clients = await createGcpClients({ endpoint: `http://127.0.0.1:${server.port}`, project });
  for (const application of applications) await deploy(clients, project, application);
  const expected = applications.reduce((sum, { instances }) => sum + instances, 0);
  while ([...world.instances.values()].filter(({ servingSince }) => servingSince).length < expected)
    await clock.sleep(5_000);
  // Two probes until an instance counts as healthy.
  await clock.sleep(200_000);
  let minute = Math.ceil(clock.now() / MINUTE_MS);
  clock.stepTo(minute * MINUTE_MS);
  const agent = new Agent({ keepAlive: true });

  return {
    clients,
    clock: { now: () => clock.now(), speed: 1 },
    /** A minute passes in which each application is sent this many requests a second, by `wireRequests` that stand for them. */
    async pass(rates: Record<string, number>, wireRequests: number): Promise<void> {
      const start = minute++ * MINUTE_MS;
      const gapMs = MINUTE_MS / wireRequests;
      // Within the minute: at its end the next one has begun.
      clock.stepTo(start + MINUTE_MS - 1);
      await Promise.all(
        Object.entries(rates).flatMap(([name, rate]) =>
          Array.from({ length: wireRequests }, (_, i) => {
            const at = start + (i + 1) * gapMs - 1;
            return send(compute.loadBalancers.get(name)!, agent, at, Math.round((rate * gapMs) / 1000));
          }),
        ),
      );
      clock.stepTo(start + MINUTE_MS);
    },
    async close(): Promise<void> {
      agent.destroy();
      timers.close();
      await clients.close();
      await server.close();
      await plane.close();
    },
  };
}

function send(
  address: { host: string; port: number },
  agent: Agent,
  at: number,
  weight: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { [SCHEDULED]: String(at), [STANDS_FOR]: String(weight) };
    const { host, port } = address;
    const sent = request({ host, port, agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', resolve);
    });
    sent.once('error', reject);
    sent.end();
  });
}

async function deploy(clients: GcpClients, project: string, application: Deployed): Promise<void> {
  const { name, zone, instances, workers, serviceMs } = application;
  const metadata = { 'sandbox-workers': workers, 'sandbox-service-ms': serviceMs, 'sandbox-queue': 100 };
  const items = Object.entries(metadata).map(([key, value]) => ({ key, value: String(value) }));
  await perform(clients, `health check ${name}`, { project }, () =>
    clients.healthChecks.insert({
      project,
      healthCheckResource: {
        name,
        type: 'HTTP',
        checkIntervalSec: 60,
        httpHealthCheck: { requestPath: '/healthz' },
      },
    }),
  );
  await perform(clients, `template ${name}`, { project }, () =>
    clients.templates.insert({
      project,
      instanceTemplateResource: {
        name,
        properties: { machineType: 'e2-standard-4', metadata: { items } },
      },
    }),
  );
  await perform(clients, `group ${name}`, { project, zone }, () =>
    clients.groups.insert({
      project,
      zone,
      instanceGroupManagerResource: {
        name,
        baseInstanceName: name,
        instanceTemplate: `projects/${project}/global/instanceTemplates/${name}`,
        targetSize: instances,
        namedPorts: [{ name: 'http', port: 8080 }],
      },
    }),
  );
  await perform(clients, `backend service ${name}`, { project }, () =>
    clients.backendServices.insert({
      project,
      backendServiceResource: {
        name,
        healthChecks: [`projects/${project}/global/healthChecks/${name}`],
        backends: [
          { group: `projects/${project}/zones/${zone}/instanceGroups/${name}`, balancingMode: 'UTILIZATION' },
        ],
      },
    }),
  );
}
