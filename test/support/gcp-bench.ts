import { HealthChecksClient } from '@google-cloud/compute';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { TierCounts } from '../../src/domain/tier.ts';
import { perform } from '../../src/gcp/call.ts';
import { createGcpClients } from '../../src/gcp/clients.ts';
import type { GcpClients } from '../../src/gcp/clients.ts';
import { createFleet } from '../../src/gcp/fleet.ts';
import type { Fleet, GroupRef, GroupStatus, WriteKey } from '../../src/ports/fleet.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { untilHolds } from './until.ts';

export const PROJECT = 'p';
export const PRIMARY_ZONE = 'us-central1-a';
export const MIRROR_ZONE = 'us-central1-b';
export const ORIGIN_MS = Date.UTC(2026, 2, 2, 12);

/** The sandbox over real HTTP, with one application's primary in it, and the adapters under test beside it. */
export interface Bench {
  sandbox: Sandbox;
  clients: GcpClients;
  fleet: Fleet;
  spec: ApplicationSpec;
  close(): Promise<void>;
}

export const KEY: WriteKey = { run: 'mirror/shop/us-central1-b/1', plan: 'shop@1' };

export async function startBench(): Promise<Bench> {
  const sandbox = await startSandbox({
    seed: 7,
    speed: 60,
    originMs: ORIGIN_MS,
    delays: { slowCreateShare: 0 },
    defaultProfile: { initMs: 20_000 },
  });
  const clients = await createGcpClients({
    endpoint: sandbox.addresses.rest,
    monitoringEndpoint: sandbox.addresses.monitoring,
    dnsEndpoint: sandbox.addresses.dns,
  });
  await createPrimary(sandbox, clients);
  return {
    sandbox,
    clients,
    fleet: createFleet(clients),
    spec: specOf(),
    async close() {
      await clients.close();
      await sandbox.close();
    },
  };
}

export function specOf(changes: Partial<ApplicationSpec> = {}): ApplicationSpec {
  return {
    application: 'shop',
    labels: {},
    mode: 'auto',
    primary: { project: PROJECT, zone: PRIMARY_ZONE, instanceGroup: 'shop' },
    demand: {
      metric: 'loadbalancing.googleapis.com/https/request_count',
      filter: '',
      stepMs: 60_000,
      observationDelayMs: 240_000,
      perInstance: 50,
    },
    objectives: { availability: 0.999, latencyMs: 300, violationCost: 40 },
    mirrors: {
      zones: [MIRROR_ZONE, 'us-central1-c'],
      policy: 'interval',
      interval: 0.95,
      limits: { instances: 40, spendPerHour: { amount: 12, currency: 'USD' } },
    },
    routing: { kind: 'loadBalancer', backendService: 'shop' },
    state: 'none',
    ...changes,
  };
}

async function createPrimary(sandbox: Sandbox, clients: GcpClients): Promise<void> {
  const { hostname, port } = new URL(sandbox.addresses.rest);
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: PROJECT });
  const healthChecks = new HealthChecksClient({
    apiEndpoint: hostname,
    port: Number(port),
    protocol: 'http',
    auth,
  });
  const project = PROJECT;
  const zone = PRIMARY_ZONE;
  const healthCheck = `projects/${project}/global/healthChecks/shop`;
  await perform(clients, 'health check', { project }, () =>
    healthChecks.insert({
      project,
      healthCheckResource: { name: 'shop', type: 'HTTP', checkIntervalSec: 5 },
    }),
  );
  await perform(clients, 'template', { project }, () =>
    clients.templates.insert({
      project,
      instanceTemplateResource: {
        name: 'shop-v1',
        properties: { machineType: 'e2-standard-4', labels: { team: 'web' } },
      },
    }),
  );
  await perform(clients, 'primary', { project, zone }, () =>
    clients.groups.insert({
      project,
      zone,
      instanceGroupManagerResource: {
        name: 'shop',
        baseInstanceName: 'shop',
        instanceTemplate: `projects/${project}/global/instanceTemplates/shop-v1`,
        targetSize: 2,
        autoHealingPolicies: [{ healthCheck, initialDelaySec: 120 }],
        namedPorts: [{ name: 'http', port: 8080 }],
      },
    }),
  );
  await perform(clients, 'backend service', { project }, () =>
    clients.backendServices.insert({
      project,
      backendServiceResource: {
        name: 'shop',
        healthChecks: [healthCheck],
        connectionDraining: { drainingTimeoutSec: 10 },
        backends: [
          {
            group: `projects/${project}/zones/${zone}/instanceGroups/shop`,
            balancingMode: 'RATE',
            maxRatePerInstance: 50,
          },
        ],
      },
    }),
  );
  await perform(clients, 'autoscaler', { project, zone }, () =>
    clients.autoscalers.insert({
      project,
      zone,
      autoscalerResource: {
        name: 'shop',
        target: `projects/${project}/zones/${zone}/instanceGroupManagers/shop`,
        autoscalingPolicy: {
          mode: 'ON',
          minNumReplicas: 2,
          maxNumReplicas: 10,
          cpuUtilization: { utilizationTarget: 0.6 },
        },
      },
    }),
  );
}

export function reach(
  bench: Bench,
  group: GroupRef,
  wanted: Partial<TierCounts>,
  key = KEY,
): Promise<GroupStatus> {
  const counts = { full: 0, warm: 0, shadow: 0, ...wanted };
  return untilHolds(
    () => bench.fleet.setTiers(group, counts, key),
    (status) => status.settled,
  );
}

/** What exists in the sandbox, by its own account. */
export async function inventory(bench: Bench): Promise<string[]> {
  const answer = await fetch(`${bench.sandbox.addresses.control}/inventory`);
  const items = (await answer.json()) as { kind: string; location: string; name: string }[];
  return items.map((item) => `${item.kind} ${item.location}/${item.name}`).sort();
}

export async function setFaults(bench: Bench, faults: Record<string, unknown>): Promise<void> {
  const body = JSON.stringify(faults);
  const answer = await fetch(`${bench.sandbox.addresses.control}/faults`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Mutating calls so far whose path contains `part`. */
export function writes(bench: Bench, part: string): number {
  return bench.sandbox.world.calls.filter(
    (call) =>
      call.method !== 'GET' && call.path.includes(part) && !/\/(wait|listManaged|getHealth)/.test(call.path),
  ).length;
}
