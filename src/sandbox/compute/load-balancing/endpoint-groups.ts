import type { Plane, World } from '../../world.ts';
import { pathsOf, placeOf, route, routesOf } from '../collection.ts';
import type { Kind, Registry, Route } from '../collection.ts';
import { refuseFields } from '../contract/validate.ts';
import { listAnswer } from '../lists.ts';
import { find, invalid, keyOf, linkTo, notFound, parseBody, placePath, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import { endpointsOf, servicesWith } from './members.ts';
import type { BackendReference } from './members.ts';
import { EndpointGroupBody, EndpointsBody } from './shapes.ts';
import type { Endpoint, EndpointGroup } from './shapes.ts';

type GivenEndpoint = {
  instance?: string | undefined;
  ipAddress?: string | undefined;
  port?: number | undefined;
};

/** Zonal network endpoint groups of instances' addresses and ports. Every port of an instance leads to its one server. */
export function endpointGroupRoutes(registry: Registry, plane: Plane): Route[] {
  const { world } = registry;
  const kind = endpointGroupKind(world);
  const path = `${pathsOf(kind)[0]}/:name`;
  const verb = (
    name: string,
    act: (place: Place, group: EndpointGroup, given: GivenEndpoint[]) => Endpoint[],
  ) =>
    route('POST', `${path}/${name}`, (request, parts) => {
      const place = placeOf(parts);
      return registry.operations.run(request, place, name, () => {
        const group = find(kind.map, kind.collection, { ...place, name: parts['name']! });
        group.endpoints = act(place, group, parseBody(EndpointsBody, request.body).networkEndpoints);
        return { link: linkTo(place, kind.collection, group.name), id: group.id };
      });
    });
  return [
    ...routesOf(registry, kind),
    verb('attachNetworkEndpoints', (place, group, given) => attached(world, place, group, given)),
    verb('detachNetworkEndpoints', (place, group, given) => detached(world, place, group, given)),
    route('POST', `${path}/listNetworkEndpoints`, ({ query, body }, parts) => {
      const place = placeOf(parts);
      const group = find(kind.map, kind.collection, { ...place, name: parts['name']! });
      const shows = (body as { healthStatus?: string } | undefined)?.healthStatus === 'SHOW';
      const items = endpointsOf(world, place, group).map(({ endpoint, instance }) => ({
        networkEndpoint: endpointView(place, endpoint, instance.ip),
        ...(shows ? { healths: healthsOf(world, plane, referenceOf(place, group), endpoint) } : {}),
      }));
      return listAnswer('compute#networkEndpointGroupsListNetworkEndpoints', items, query);
    }),
  ];
}

function endpointGroupKind(world: World): Kind<EndpointGroup> {
  return {
    collection: 'networkEndpointGroups',
    singular: 'networkEndpointGroup',
    scopes: ['zone'],
    map: world.networkEndpointGroups as Map<string, EndpointGroup>,
    schema: EndpointGroupBody,
    outputs: ['size', 'endpoints'],
    check(_, group) {
      refuseFields(group, 'appEngine', 'cloudRun', 'cloudFunction', 'pscData', 'pscTargetService');
    },
    usedBy: (place, group) => servicesWith(world, referenceOf(place, group))[0],
    view(place, group) {
      const { endpoints: _, ...fields } = group;
      return { ...fields, size: endpointsOf(world, place, group).length };
    },
  };
}

function referenceOf(place: Place, { name }: EndpointGroup): BackendReference {
  return { ...place, name, collection: 'networkEndpointGroups' };
}

/** All endpoints with the given ones. Throws 400 or 404; one that is there already stays once. */
function attached(world: World, place: Place, group: EndpointGroup, given: GivenEndpoint[]): Endpoint[] {
  const endpoints = endpointsOf(world, place, group).map(({ endpoint }) => endpoint);
  for (const { instance: link, ipAddress, port = group.defaultPort } of given) {
    if (link === undefined) throw invalid('networkEndpoints.instance', link, 'Name an instance of the zone.');
    const { name } = readLink(link, place);
    const instance = world.instances.get(keyOf({ ...place, name }));
    if (!instance) throw notFound(`${placePath(place)}/instances/${name}`);
    if (ipAddress !== undefined && ipAddress !== instance.ip)
      throw invalid('networkEndpoints.ipAddress', ipAddress, `The instance has ${instance.ip}.`);
    if (port === undefined)
      throw invalid('networkEndpoints.port', port, 'Give a port, or the group a defaultPort.');
    const isThere = endpoints.some((other) => other.instance === name && other.port === port);
    if (!isThere) endpoints.push({ instance: name, instanceId: instance.id, port });
  }
  return endpoints;
}

/** The endpoints without the given ones. Throws 400 for one that is not there. */
function detached(world: World, place: Place, group: EndpointGroup, given: GivenEndpoint[]): Endpoint[] {
  let endpoints = endpointsOf(world, place, group);
  for (const { instance: link, ipAddress, port } of given) {
    const name = link === undefined ? undefined : readLink(link, place).name;
    const left = endpoints.filter(
      ({ endpoint, instance }) =>
        !(
          (name ?? instance.name) === instance.name &&
          (ipAddress ?? instance.ip) === instance.ip &&
          (port ?? endpoint.port) === endpoint.port
        ),
    );
    if ((name === undefined && ipAddress === undefined) || left.length === endpoints.length)
      throw invalid('networkEndpoints', { instance: name, ipAddress, port }, 'Name endpoints of the group.');
    endpoints = left;
  }
  return endpoints.map(({ endpoint }) => endpoint);
}

function endpointView(place: Place, { instance, port }: Endpoint, ipAddress: string) {
  return { instance: linkTo(place, 'instances', instance), ipAddress, port };
}

/** How the endpoint's instance is seen by every backend service that has the group. */
function healthsOf(world: World, plane: Plane, group: BackendReference, endpoint: Endpoint) {
  return servicesWith(world, group).map((service) => {
    const seen = plane.health(service, group).find(({ instance }) => instance.id === endpoint.instanceId);
    const backendService = linkTo({ ...group, location: 'global' }, 'backendServices', service);
    return { backendService: { backendService }, healthState: seen?.healthy ? 'HEALTHY' : 'UNHEALTHY' };
  });
}
