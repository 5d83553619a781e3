import type { Instance, World } from '../../world.ts';
import { keyOf, readLink } from '../resources.ts';
import type { Place, Reference } from '../resources.ts';
import type { Endpoint, EndpointGroup } from './shapes.ts';

/** What a backend service can send to. */
export interface BackendReference extends Reference {
  collection: 'instanceGroups' | 'networkEndpointGroups';
}

/** An instance group unless the link names a network endpoint group. */
export function readBackendLink(link: string, place: Place): BackendReference {
  const isEndpoints = link.includes('networkEndpointGroups/');
  return { ...readLink(link, place), collection: isEndpoints ? 'networkEndpointGroups' : 'instanceGroups' };
}

export function isSameBackend(a: BackendReference, b: BackendReference): boolean {
  return a.collection === b.collection && keyOf(a) === keyOf(b);
}

/** Instances behind the backend; one for each endpoint where it is a network endpoint group. */
export function membersOf(world: World, backend: BackendReference): Instance[] {
  const { collection, project, location, name } = backend;
  if (collection === 'instanceGroups') return world.instancesOf(project, location, name);
  const group = world.networkEndpointGroups.get(keyOf(backend)) as EndpointGroup | undefined;
  return group ? endpointsOf(world, backend, group).map(({ instance }) => instance) : [];
}

/** Endpoints whose instances still exist: those of a deleted instance go with it. */
export function endpointsOf(
  world: World,
  place: Place,
  group: EndpointGroup,
): { endpoint: Endpoint; instance: Instance }[] {
  return group.endpoints.flatMap((endpoint) => {
    const instance = world.instances.get(keyOf({ ...place, name: endpoint.instance }));
    return instance && instance.id === endpoint.instanceId ? [{ endpoint, instance }] : [];
  });
}

/** Names of the project's backend services that have the backend. */
export function servicesWith(world: World, backend: BackendReference): string[] {
  return [...world.backendServices]
    .filter(
      ([key, service]) =>
        key.startsWith(`${backend.project}/`) &&
        ((service['backends'] ?? []) as { group: string }[]).some(({ group }) =>
          isSameBackend(readBackendLink(group, backend), backend),
        ),
    )
    .map(([, service]) => service.name);
}
