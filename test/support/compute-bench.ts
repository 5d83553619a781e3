import {
  AutoscalersClient,
  BackendServicesClient,
  GlobalOperationsClient,
  HealthChecksClient,
  InstanceGroupManagersClient,
  InstanceGroupsClient,
  InstancesClient,
  InstanceTemplatesClient,
  MachineTypesClient,
  RegionsClient,
  ZoneOperationsClient,
  ZonesClient,
} from '@google-cloud/compute';
import type { protos } from '@google-cloud/compute';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { expect } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { fixedDelays } from './delays.ts';
import { untilHolds } from './until.ts';

/** A sandbox met through Google's own client library, with the template `app` and the health check `alive`. */

type Manager = protos.google.cloud.compute.v1.IInstanceGroupManager;
type Operation = protos.google.cloud.compute.v1.IOperation;

export const PROJECT = 'p';
export const ZONE = 'us-central1-b';
export const AT = { project: PROJECT, zone: ZONE };
export const SPEED = 60;
const DELAYS = fixedDelays({ create: 30_000, start: 20_000, resume: 10_000, suspend: 20_000, stop: 10_000 });

function clientsOf(rest: string) {
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: PROJECT });
  const options = { apiEndpoint: '127.0.0.1', port: Number(new URL(rest).port), protocol: 'http', auth };
  return {
    managers: new InstanceGroupManagersClient(options),
    groups: new InstanceGroupsClient(options),
    instances: new InstancesClient(options),
    templates: new InstanceTemplatesClient(options),
    healthChecks: new HealthChecksClient(options),
    backendServices: new BackendServicesClient(options),
    autoscalers: new AutoscalersClient(options),
    zoneOperations: new ZoneOperationsClient(options),
    globalOperations: new GlobalOperationsClient(options),
    regions: new RegionsClient(options),
    zones: new ZonesClient(options),
    machineTypes: new MachineTypesClient(options),
  };
}

export type ComputeBench = Awaited<ReturnType<typeof computeBench>>;

export async function computeBench() {
  const originMs = Date.parse('1995-08-30T00:00:00Z');
  const sandbox = await startSandbox({ seed: 1, speed: SPEED, originMs, delays: DELAYS });
  const clients = clientsOf(sandbox.addresses.rest);

  /** Waits for the operation of a zonal mutation and answers it. */
  async function zonal(call: Promise<[{ latestResponse: unknown }, ...unknown[]]>): Promise<Operation> {
    const [{ latestResponse }] = await call;
    const [done] = await clients.zoneOperations.wait({
      ...AT,
      operation: (latestResponse as Operation).name,
    });
    expect(done.status).toBe('DONE');
    return done;
  }

  async function global(call: Promise<[{ latestResponse: unknown }, ...unknown[]]>): Promise<Operation> {
    const [{ latestResponse }] = await call;
    const operation = (latestResponse as Operation).name;
    const [done] = await clients.globalOperations.wait({ project: PROJECT, operation });
    expect(done.status).toBe('DONE');
    return done;
  }

  const manager = async (name: string) =>
    (await clients.managers.get({ ...AT, instanceGroupManager: name }))[0];
  const managed = async (name: string) =>
    (await clients.managers.listManagedInstances({ ...AT, instanceGroupManager: name }))[0];
  const stable = (name: string) =>
    untilHolds(
      () => manager(name),
      (m) => m.status?.isStable === true,
      `${name} stable`,
    );
  const names = async (name: string) => (await managed(name)).map((instance) => instance.instance!);

  async function control(path: string, body?: unknown) {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${sandbox.addresses.control}/${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async function makeTemplate(name: string, items: Record<string, string> = {}): Promise<void> {
    const metadata = { items: Object.entries(items).map(([key, value]) => ({ key, value })) };
    const properties = { machineType: 'e2-standard-4', metadata, labels: { made: 'here' } };
    await global(
      clients.templates.insert({ project: PROJECT, instanceTemplateResource: { name, properties } }),
    );
  }

  async function makeGroup(name: string, more: Manager = {}): Promise<void> {
    await zonal(
      clients.managers.insert({
        ...AT,
        instanceGroupManagerResource: { name, instanceTemplate: 'global/instanceTemplates/app', ...more },
      }),
    );
  }

  async function statusOf(call: Promise<unknown>): Promise<number> {
    const error = await call.then(
      () => undefined,
      (thrown: { httpStatusCode?: number; code?: number }) => thrown,
    );
    return error?.httpStatusCode ?? error?.code ?? 0;
  }

  await makeTemplate('app', { 'sandbox-init-ms': '60000' });
  await global(
    clients.healthChecks.insert({
      project: PROJECT,
      healthCheckResource: { name: 'alive', checkIntervalSec: 5 },
    }),
  );
  return {
    sandbox,
    clients,
    zonal,
    global,
    until: <T>(what: string, read: () => Promise<T>, holds: (value: T) => boolean) =>
      untilHolds(read, holds, what),
    manager,
    managed,
    stable,
    names,
    control,
    makeTemplate,
    makeGroup,
    statusOf,
  };
}
