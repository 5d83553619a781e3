import type { protos } from '@google-cloud/compute';
import type { ApplicationSpec } from '../domain/application.ts';
import { NotOursError } from '../ports/errors.ts';
import type { GroupRef, WriteKey } from '../ports/fleet.ts';
import type { Router, RouteState } from '../ports/router.ts';
import { call, converge, find, perform } from './call.ts';
import type { GcpClients } from './clients.ts';
import { findManager } from './group.ts';
import { pathOf, proveOurs, readMarker } from './ownership.ts';
import { again, requestId } from './request-id.ts';

type Backend = protos.google.cloud.compute.v1.IBackend;
type BackendService = protos.google.cloud.compute.v1.IBackendService;

/** Google refuses scalers between 0 and this. */
const SMALLEST_SCALER = 0.1;

/**
 * Traffic by the capacity scaler of the mirror's own backend in a global backend service. Patches replace the whole list
 * of backends, so each sends what a fresh read held, with its fingerprint, and changes our entry only.
 */
export function createLoadBalancerRouter(clients: GcpClients): Router {
  return {
    state: (spec, group) => readState(clients, spec, group),
    attach: (spec, group, key) => attach(clients, spec, group, key),
    shift: (spec, group, share, key) => shift(clients, spec, group, share, key),
    detach: (spec, group, key) => detach(clients, spec, group, key),
    async drainMs(spec) {
      const service = await readService(clients, spec);
      return (service.connectionDraining?.drainingTimeoutSec ?? 0) * 1000;
    },
  };
}

async function readState(clients: GcpClients, spec: ApplicationSpec, group: GroupRef): Promise<RouteState> {
  const backend = ownBackend(await readService(clients, spec), group);
  if (!backend) return { attached: false, share: 0, healthy: 0 };
  const healthy = await countHealthy(clients, spec, backend);
  return { attached: true, share: backend.capacityScaler ?? 1, healthy };
}

async function attach(
  clients: GcpClients,
  spec: ApplicationSpec,
  group: GroupRef,
  key: WriteKey,
): Promise<void> {
  await change(clients, spec, group, key, 'attach', async (service) => {
    if (ownBackend(service, group)) return undefined;
    const manager = await findManager(clients, group);
    if (!manager)
      throw new Error(`Group ${group.name} in ${group.zone} is gone: raise it before routing to it`);
    proveOurs('Group', group, manager);
    return [...backendsOf(service), newBackend(spec, service, manager.instanceGroup!, manager.description!)];
  });
}

/** Our entry balances as the primary's does; its scaler is 0 until somebody shifts traffic. */
function newBackend(
  spec: ApplicationSpec,
  service: BackendService,
  instanceGroup: string,
  description: string,
): Backend {
  const { project, zone, instanceGroup: name } = spec.primary;
  const primaryPath = `projects/${project}/zones/${zone}/instanceGroups/${name}`;
  const primary = backendsOf(service).find((backend) => pathOf(backend.group) === primaryPath);
  if (!primary)
    throw new Error(
      `routing.loadBalancer.backendService '${service.name}' does not hold the primary group '${name}'; ` +
        'add it there, or name the backend service that serves the application',
    );
  return { ...primary, group: instanceGroup, capacityScaler: 0, description };
}

async function shift(
  clients: GcpClients,
  spec: ApplicationSpec,
  group: GroupRef,
  share: number,
  key: WriteKey,
): Promise<void> {
  const scaler = share <= 0 ? 0 : Math.min(1, Math.max(SMALLEST_SCALER, share));
  await change(clients, spec, group, key, `shift ${scaler}`, async (service) => {
    const own = ownBackend(service, group);
    if (!own) throw new Error(`Group ${group.name} is not in the backend service: attach it before shifting`);
    if (scaler > 0 && (await countHealthy(clients, spec, own)) === 0)
      throw new Error(
        `No instance of ${group.name} in ${group.zone} passes the load balancer's health check yet`,
      );
    if ((own.capacityScaler ?? 1) === scaler) return undefined;
    return backendsOf(service).map((each) => (each === own ? { ...own, capacityScaler: scaler } : each));
  });
}

async function detach(
  clients: GcpClients,
  spec: ApplicationSpec,
  group: GroupRef,
  key: WriteKey,
): Promise<void> {
  await change(clients, spec, group, key, 'detach', async (service) => {
    const own = ownBackend(service, group);
    if (!own) return undefined;
    if (backendsOf(service).length === 1)
      throw new Error(
        `Group ${group.name} is the last backend of '${service.name}': put the primary back first`,
      );
    const manager = await findManager(clients, group);
    if (manager) proveOurs('Group', group, manager);
    return backendsOf(service).filter((backend) => backend !== own);
  });
}

/** One compare-and-swap of the list of backends. `next` answers the new list, or undefined when it is as wanted. */
async function change(
  clients: GcpClients,
  spec: ApplicationSpec,
  group: GroupRef,
  key: WriteKey,
  step: string,
  next: (service: BackendService) => Promise<Backend[] | undefined>,
): Promise<void> {
  const { project } = spec.primary;
  await converge(`${step} ${group.name}`, async (attempt) => {
    const service = await readService(clients, spec);
    const backends = await next(service);
    if (!backends) return true;
    const fingerprint = service.fingerprint ?? '';
    const id = requestId(key, step, group.id, fingerprint, attempt);
    const backendService = service.name!;
    await perform(clients, `${step} ${group.name} in '${backendService}'`, { project }, (repeat) =>
      clients.backendServices.patch({
        project,
        backendService,
        backendServiceResource: { fingerprint, backends },
        requestId: again(id, repeat),
      }),
    );
    return false;
  });
}

async function readService(clients: GcpClients, spec: ApplicationSpec): Promise<BackendService> {
  if (spec.routing.kind !== 'loadBalancer')
    throw new Error(`routing: '${spec.routing.kind}' has no backend service`);
  const { project } = spec.primary;
  const { backendService } = spec.routing;
  const found = await find(`backend service ${backendService}`, () =>
    clients.backendServices.get({ project, backendService }),
  );
  if (found) return found;
  throw new Error(
    `routing.loadBalancer.backendService '${backendService}' does not exist in project ${project}; ` +
      'name a global backend service',
  );
}

/** The group's entry, or undefined. Refuses an entry for our group that somebody else made. */
function ownBackend(service: BackendService, group: GroupRef): Backend | undefined {
  const path = `projects/${group.project}/zones/${group.zone}/instanceGroups/${group.name}`;
  const own = backendsOf(service).find((backend) => pathOf(backend.group) === path);
  if (own && !readMarker(own.description))
    throw new NotOursError(
      `Backend '${group.name}' of '${service.name}' carries no Premirror marker; left alone`,
    );
  return own;
}

async function countHealthy(clients: GcpClients, spec: ApplicationSpec, backend: Backend): Promise<number> {
  if (spec.routing.kind !== 'loadBalancer') return 0;
  const { project } = spec.primary;
  const { backendService } = spec.routing;
  const [health] = await call(`health of ${pathOf(backend.group)}`, () =>
    clients.backendServices.getHealth({
      project,
      backendService,
      resourceGroupReferenceResource: { group: backend.group },
    }),
  );
  return (health.healthStatus ?? []).filter((status) => status.healthState === 'HEALTHY').length;
}

function backendsOf(service: BackendService): Backend[] {
  return service.backends ?? [];
}
