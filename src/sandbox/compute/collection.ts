import type { z } from 'zod';
import { ok } from '../http.ts';
import type { ApiAnswer, ApiRequest } from '../http.ts';
import type { Resource, World } from '../world.ts';
import type { Ids } from './ids.ts';
import { aggregatedAnswer, listAnswer } from './lists.ts';
import { insert, patch, remove, update } from './mutations.ts';
import type { Operations } from './operations.ts';
import { REGIONS, ZONES } from './quotas.ts';
import { find, fingerprintOf, inPlace, scopeOf } from './resources.ts';
import type { Place } from './resources.ts';

export type PathParts = Record<string, string>;
export type Scope = 'zone' | 'region' | 'global';

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
  scopes: readonly Scope[];
  map: Map<string, R>;
  schema: z.ZodType;
  /** Fields that only the server writes, beside those that every kind has. */
  outputs?: readonly string[];
  /** Completes what a client sent, before it is checked or merged. */
  given?(inputs: Record<string, unknown>): Record<string, unknown>;
  /** Completes or refuses a resource before it is stored; also after a patch, then with what it was. */
  check?(place: Place, resource: R, before?: R): void;
  /** What the cloud has no room for when it is to be created: the operation ends so, and nothing is stored. */
  shortage?(place: Place, resource: R): { code: string; message: string } | undefined;
  /** After a resource was stored; the operation waits for it. */
  stored?(place: Place, resource: R): Promise<unknown> | undefined;
  /** After it was deleted. */
  removed?(place: Place, resource: R): Promise<unknown>;
  /** Name of what uses it, which forbids deletion. */
  usedBy?(place: Place, resource: R): string | undefined;
  /** Deletes what belongs to it first; the operation waits for it. */
  empty?(place: Place, resource: R): Promise<void>;
  view?(place: Place, resource: R): Record<string, unknown>;
  /** How PATCH and PUT name it. `byName`: in the path; `byQuery`: as a parameter or in the body (autoscalers). */
  changes?: 'byName' | 'byQuery';
  hasFingerprint?: boolean;
  /** Metric of the region's quota that counts such resources. */
  quota?: 'INSTANCE_GROUP_MANAGERS' | 'AUTOSCALERS' | 'RESERVATIONS';
}

/** Path templates of a collection, one for each scope. */
export function pathsOf({ scopes, collection }: { scopes: readonly Scope[]; collection: string }): string[] {
  const segments = { zone: 'zones/:zone', region: 'regions/:region', global: 'global' };
  return scopes.map((scope) => `/compute/v1/projects/:project/${segments[scope]}/${collection}`);
}

export function placeOf(parts: PathParts): Place {
  return { project: parts['project']!, location: parts['zone'] ?? parts['region'] ?? 'global' };
}

/** insert, get, list, aggregatedList, delete and, where the kind has them, patch and update. */
export function routesOf<R extends Resource>(registry: Registry, kind: Kind<R>): Route[] {
  const show = (place: Place, resource: R) => viewOf(kind, place, resource);
  const items = (place: Place) => inPlace(kind.map, place).map((resource) => show(place, resource));
  return [
    ...pathsOf(kind).flatMap((path) => [
      route('POST', path, (request, parts) => insert(registry, kind, request, placeOf(parts))),
      route('GET', path, ({ query }, parts) =>
        listAnswer(`compute#${kind.singular}List`, items(placeOf(parts)), query),
      ),
      route('GET', `${path}/:name`, (_, parts) => {
        const place = placeOf(parts);
        return ok(show(place, find(kind.map, kind.collection, { ...place, name: parts['name']! })));
      }),
      route('DELETE', `${path}/:name`, (request, parts) =>
        remove(registry, kind, request, placeOf(parts), parts['name']!),
      ),
      ...changesOf(registry, kind, path),
    ]),
    aggregatedRoute(kind, items),
  ];
}

function changesOf<R extends Resource>(registry: Registry, kind: Kind<R>, path: string): Route[] {
  if (!kind.changes) return [];
  const byName = kind.changes === 'byName';
  const nameOf = ({ query, body }: ApiRequest, parts: PathParts) =>
    byName ? parts['name']! : (query.get(kind.singular) ?? String((body as { name?: string })?.name));
  return [
    route('PATCH', byName ? `${path}/:name` : path, (request, parts) =>
      patch(registry, kind, request, placeOf(parts), nameOf(request, parts)),
    ),
    route('PUT', byName ? `${path}/:name` : path, (request, parts) =>
      update(registry, kind, request, placeOf(parts), nameOf(request, parts)),
    ),
  ];
}

/** Over every place where such resources can be. */
export function aggregatedRoute(
  { collection, singular, scopes }: { collection: string; singular: string; scopes: readonly Scope[] },
  items: (place: Place) => Record<string, unknown>[],
): Route {
  const locations = scopes.flatMap((scope) => {
    if (scope === 'global') return ['global'];
    return scope === 'zone' ? ZONES : Object.keys(REGIONS);
  });
  return route('GET', `/compute/v1/projects/:project/aggregated/${collection}`, ({ query }, { project }) => {
    const scoped = new Map(
      locations.map((location) => [scopeOf(location), items({ project: project!, location })]),
    );
    return aggregatedAnswer(`compute#${singular}AggregatedList`, collection, scoped, query);
  });
}

export function route(method: string, template: string, handle: Route['handle']): Route {
  return { method, template, handle };
}

function viewOf<R extends Resource>(kind: Kind<R>, place: Place, resource: R): Record<string, unknown> {
  if (kind.view) return kind.view(place, resource);
  return kind.hasFingerprint ? { ...resource, fingerprint: fingerprintOf(resource) } : resource;
}
