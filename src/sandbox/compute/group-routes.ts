import { ApiError, ok } from '../http.ts';
import type { ApiRequest } from '../http.ts';
import type { Resource, World } from '../world.ts';
import { pathsOf, placeOf, route, routesOf } from './collection.ts';
import type { Kind, PathParts, Registry, Route } from './collection.ts';
import { refuseFields } from './contract/validate.ts';
import { MOVES } from './groups.ts';
import type { Groups } from './groups.ts';
import type { Lifecycle } from './lifecycle.ts';
import { pageOf } from './lists.ts';
import type { Machine } from './machine.ts';
import { find, inPlace, invalid, linkTo, parseBody, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { servicesUsing } from './settings.ts';
import { GroupBody, InstancesBody } from './shapes.ts';
import type { Autoscaler, Group } from './shapes.ts';
import { groupView, managedView } from './views.ts';

const MANAGERS = {
  collection: 'instanceGroupManagers',
  singular: 'instanceGroupManager',
  scopes: ['zone', 'region'],
} as const;

type MachinesOf = (place: Place, group: Group) => Machine[];

function managerKind(world: World, groups: Groups, machinesOf: MachinesOf): Kind<Group> {
  return {
    ...MANAGERS,
    map: world.groups as Map<string, Group>,
    schema: GroupBody,
    changes: 'byName',
    outputs: ['status', 'currentActions', 'instanceGroup'],
    hasFingerprint: true,
    quota: 'INSTANCE_GROUP_MANAGERS',
    check(place, group) {
      checkReady(place, group);
      refuseFields(group, 'versions', 'allInstancesConfig', 'instanceFlexibilityPolicy', 'statefulPolicy');
      refuseFields(group, 'updatePolicy', 'targetPools', 'resourcePolicies', 'targetSizePolicy');
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
      const used = { project: place.project, location: place.location, name: group.name };
      return servicesUsing(world, used)[0] ?? autoscalerOf(world.autoscalers, place, group)?.name;
    },
    empty(place, group) {
      group.deleting = true;
      return groups.empty(place, group);
    },
    view: (place, group) => groupView(place, group, machinesOf(place, group)),
  };
}

/** Zonal managed instance groups. */
export function groupRoutes(registry: Registry, groups: Groups, lifecycle: Lifecycle): Route[] {
  const machinesOf: MachinesOf = (place, group) =>
    lifecycle.machinesOf(place.project, place.location, group.name);
  const kind = managerKind(registry.world, groups, machinesOf);
  const named = (place: Place, parts: PathParts) =>
    find(kind.map, kind.collection, { ...place, name: parts['name']! });

  /** A verb on one group that changes it. */
  const verb = (
    name: string,
    act: (place: Place, group: Group, request: ApiRequest) => Promise<unknown> | void,
  ): Route[] =>
    pathsOf(MANAGERS).map((path) =>
      route('POST', `${path}/:name/${name}`, (request, parts) => {
        const place = placeOf(parts);
        return registry.operations.run(request, place, `compute.instanceGroupManagers.${name}`, () => {
          const group = named(place, parts);
          checkReady(place, group);
          const until = act(place, group, request);
          const link = linkTo(place, kind.collection, group.name);
          return { link, id: group.id, ...(until ? { until } : {}) };
        });
      }),
    );
  const moves = (Object.keys(MOVES) as (keyof typeof MOVES)[]).flatMap((name) =>
    verb(name, (place, group, { body }) => {
      const { instances, forceSuspend, forceStop } = parseBody(InstancesBody, body);
      groups.move(place, group, name, instances, forceSuspend || forceStop);
    }),
  );

  return [
    ...routesOf(registry, kind),
    ...moves,
    ...verb('deleteInstances', (place, group, { body }) =>
      groups.deleteInstances(place, group, parseBody(InstancesBody, body).instances),
    ),
    ...verb('resize', (place, group, { query }) => {
      const size = Number(query.get('size') ?? Number.NaN);
      if (!Number.isInteger(size) || size < 0)
        throw invalid('size', query.get('size'), 'Use a whole number, 0 or more.');
      group.targetSize = size;
      groups.reconcile(place, group);
    }),
    ...pathsOf(MANAGERS).map((path) =>
      route('POST', `${path}/:name/listManagedInstances`, ({ query }, parts) => {
        const place = placeOf(parts);
        const group = named(place, parts);
        const rows = machinesOf(place, group).map((machine) => managedView(registry.world, machine));
        return ok(managedPage(group, rows, query));
      }),
    ),
  ];
}

/** Paging is ignored unless the group asks for it, as documented; a filter is not. */
function managedPage(group: Group, rows: Record<string, unknown>[], query: URLSearchParams) {
  const paged = group['listManagedInstancesResults'] === 'PAGINATED';
  const asked = new URLSearchParams(paged ? query : { filter: query.get('filter') ?? '' });
  const limit = paged ? undefined : rows.length;
  const { items, nextPageToken } = pageOf(rows, (row) => row, asked, limit);
  return { managedInstances: items, ...(nextPageToken === undefined ? {} : { nextPageToken }) };
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
