import type { Instance, Resource, World } from '../world.ts';

/** What a load balancer needs to know of its backend service, read from the API's resource. */
export interface Balancing {
  backends: Backend[];
  drainingMs: number;
  check: Check;
}

export interface Backend {
  project: string;
  zone: string;
  group: string;
  /** Weight of one healthy instance: capacityScaler × maxRatePerInstance (1 where none is set). */
  instanceWeight: number;
}

export interface Check {
  intervalMs: number;
  timeoutMs: number;
  healthyThreshold: number;
  unhealthyThreshold: number;
  path: string;
}

interface BackendResource {
  group?: string;
  capacityScaler?: number;
  maxRatePerInstance?: number;
}

/** On their way out: they get no new requests, what they have they finish. */
const LEAVING = ['DELETING', 'ABANDONING', 'STOPPING', 'SUSPENDING'];

/** The balancing that the backend service asks for now. Undefined when there is no such service. */
export function readBalancing(world: World, project: string, name: string): Balancing | undefined {
  const resource = world.backendServices.get(`${project}/global/${name}`);
  if (!resource) return undefined;
  const draining = resource['connectionDraining'] as { drainingTimeoutSec?: number } | undefined;
  return {
    backends: ((resource['backends'] as BackendResource[] | undefined) ?? []).flatMap(readBackend),
    drainingMs: (draining?.drainingTimeoutSec ?? 0) * 1000,
    check: readCheck(world, project, resource),
  };
}

function readBackend(backend: BackendResource): Backend[] {
  const link = /projects\/([^/]+)\/(?:zones|regions)\/([^/]+)\/instanceGroups\/([^/]+)$/.exec(
    backend.group ?? '',
  );
  if (!link) return [];
  const instanceWeight = (backend.capacityScaler ?? 1) * (backend.maxRatePerInstance || 1);
  return [{ project: link[1]!, zone: link[2]!, group: link[3]!, instanceWeight }];
}

/** The first health check of the service, with Google's defaults (5 s, two up, two down). */
function readCheck(world: World, project: string, service: Resource): Check {
  const links = (service['healthChecks'] as string[] | undefined) ?? [];
  const check = world.healthChecks.get(`${project}/global/${links[0]?.split('/').at(-1)}`) ?? {};
  const numbers = check as Record<string, number | undefined>;
  const http = (check as { httpHealthCheck?: { requestPath?: string } }).httpHealthCheck;
  return {
    intervalMs: (numbers['checkIntervalSec'] ?? 5) * 1000,
    timeoutMs: (numbers['timeoutSec'] ?? 5) * 1000,
    healthyThreshold: numbers['healthyThreshold'] ?? 2,
    unhealthyThreshold: numbers['unhealthyThreshold'] ?? 2,
    path: http?.requestPath ?? '/healthz',
  };
}

/** Instances of the backend that may get new requests, whatever their health. */
export function candidatesOf(world: World, backend: Backend): Instance[] {
  return world
    .instancesOf(backend.project, backend.zone, backend.group)
    .filter(({ status, currentAction }) => status === 'RUNNING' && !LEAVING.includes(currentAction));
}
