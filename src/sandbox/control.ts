import { z } from 'zod';
import { billOf } from './bill.ts';
import { ApiError, ok } from './http.ts';
import type { Api, ApiRequest } from './http.ts';
import type { World } from './world.ts';
import type { PlaneExtras } from './plane/plane.ts';

const HistoryBody = z.strictObject({
  project: z.string().min(1),
  backendService: z.string().min(1),
  stepMs: z.number().positive(),
  points: z.array(z.strictObject({ at: z.number(), value: z.number() })),
});

export interface InventoryItem {
  kind: string;
  location: string;
  name: string;
  description?: string;
}

export interface Controlled {
  world: World;
  plane: PlaneExtras;
  /** Where each backend service's load balancer listens, by the service's name. */
  loadBalancers: ReadonlyMap<string, { host: string; port: number }>;
}

/** The endpoint under `/control` for test benches: what nobody sees at Google, and faults on demand. */
export function createControlApi(controlled: Controlled): Api {
  const { world, plane } = controlled;
  const verbs: Record<string, (request: ApiRequest) => unknown> = {
    'GET clock': () => {
      const { originMs, wallOriginMs, speed } = world.clock;
      return { originMs, wallOriginMs, speed, now: world.clock.now() };
    },
    'GET inventory': () => [...computeInventory(world), ...dnsInventory(world)],
    'GET calls': () => world.calls,
    'GET faults': () => world.faults.view(),
    'POST faults': ({ body }) => {
      world.faults.set(parse(z.record(z.string(), z.unknown()), body));
      return world.faults.view();
    },
    'GET strikes': () => world.faults.strikes,
    'POST reset': () => {
      world.faults.clear();
      world.calls.length = 0;
      return {};
    },
    'POST history': ({ body }) => {
      const history = parse(HistoryBody, body);
      refuseAsInvalid(() => plane.importHistory(history));
      return {};
    },
    'GET bill': ({ query }) => billOf(world, timeIn(query, 'from'), timeIn(query, 'to')),
    'GET access': () => plane.accessSummary(),
    'GET forwarding-rules': () => plane.frontends(),
    'GET load-balancers': () => Object.fromEntries(controlled.loadBalancers),
  };
  return async (request) => {
    const verb = verbs[`${request.method} ${request.path.replace(/^\/control\//, '')}`];
    return verb && request.path.startsWith('/control/') ? ok(await verb(request)) : undefined;
  };
}

/** Everything that exists in Compute, whoever made it. */
function computeInventory(world: World): InventoryItem[] {
  const maps = {
    instanceGroupManager: world.groups,
    instanceTemplate: world.templates,
    backendService: world.backendServices,
    healthCheck: world.healthChecks,
    autoscaler: world.autoscalers,
    urlMap: world.urlMaps,
    targetHttpProxy: world.targetHttpProxies,
    targetHttpsProxy: world.targetHttpsProxies,
    sslCertificate: world.sslCertificates,
    forwardingRule: world.forwardingRules,
    networkEndpointGroup: world.networkEndpointGroups,
    reservation: world.reservations,
    futureReservation: world.futureReservations,
    instance: world.instances,
  };
  return Object.entries(maps).flatMap(([kind, map]) =>
    [...map].map(([key, resource]) => {
      const [, location, name] = key.split('/');
      const description = 'description' in resource ? { description: String(resource.description) } : {};
      return { kind, location: location!, name: name!, ...description };
    }),
  );
}

/** Managed zones, their record sets, and every item of a weighted record set by what it points to. */
function dnsInventory(world: World): InventoryItem[] {
  return [...world.dnsZones.values()].flatMap(({ name: zone, description, records }) => [
    { kind: 'dnsZone', location: 'global', name: zone, description },
    ...records.flatMap(({ name, type, routingPolicy }) => [
      { kind: 'dnsRecordSet', location: zone, name: `${name} ${type}` },
      ...(routingPolicy?.wrr?.items ?? []).map(({ rrdatas }) => ({
        kind: 'dnsWeightedItem',
        location: zone,
        name: `${name} ${type} ${rrdatas.join(' ')}`,
      })),
    ]),
  ]);
}

function timeIn(query: URLSearchParams, name: string): number {
  const value = Number(query.get(name) ?? Number.NaN);
  if (Number.isFinite(value)) return value;
  throw new ApiError(
    400,
    'invalid',
    `${name} is '${query.get(name)}': give ms since the epoch, sandbox time.`,
  );
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiError(400, 'invalid', z.prettifyError(parsed.error));
  return parsed.data;
}

function refuseAsInvalid(act: () => void): void {
  try {
    act();
  } catch (error) {
    throw new ApiError(400, 'invalid', (error as Error).message);
  }
}
