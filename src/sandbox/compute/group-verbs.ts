import { ok } from '../http.ts';
import type { ApiRequest } from '../http.ts';
import { pathsOf, placeOf, route } from './collection.ts';
import type { PathParts, Registry, Route } from './collection.ts';
import type { Failures } from './failures.ts';
import { MANAGERS, checkReady } from './group-kind.ts';
import { MOVES } from './groups.ts';
import type { Groups } from './groups.ts';
import { pageOf } from './lists.ts';
import type { Machine } from './machine.ts';
import { find, invalid, linkTo, parseBody, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { ApplyUpdatesBody, CreateInstancesBody, InstancesBody, TemplateChoiceBody } from './shapes.ts';
import type { Group } from './shapes.ts';
import type { Updates } from './updates.ts';
import { failureView, managedView } from './views.ts';

export type Act = (place: Place, group: Group, request: ApiRequest) => Promise<unknown> | void;
/** Routes of a verb on one group that changes it. */
export type Verb = (name: string, act: Act) => Route[];

export function groupNamed({ world }: Registry, parts: PathParts): Group {
  const named = { ...placeOf(parts), name: parts['name']! };
  return find(world.groups as Map<string, Group>, MANAGERS.collection, named);
}

export function verbsOf(registry: Registry): Verb {
  return (name, act) =>
    pathsOf(MANAGERS).map((path) =>
      route('POST', `${path}/:name/${name}`, (request, parts) => {
        const place = placeOf(parts);
        return registry.operations.run(request, place, `compute.instanceGroupManagers.${name}`, () => {
          const group = groupNamed(registry, parts);
          checkReady(place, group);
          const until = act(place, group, request);
          const link = linkTo(place, MANAGERS.collection, group.name);
          return { link, id: group.id, ...(until ? { until } : {}) };
        });
      }),
    );
}

/** What can be done with a group's instances: by number, by name, or to read about them. */
export function groupVerbRoutes(
  registry: Registry,
  groups: Groups,
  updates: Updates,
  failures: Failures,
): Route[] {
  const verb = verbsOf(registry);
  const chosen = (place: Place, group: Group, { body }: ApiRequest): Machine[] => {
    const { instances, skipInstancesOnValidationError } = parseBody(InstancesBody, body);
    return groups.chosen(place, group, instances, skipInstancesOnValidationError);
  };
  const moves = (Object.keys(MOVES) as (keyof typeof MOVES)[]).flatMap((name) =>
    verb(name, (place, group, { body }) => {
      const { instances, forceSuspend, forceStop } = parseBody(InstancesBody, body);
      groups.move(place, group, name, instances, forceSuspend || forceStop);
    }),
  );
  return [
    ...moves,
    ...verb('createInstances', (place, group, { body }) =>
      groups.createInstances(place, group, parseBody(CreateInstancesBody, body).instances),
    ),
    ...verb('deleteInstances', (place, group, request) =>
      groups.deleteInstances(group, chosen(place, group, request)),
    ),
    ...verb('abandonInstances', (place, group, request) =>
      groups.abandonInstances(group, chosen(place, group, request)),
    ),
    ...verb('recreateInstances', (place, group, request) =>
      updates.recreate(place, group, chosen(place, group, request)),
    ),
    ...verb('applyUpdatesToInstances', (place, group, { body }) => {
      const { allInstances, instances, ...actions } = parseBody(ApplyUpdatesBody, body);
      if (allInstances === instances.length > 0)
        throw invalid('instances', instances, 'Give instances, or allInstances: true.');
      const machines = allInstances ? groups.members(place, group) : groups.chosen(place, group, instances);
      updates.apply(place, group, machines, actions.minimalAction, actions.mostDisruptiveAllowedAction);
    }),
    ...verb('setInstanceTemplate', (place, group, { body }) => {
      const { instanceTemplate } = parseBody(TemplateChoiceBody, body);
      const global = { project: place.project, location: 'global' };
      find(registry.world.templates, 'instanceTemplates', readLink(instanceTemplate, global));
      Object.assign(group, { instanceTemplate, versions: [{ instanceTemplate }] });
      updates.roll(place, group);
    }),
    ...verb('resize', (place, group, { query }) => {
      const size = Number(query.get('size') ?? Number.NaN);
      if (!Number.isInteger(size) || size < 0)
        throw invalid('size', query.get('size'), 'Use a whole number, 0 or more.');
      group.targetSize = size;
      groups.reconcile(place, group);
    }),
    ...pathsOf(MANAGERS).flatMap((path) => [
      route('POST', `${path}/:name/listManagedInstances`, ({ query }, parts) => {
        const group = groupNamed(registry, parts);
        const machines = groups.machines(placeOf(parts), group);
        const rows = machines.map((machine) => managedView(registry.world, group, machine));
        return ok(managedPage(group, rows, query));
      }),
      route('GET', `${path}/:name/listErrors`, ({ query }, parts) => {
        const { project, location } = placeOf(parts);
        const rows = failures.of(project, location, groupNamed(registry, parts).name).map(failureView);
        return ok(pageOf(rows, (row) => row, unfiltered(query)));
      }),
    ]),
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

/** Where Google documents that filter and order are not supported. */
function unfiltered(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete('filter');
  rest.delete('orderBy');
  return rest;
}
