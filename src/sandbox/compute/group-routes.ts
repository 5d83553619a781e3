import type { Resource } from '../world.ts';
import { ApiError, ok } from '../http.ts';
import type { ApiRequest } from '../http.ts';
import { pathOf, placeOf, routesOf } from './collection.ts';
import type { Kind, PathParts, Registry, Route } from './collection.ts';
import { MOVES } from './groups.ts';
import type { Groups } from './groups.ts';
import type { Lifecycle } from './lifecycle.ts';
import { listAnswer } from './lists.ts';
import {
  find,
  inPlace,
  invalid,
  keyOf,
  linkTo,
  notFound,
  parseBody,
  placePath,
  readLink,
} from './resources.ts';
import type { Place } from './resources.ts';
import { servicesUsing } from './settings.ts';
import { GroupBody, InstancesBody } from './shapes.ts';
import type { Autoscaler, Group } from './shapes.ts';
import { groupView, instanceGroupView, instanceView, managedView } from './views.ts';

const MANAGERS = {
  collection: 'instanceGroupManagers',
  singular: 'instanceGroupManager',
  scope: 'zone',
} as const;
const MANAGERS_PATH = pathOf(MANAGERS);
const GROUPS_PATH = pathOf({ collection: 'instanceGroups', scope: 'zone' });
const INSTANCES_PATH = pathOf({ collection: 'instances', scope: 'zone' });

/** Zonal managed instance groups, the plain groups behind them, and their instances. */
export function groupRoutes(registry: Registry, groups: Groups, lifecycle: Lifecycle): Route[] {
  const { world } = registry;
  const machinesOf = (place: Place, group: Group) =>
    lifecycle.machinesOf(place.project, place.location, group.name);
  const kind: Kind<Group> = {
    ...MANAGERS,
    map: world.groups as Map<string, Group>,
    schema: GroupBody,
    patch: 'byName',
    hasFingerprint: true,
    check(place, group) {
      checkReady(place, group);
      group.baseInstanceName ??= group.name;
      const global = { project: place.project, location: 'global' };
      find(world.templates, 'instanceTemplates', readLink(group.instanceTemplate, global));
      for (const { healthCheck } of group.autoHealingPolicies ?? [])
        find(world.healthChecks, 'healthChecks', readLink(healthCheck, global));
    },
    stored(place, group) {
      groups.reconcile(place, group);
      return undefined;
    },
    usedBy(place, group) {
      checkReady(place, group);
      const used = { project: place.project, zone: place.location, name: group.name };
      return servicesUsing(world, used)[0] ?? autoscalerOf(world.autoscalers, place, group)?.name;
    },
    empty(place, group) {
      group.deleting = true;
      return groups.empty(place, group);
    },
    view: (place, group) => groupView(place, group, machinesOf(place, group)),
  };
  const named = (place: Place, parts: PathParts) =>
    find(kind.map, kind.collection, { ...place, name: parts['name']! });

  /** A verb on one group that changes it. */
  const verb = (name: string, act: (place: Place, group: Group, request: ApiRequest) => void): Route => ({
    method: 'POST',
    template: `${MANAGERS_PATH}/:name/${name}`,
    handle(request, parts) {
      const place = placeOf(parts);
      return registry.operations.run(request, place, `compute.instanceGroupManagers.${name}`, () => {
        const group = named(place, parts);
        checkReady(place, group);
        act(place, group, request);
        return { link: linkTo(place, kind.collection, group.name), id: group.id };
      });
    },
  });
  const moves = (Object.keys(MOVES) as (keyof typeof MOVES)[]).map((name) =>
    verb(name, (place, group, { body }) => {
      const { instances, forceSuspend, forceStop } = parseBody(InstancesBody, body);
      groups.move(place, group, name, instances, forceSuspend || forceStop);
    }),
  );

  return [
    ...routesOf(registry, kind),
    ...moves,
    verb('deleteInstances', (place, group, { body }) =>
      groups.deleteInstances(place, group, parseBody(InstancesBody, body).instances),
    ),
    verb('resize', (place, group, { query }) => {
      const size = Number(query.get('size') ?? Number.NaN);
      if (!Number.isInteger(size) || size < 0)
        throw invalid('size', query.get('size'), 'Use a whole number, 0 or more.');
      group.targetSize = size;
      groups.reconcile(place, group);
    }),
    {
      method: 'POST',
      template: `${MANAGERS_PATH}/:name/listManagedInstances`,
      handle(_, parts) {
        const place = placeOf(parts);
        const machines = machinesOf(place, named(place, parts));
        return ok({ managedInstances: machines.map((machine) => managedView(world, machine)) });
      },
    },
    {
      method: 'GET',
      template: `${GROUPS_PATH}/:name`,
      handle(_, parts) {
        const place = placeOf(parts);
        const group = find(kind.map, 'instanceGroups', { ...place, name: parts['name']! });
        return ok(instanceGroupView(place, group, machinesOf(place, group).length));
      },
    },
    {
      method: 'GET',
      template: GROUPS_PATH,
      handle({ query }, parts) {
        const place = placeOf(parts);
        const items = inPlace(kind.map, place).map((group) =>
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
        const group = find(kind.map, 'instanceGroups', { ...place, name: parts['name']! });
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

/** The autoscaler that looks after the group. */
export function autoscalerOf(
  autoscalers: Map<string, Resource>,
  place: Place,
  group: { name: string },
): Resource | undefined {
  return inPlace(autoscalers, place).find(
    (autoscaler) => readLink((autoscaler as Autoscaler).target, place).name === group.name,
  );
}

function checkReady(place: Place, group: Group): void {
  if (!group.deleting) return;
  throw new ApiError(
    400,
    'resourceNotReady',
    `The resource '${place.location}/instanceGroupManagers/${group.name}' is not ready: it is being deleted.`,
  );
}
