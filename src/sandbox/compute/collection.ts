import type { z } from 'zod';
import { ok } from '../http.ts';
import type { ApiAnswer, ApiRequest } from '../http.ts';
import type { Resource, World } from '../world.ts';
import type { Ids } from './ids.ts';
import { listAnswer } from './lists.ts';
import type { Operations } from './operations.ts';
import {
  checkAbsent,
  checkFingerprint,
  find,
  fingerprintOf,
  inPlace,
  inUse,
  keyOf,
  linkTo,
  mergePatch,
  parseBody,
  timestamp,
  zoneLink,
} from './resources.ts';
import type { Place } from './resources.ts';

export type PathParts = Record<string, string>;

export interface Route {
  method: string;
  /** Path template for `match`. */
  template: string;
  handle(request: ApiRequest, parts: PathParts): ApiAnswer | Promise<ApiAnswer>;
}

/** What every part of the API works with. */
export interface Registry {
  world: World;
  operations: Operations;
  ids: Ids;
}

/** One kind of resource: how it is stored, checked and shown. */
export interface Kind<R extends Resource> {
  /** Path segment and the kind's name, e.g. `backendServices` and `backendService`. */
  collection: string;
  singular: string;
  scope: 'zone' | 'global';
  map: Map<string, R>;
  schema: z.ZodType;
  /** Completes or refuses a resource before it is stored; also after a patch. */
  check?(place: Place, resource: R): void;
  /** After a resource was stored; the operation waits for it. */
  stored?(place: Place, resource: R): Promise<unknown> | undefined;
  /** After it was deleted. */
  removed?(place: Place, resource: R): Promise<unknown>;
  /** Name of what uses it, which forbids deletion. */
  usedBy?(place: Place, resource: R): string | undefined;
  /** Deletes what belongs to it first; the operation waits for it. */
  empty?(place: Place, resource: R): Promise<void>;
  view?(place: Place, resource: R): Record<string, unknown>;
  /** `byName`: the path ends in the resource's name; `byQuery`: it is a query parameter (autoscalers). */
  patch?: 'byName' | 'byQuery';
  hasFingerprint?: boolean;
}

/** Fields that only the server writes. */
const SERVER_FIELDS = ['id', 'kind', 'selfLink', 'creationTimestamp', 'zone', 'fingerprint'];

export function pathOf(kind: { scope: 'zone' | 'global'; collection: string }): string {
  const scope = kind.scope === 'global' ? 'global' : 'zones/:zone';
  return `/compute/v1/projects/:project/${scope}/${kind.collection}`;
}

export function placeOf(parts: PathParts): Place {
  return { project: parts['project']!, location: parts['zone'] ?? 'global' };
}

/** insert, get, list, delete and, where the kind has it, patch. */
export function routesOf<R extends Resource>(registry: Registry, kind: Kind<R>): Route[] {
  const path = pathOf(kind);
  const show = (place: Place, resource: R) => viewOf(kind, place, resource);
  const named = (parts: PathParts) =>
    find(kind.map, kind.collection, { ...placeOf(parts), name: parts['name']! });
  const routes: Route[] = [
    {
      method: 'POST',
      template: path,
      handle: (request, parts) => insert(registry, kind, request, placeOf(parts)),
    },
    {
      method: 'GET',
      template: `${path}/:name`,
      handle: (_, parts) => ok(show(placeOf(parts), named(parts))),
    },
    {
      method: 'GET',
      template: path,
      handle: ({ query }, parts) => {
        const place = placeOf(parts);
        const items = inPlace(kind.map, place).map((resource) => show(place, resource));
        return listAnswer(`compute#${kind.singular}List`, items, query);
      },
    },
    {
      method: 'DELETE',
      template: `${path}/:name`,
      handle: (request, parts) => remove(registry, kind, request, placeOf(parts), parts['name']!),
    },
  ];
  if (kind.patch === 'byName') {
    const handle: Route['handle'] = (request, parts) =>
      patch(registry, kind, request, placeOf(parts), parts['name']!);
    routes.push({ method: 'PATCH', template: `${path}/:name`, handle });
  }
  if (kind.patch === 'byQuery') {
    const handle: Route['handle'] = (request, parts) => {
      const name = request.query.get(kind.singular) ?? String((request.body as { name?: string })?.name);
      return patch(registry, kind, request, placeOf(parts), name);
    };
    routes.push({ method: 'PATCH', template: path, handle });
  }
  return routes;
}

function viewOf<R extends Resource>(kind: Kind<R>, place: Place, resource: R): Record<string, unknown> {
  if (kind.view) return kind.view(place, resource);
  return kind.hasFingerprint ? { ...resource, fingerprint: fingerprintOf(resource) } : resource;
}

function effectOf<R extends Resource>(kind: Kind<R>, place: Place, resource: R, until?: Promise<unknown>) {
  return {
    link: linkTo(place, kind.collection, resource.name),
    id: resource.id,
    ...(until ? { until } : {}),
  };
}

function insert<R extends Resource>(
  { world, operations, ids }: Registry,
  kind: Kind<R>,
  request: ApiRequest,
  place: Place,
): ApiAnswer {
  return operations.run(request, place, 'insert', () => {
    const body = { ...(parseBody(kind.schema, request.body) as Record<string, unknown> & { name: string }) };
    for (const field of SERVER_FIELDS) delete body[field];
    checkAbsent(kind.map, kind.collection, { ...place, name: body.name });
    const resource = {
      kind: `compute#${kind.singular}`,
      id: ids.next(),
      creationTimestamp: timestamp(world.clock.now()),
      ...body,
      selfLink: linkTo(place, kind.collection, body.name),
      ...(place.location === 'global' ? {} : { zone: zoneLink(place.project, place.location) }),
    } as unknown as R;
    kind.check?.(place, resource);
    kind.map.set(keyOf({ ...place, name: body.name }), resource);
    return effectOf(kind, place, resource, kind.stored?.(place, resource));
  });
}

function patch<R extends Resource>(
  { operations }: Registry,
  kind: Kind<R>,
  request: ApiRequest,
  place: Place,
  name: string,
): ApiAnswer {
  return operations.run(request, place, 'patch', () => {
    const resource = find(kind.map, kind.collection, { ...place, name });
    const body = { ...(request.body as Record<string, unknown>) };
    if (kind.hasFingerprint) checkFingerprint(resource, body);
    for (const field of [...SERVER_FIELDS, 'name']) delete body[field];
    const patched = parseBody(kind.schema, mergePatch(resource, body)) as R;
    kind.check?.(place, patched);
    // In place: whoever holds the resource sees the change.
    for (const field of Object.keys(resource)) if (!(field in patched)) delete resource[field];
    Object.assign(resource, patched);
    return effectOf(kind, place, resource, kind.stored?.(place, resource));
  });
}

function remove<R extends Resource>(
  { operations }: Registry,
  kind: Kind<R>,
  request: ApiRequest,
  place: Place,
  name: string,
): ApiAnswer {
  return operations.run(request, place, 'delete', () => {
    const resource = find(kind.map, kind.collection, { ...place, name });
    const user = kind.usedBy?.(place, resource);
    if (user) throw inUse(`${kind.collection}/${name}`, user);
    const drop = () => {
      kind.map.delete(keyOf({ ...place, name }));
      return kind.removed?.(place, resource);
    };
    const gone = kind.empty ? kind.empty(place, resource).then(drop) : drop();
    return effectOf(kind, place, resource, gone);
  });
}
