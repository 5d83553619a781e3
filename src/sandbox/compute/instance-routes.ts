import { ok } from '../http.ts';
import type { Instance, World } from '../world.ts';
import { aggregatedRoute, pathsOf, placeOf, route } from './collection.ts';
import type { Registry, Route } from './collection.ts';
import type { Lifecycle } from './lifecycle.ts';
import { listAnswer } from './lists.ts';
import { find, inPlace, keyOf, linkTo, notFound, placePath } from './resources.ts';
import type { Place } from './resources.ts';
import type { Group } from './shapes.ts';
import { instanceGroupView, instanceView } from './views.ts';

const GROUPS = {
  collection: 'instanceGroups',
  singular: 'instanceGroup',
  scopes: ['zone', 'region'],
} as const;
export const INSTANCES = { collection: 'instances', singular: 'instance', scopes: ['zone'] } as const;
const INSTANCES_PATH = pathsOf(INSTANCES)[0]!;

/** Throws 404 when there is none. */
export function instanceNamed(world: World, place: Place, name: string): Instance {
  const instance = world.instances.get(keyOf({ ...place, name }));
  if (instance) return instance;
  throw notFound(`${placePath(place)}/instances/${name}`);
}

/** Instances, and the plain groups behind the managed ones: what can be read of them. */
export function instanceRoutes({ world }: Registry, lifecycle: Lifecycle): Route[] {
  const groups = world.groups as Map<string, Group>;
  const machinesOf = (place: Place, group: Group) =>
    lifecycle.machinesOf(place.project, place.location, group.name);
  const groupsIn = (place: Place) =>
    inPlace(groups, place).map((group) => instanceGroupView(place, group, machinesOf(place, group).length));
  return [
    ...pathsOf(GROUPS).flatMap((path) => [
      route('GET', `${path}/:name`, (_, parts) => {
        const place = placeOf(parts);
        const group = find(groups, 'instanceGroups', { ...place, name: parts['name']! });
        return ok(instanceGroupView(place, group, machinesOf(place, group).length));
      }),
      route('GET', path, ({ query }, parts) =>
        listAnswer('compute#instanceGroupList', groupsIn(placeOf(parts)), query),
      ),
      route('POST', `${path}/:name/listInstances`, ({ query, body }, parts) => {
        const place = placeOf(parts);
        const group = find(groups, 'instanceGroups', { ...place, name: parts['name']! });
        const onlyRunning = (body as { instanceState?: string })?.instanceState === 'RUNNING';
        const items = machinesOf(place, group)
          .filter(({ instance }) => !onlyRunning || instance.status === 'RUNNING')
          .map(({ instance }) => ({
            instance: linkTo({ ...place, location: instance.zone }, 'instances', instance.name),
            status: instance.status,
          }));
        return listAnswer('compute#instanceGroupsListInstances', items, query);
      }),
    ]),
    aggregatedRoute(GROUPS, groupsIn),
    aggregatedRoute(INSTANCES, (place) => inPlace(world.instances, place).map(instanceView)),
    {
      method: 'GET',
      template: `${INSTANCES_PATH}/:name`,
      handle: (_, parts) => ok(instanceView(instanceNamed(world, placeOf(parts), parts['name']!))),
    },
    {
      method: 'GET',
      template: INSTANCES_PATH,
      handle: ({ query }, parts) =>
        listAnswer('compute#instanceList', inPlace(world.instances, placeOf(parts)).map(instanceView), query),
    },
  ];
}
