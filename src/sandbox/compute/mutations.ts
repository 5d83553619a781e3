import type { ApiAnswer, ApiRequest } from '../http.ts';
import type { Resource } from '../world.ts';
import type { Kind, Registry } from './collection.ts';
import type { Effect } from './operations.ts';
import { checkCount } from './quotas.ts';
import {
  checkAbsent,
  checkFingerprint,
  find,
  inUse,
  invalid,
  keyOf,
  linkTo,
  mergePatch,
  parseBody,
  placeFields,
  timestamp,
} from './resources.ts';
import type { Place } from './resources.ts';

type Body = Record<string, unknown> & { name?: string };

/** Fields of every kind that only the server writes: what a client sends in them is ignored, as at Google. */
const OUTPUTS = ['id', 'kind', 'selfLink', 'creationTimestamp', 'zone', 'region', 'fingerprint'];

/** Creates a resource. Throws 400, 403 (quota), 404 (of what it refers to) or 409, having changed nothing. */
export function insert<R extends Resource>(
  { world, operations, ids }: Registry,
  kind: Kind<R>,
  request: ApiRequest,
  place: Place,
): ApiAnswer {
  return operations.run(request, place, 'insert', () => {
    const given = mergePatch({}, request.body ?? {}) as Body;
    const inputs = inputsOf(kind, given);
    const body = parseBody(kind.schema, kind.given?.(inputs) ?? inputs) as Body & { name: string };
    checkAbsent(kind.map, kind.collection, { ...place, name: body.name });
    const resource = {
      kind: `compute#${kind.singular}`,
      id: ids.next(),
      creationTimestamp: timestamp(world.clock.now()),
      ...body,
      selfLink: linkTo(place, kind.collection, body.name),
      ...placeFields(place),
    } as unknown as R;
    kind.check?.(place, resource);
    if (kind.quota) checkCount(world, place, kind.quota);
    const problem = kind.shortage?.(place, resource);
    if (problem) return { ...effectOf(kind, place, resource), problem };
    kind.map.set(keyOf({ ...place, name: body.name }), resource);
    return effectOf(kind, place, resource, kind.stored?.(place, resource));
  });
}

/** JSON merge patch (RFC 7396). Throws 400, 404 or 412, having changed nothing. */
export function patch<R extends Resource>(
  registry: Registry,
  kind: Kind<R>,
  request: ApiRequest,
  place: Place,
  name: string,
): ApiAnswer {
  return change(registry, kind, 'patch', request, place, name, (resource, inputs) =>
    mergePatch(resource, inputs),
  );
}

/** Replaces all that a client may write. Throws as `patch` does. */
export function update<R extends Resource>(
  registry: Registry,
  kind: Kind<R>,
  request: ApiRequest,
  place: Place,
  name: string,
): ApiAnswer {
  return change(registry, kind, 'update', request, place, name, (resource, inputs) => {
    const kept = Object.fromEntries(
      Object.entries(resource).filter(([field]) => [...OUTPUTS, 'name'].includes(field)),
    );
    return { ...kept, ...(mergePatch({}, inputs) as Body) };
  });
}

function change<R extends Resource>(
  { operations }: Registry,
  kind: Kind<R>,
  type: 'patch' | 'update',
  request: ApiRequest,
  place: Place,
  name: string,
  next: (resource: R, inputs: Body) => unknown,
): ApiAnswer {
  return operations.run(request, place, type, () => {
    const resource = find(kind.map, kind.collection, { ...place, name });
    const given = request.body as Body;
    if (kind.hasFingerprint) checkFingerprint(resource, given);
    const inputs = renamed(kind, given, name);
    return replace(kind, place, resource, next(resource, (kind.given?.(inputs) as Body) ?? inputs));
  });
}

/** Deletes a resource. Throws 404, or 400 while something uses it. */
export function remove<R extends Resource>(
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

function replace<R extends Resource>(kind: Kind<R>, place: Place, resource: R, next: unknown): Effect {
  const checked = parseBody(kind.schema, next) as R;
  kind.check?.(place, checked, resource);
  // In place: whoever holds the resource sees the change.
  for (const field of Object.keys(resource)) if (!(field in checked)) delete resource[field];
  Object.assign(resource, checked);
  return effectOf(kind, place, resource, kind.stored?.(place, resource));
}

function effectOf<R extends Resource>(
  kind: Kind<R>,
  place: Place,
  resource: R,
  until?: Promise<unknown>,
): Effect {
  const link = linkTo(place, kind.collection, resource.name);
  return { link, id: resource.id, ...(until ? { until } : {}) };
}

function inputsOf(kind: { outputs?: readonly string[] }, body: Body): Body {
  const outputs = [...OUTPUTS, ...(kind.outputs ?? [])];
  return Object.fromEntries(Object.entries(body).filter(([field]) => !outputs.includes(field)));
}

/** The inputs of a change; a name in them must be the resource's own. */
function renamed(kind: { outputs?: readonly string[] }, body: Body, name: string): Body {
  if (body.name !== undefined && body.name !== name)
    throw invalid('resource.name', body.name, `A name cannot be changed: it is '${name}'.`);
  return inputsOf(kind, body);
}
