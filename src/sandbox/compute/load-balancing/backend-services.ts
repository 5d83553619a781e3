import { ok } from '../../http.ts';
import type { Plane, World } from '../../world.ts';
import { pathsOf, placeOf, route, routesOf } from '../collection.ts';
import type { Kind, PathParts, Registry, Route } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { find, invalid, keyOf, linkTo, ownedBy, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import { endpointsOf, isSameBackend, readBackendLink } from './members.ts';
import type { BackendReference } from './members.ts';
import { BackendServiceBody } from './shapes.ts';
import type { BackendService, EndpointGroup, UrlMap } from './shapes.ts';
import { servicesOf } from './url-maps.ts';

/** Port of an instance's service as `getHealth` shows it; the sandbox's own port is the plane's affair. */
const SERVICE_PORT = 80;

export interface Address {
  host: string;
  port: number;
}

/** Global backend services. Where a service's load balancer listens is kept in `loadBalancers`, by the service's name. */
export function backendServiceRoutes(
  registry: Registry,
  plane: Plane,
  loadBalancers: Map<string, Address>,
): Route[] {
  const { world } = registry;
  const kind: Kind<BackendService> = {
    collection: 'backendServices',
    singular: 'backendService',
    scopes: ['global'],
    map: world.backendServices as Map<string, BackendService>,
    schema: BackendServiceBody,
    changes: 'byName',
    hasFingerprint: true,
    check: (place, service) => checkService(world, place, service),
    usedBy: (place, { name }) =>
      ownedBy(world.urlMaps as Map<string, UrlMap>, place).find((map) => servicesOf(map, place).has(name))
        ?.name,
    async stored(place, { name }) {
      loadBalancers.set(name, await plane.expose(place.project, name));
    },
    async removed(place, { name }) {
      loadBalancers.delete(name);
      await plane.expose(place.project, name);
    },
  };
  return [
    ...routesOf(registry, kind),
    route('POST', `${pathsOf(kind)[0]}/:name/getHealth`, ({ body }, parts: PathParts) => {
      const place = placeOf(parts);
      const service = find(kind.map, kind.collection, { ...place, name: parts['name']! });
      const wanted = readBackendLink(String((body as { group?: string })?.group), place);
      if (!service.backends.some(({ group }) => isSameBackend(readBackendLink(group, place), wanted)))
        throw invalid('resource.group', wanted.name, `It is no backend of '${service.name}'.`);
      const healthStatus = healthOf(world, plane, service.name, wanted);
      return ok({ kind: 'compute#backendServiceGroupHealth', healthStatus });
    }),
  ];
}

/** What would change where requests go, or what becomes of them. */
const NOT_ACTED_ON = [
  'cdnPolicy',
  'circuitBreakers',
  'consistentHash',
  'customRequestHeaders',
  'customResponseHeaders',
  'failoverPolicy',
  'localityLbPolicies',
  'outlierDetection',
  'securityPolicy',
  'serviceLbPolicy',
];

function checkService(world: World, place: Place, service: BackendService): void {
  refuseFields(service, ...NOT_ACTED_ON);
  if (service['enableCDN'] === true) throw notImplemented("The field 'enableCDN'");
  if ((service['sessionAffinity'] ?? 'NONE') !== 'NONE') throw notImplemented("The field 'sessionAffinity'");
  for (const link of service.healthChecks) find(world.healthChecks, 'healthChecks', readLink(link, place));
  const seen = new Set<string>();
  for (const backend of service.backends) {
    const reference = readBackendLink(backend.group, place);
    const isEndpoints = reference.collection === 'networkEndpointGroups';
    find(isEndpoints ? world.networkEndpointGroups : world.groups, reference.collection, reference);
    if (isEndpoints && backend.balancingMode !== 'RATE')
      throw invalid(
        'resource.backends.balancingMode',
        backend.balancingMode,
        'Endpoints are balanced by RATE.',
      );
    backend.group = linkTo(reference, reference.collection, reference.name);
    if (seen.has(backend.group)) throw invalid('resource.backends', backend.group, 'Name every group once.');
    seen.add(backend.group);
  }
}

function healthOf(world: World, plane: Plane, service: string, backend: BackendReference) {
  const ports = portsOf(world, backend);
  return plane.health(service, backend).map(({ instance, healthy }, index) => ({
    instance: linkTo({ project: instance.project, location: instance.zone }, 'instances', instance.name),
    ipAddress: instance.ip,
    port: ports[index] ?? SERVICE_PORT,
    healthState: healthy ? 'HEALTHY' : 'UNHEALTHY',
  }));
}

/** Ports of a network endpoint group's endpoints, in the order of its members. */
function portsOf(world: World, backend: BackendReference): number[] {
  if (backend.collection === 'instanceGroups') return [];
  const group = world.networkEndpointGroups.get(keyOf(backend)) as EndpointGroup;
  return endpointsOf(world, backend, group).map(({ endpoint }) => endpoint.port);
}
