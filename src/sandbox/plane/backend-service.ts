import { membersOf, readBackendLink } from '../compute/load-balancing/members.ts';
import type { BackendReference } from '../compute/load-balancing/members.ts';
import type { BackendService, HealthCheck } from '../compute/load-balancing/shapes.ts';
import type { Instance, World } from '../world.ts';

/** What a load balancer needs to know of its backend service, read from the API's resource. */
export interface Balancing {
  backends: Backend[];
  drainingMs: number;
  check: Check;
}

export interface Backend extends BackendReference {
  /** Part of its capacity that it may be given: 0, or 0.1 to 1. */
  capacityScaler: number;
  /** Requests/s that the whole backend takes, where that is set; else what each of its members takes, 1 without. */
  rate?: number;
  memberRate: number;
}

export interface Check {
  /** HTTP asks for `path` and wants 200; TCP connects. */
  type: 'HTTP' | 'TCP';
  intervalMs: number;
  timeoutMs: number;
  healthyThreshold: number;
  unhealthyThreshold: number;
  path: string;
}

/** On their way out: they get no new requests, what they have they finish. */
const LEAVING = ['DELETING', 'RECREATING', 'RESTARTING', 'STOPPING', 'SUSPENDING'];

/** The balancing that the backend service asks for now. Undefined when there is no such service. */
export function readBalancing(world: World, project: string, name: string): Balancing | undefined {
  const service = world.backendServices.get(`${project}/global/${name}`) as
    Partial<BackendService> | undefined;
  if (!service) return undefined;
  return {
    backends: (service.backends ?? []).map((backend) => readBackend(project, backend)),
    drainingMs: (service.connectionDraining?.drainingTimeoutSec ?? 0) * 1000,
    check: readCheck(world, project, service.healthChecks ?? []),
  };
}

function readBackend(project: string, backend: Partial<BackendService['backends'][number]>): Backend {
  const { group = '', capacityScaler = 1, maxRate, maxRatePerInstance, maxRatePerEndpoint } = backend;
  return {
    ...readBackendLink(group, { project, location: 'global' }),
    capacityScaler,
    ...(maxRate ? { rate: maxRate } : {}),
    memberRate: maxRatePerInstance || maxRatePerEndpoint || 1,
  };
}

/** What a backend with so many healthy members takes: traffic is divided in proportion. */
export function capacityOf({ capacityScaler, rate, memberRate }: Backend, healthyMembers: number): number {
  if (healthyMembers === 0) return 0;
  return capacityScaler * (rate ?? healthyMembers * memberRate);
}

/** The first health check of the service, with Google's defaults (5 s, two up, two down). */
function readCheck(world: World, project: string, links: string[]): Check {
  const name = links[0]?.split('/').at(-1);
  const check = world.healthChecks.get(`${project}/global/${name}`) as Partial<HealthCheck> | undefined;
  return {
    type: check?.type === 'TCP' ? 'TCP' : 'HTTP',
    intervalMs: (check?.checkIntervalSec ?? 5) * 1000,
    timeoutMs: (check?.timeoutSec ?? 5) * 1000,
    healthyThreshold: check?.healthyThreshold ?? 2,
    unhealthyThreshold: check?.unhealthyThreshold ?? 2,
    path: check?.httpHealthCheck?.requestPath ?? '/healthz',
  };
}

/** Instances of the backend that may get new requests, whatever their health. */
export function candidatesOf(world: World, backend: Backend): Instance[] {
  return membersOf(world, backend).filter(
    ({ status, currentAction }) => status === 'RUNNING' && !LEAVING.includes(currentAction),
  );
}
