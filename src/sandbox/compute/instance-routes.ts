import { ok } from '../http.ts';
import { pathOf, placeOf } from './collection.ts';
import type { Registry, Route } from './collection.ts';
import type { Lifecycle } from './lifecycle.ts';
import { listAnswer } from './lists.ts';
import { find, inPlace, keyOf, linkTo, notFound, placePath } from './resources.ts';
import type { Place } from './resources.ts';
import type { Group } from './shapes.ts';
import { instanceGroupView, instanceView } from './views.ts';

const GROUPS_PATH = pathOf({ collection: 'instanceGroups', scope: 'zone' });
const INSTANCES_PATH = pathOf({ collection: 'instances', scope: 'zone' });

/** Instances, and the plain groups behind the managed ones: to read only. */
export function instanceRoutes({ world }: Registry, lifecycle: Lifecycle): Route[] {
  const groups = world.groups as Map<string, Group>;
  const machinesOf = (place: Place, group: Group) =>
    lifecycle.machinesOf(place.project, place.location, group.name);
  return [
    {
      method: 'GET',
      template: `${GROUPS_PATH}/:name`,
      handle(_, parts) {
        const place = placeOf(parts);
        const group = find(groups, 'instanceGroups', { ...place, name: parts['name']! });
        return ok(instanceGroupView(place, group, machinesOf(place, group).length));
      },
    },
    {
      method: 'GET',
      template: GROUPS_PATH,
      handle({ query }, parts) {
        const place = placeOf(parts);
        const items = inPlace(groups, place).map((group) =>
          instanceGroupView(place, group, machinesOf(place, group).length),
        );
        return listAnswer('compute#instanceGroupList', items, query);
      },
    },
    {
      method: 'POST',
      template: `${GROUPS_PATH}/:name/listInstances`,
      handle({ query, body }, parts) {
        const place = placeOf(parts);
        const group = find(groups, 'instanceGroups', { ...place, name: parts['name']! });
        const onlyRunning = (body as { instanceState?: string })?.instanceState === 'RUNNING';
        const items = machinesOf(place, group)
          .filter(({ instance }) => !onlyRunning || instance.status === 'RUNNING')
          .map(({ instance }) => ({
            instance: linkTo(place, 'instances', instance.name),
            status: instance.status,
          }));
        return listAnswer('compute#instanceGroupsListInstances', items, query);
      },
    },
    {
      method: 'GET',
      template: `${INSTANCES_PATH}/:name`,
      handle(_, parts) {
        const reference = { ...placeOf(parts), name: parts['name']! };
        const instance = world.instances.get(keyOf(reference));
        if (!instance) throw notFound(`${placePath(reference)}/instances/${reference.name}`);
        return ok(instanceView(instance));
      },
    },
    {
      method: 'GET',
      template: INSTANCES_PATH,
      handle: ({ query }, parts) =>
        listAnswer('compute#instanceList', inPlace(world.instances, placeOf(parts)).map(instanceView), query),
    },
  ];
}
