import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ApiError } from '../http.ts';
import type { Resource } from '../world.ts';

/** Host and version of every link that the API gives. Compare links from `projects/` on: hosts differ in the wild. */
const BASE = 'https://www.googleapis.com/compute/v1';

/** Where a resource lives: the name of a zone or a region, or `global`. */
export interface Place {
  project: string;
  location: string;
}

export interface Reference extends Place {
  name: string;
}

/** Path of a place below the API's version, e.g. `projects/p/zones/z`. */
export function placePath({ project, location }: Place): string {
  return `projects/${project}/${scopeOf(location)}`;
}

/** `zones/<name>`, `regions/<name>` or `global`. A zone's name is its region's and a letter. */
export function scopeOf(location: string): string {
  if (location === 'global') return location;
  return /-[a-z]$/.test(location) ? `zones/${location}` : `regions/${location}`;
}

/** The field that says where a resource lives; global ones have none. */
export function placeFields(place: Place): { zone?: string; region?: string } {
  if (place.location === 'global') return {};
  const link = `${BASE}/${placePath(place)}`;
  return scopeOf(place.location).startsWith('zones/') ? { zone: link } : { region: link };
}

export function linkTo(place: Place, collection: string, name: string): string {
  return `${BASE}/${placePath(place)}/${collection}/${name}`;
}

export function zoneLink(project: string, zone: string): string {
  return `${BASE}/projects/${project}/zones/${zone}`;
}

/** Key in the world's maps. */
export function keyOf({ project, location, name }: Reference): string {
  return `${project}/${location}/${name}`;
}

/** Reads a full or partial link (`projects/p/zones/z/x/n`, `zones/z/x/n`, `global/x/n`, or the bare name). */
export function readLink(link: string, place: Place): Reference {
  const parts = link.split('/').filter((part) => part !== '');
  const after = (word: string) => {
    const index = parts.indexOf(word);
    return index === -1 ? undefined : parts[index + 1];
  };
  const location =
    after('zones') ?? after('regions') ?? (parts.includes('global') ? 'global' : place.location);
  return { project: after('projects') ?? place.project, location, name: parts.at(-1) ?? '' };
}

/** What a resource holds, as 8 bytes in base64: changes with any field but the fingerprint itself. */
export function fingerprintOf(resource: Resource): string {
  const { fingerprint: _, ...content } = resource;
  return createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 8).toString('base64');
}

/** Throws 412 unless the patch carries the fingerprint in force. */
export function checkFingerprint(resource: Resource, patch: Record<string, unknown>): void {
  if (patch['fingerprint'] === fingerprintOf(resource)) return;
  const given =
    patch['fingerprint'] === undefined ? 'none was given' : `${JSON.stringify(patch['fingerprint'])} is not`;
  throw new ApiError(
    412,
    'conditionNotMet',
    `Invalid fingerprint: ${given} that of ${resource.name}. Read the resource again and send its fingerprint.`,
  );
}

/** RFC 7396: objects merge, null deletes, everything else (arrays too) replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The resource under that reference, or 404 in Google's words. */
export function find<R extends Resource>(map: Map<string, R>, collection: string, reference: Reference): R {
  const found = map.get(keyOf(reference));
  if (!found) throw notFound(`${placePath(reference)}/${collection}/${reference.name}`);
  return found;
}

export function notFound(path: string): ApiError {
  return new ApiError(404, 'notFound', `The resource '${path}' was not found`);
}

export function inUse(what: string, by: string): ApiError {
  return new ApiError(
    400,
    'resourceInUseByAnotherResource',
    `The resource '${what}' is already being used by '${by}'`,
  );
}

export function checkAbsent(map: Map<string, Resource>, collection: string, reference: Reference): void {
  if (map.has(keyOf(reference)))
    throw new ApiError(
      409,
      'alreadyExists',
      `The resource '${placePath(reference)}/${collection}/${reference.name}' already exists`,
    );
}

/** Every resource of one place, in the order of creation. */
export function inPlace<R>(map: Map<string, R>, { project, location }: Place): R[] {
  const prefix = `${project}/${location}/`;
  return [...map].filter(([key]) => key.startsWith(prefix)).map(([, resource]) => resource);
}

/** Every resource of the place's project, wherever it is. */
export function ownedBy<R>(map: Map<string, R>, { project }: Place): R[] {
  return [...map].filter(([key]) => key.startsWith(`${project}/`)).map(([, resource]) => resource);
}

/** A resource's name, as Google's API wants it. */
export const Name = z
  .string()
  .regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'use 1 to 63 lower-case letters, digits and hyphens');

/** Parses a body, or throws 400 naming the field, its value and what would be right. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = ['resource', ...issue.path.map(String)].join('.');
  const value = issue.path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part],
    body,
  );
  throw invalid(field, value, issue.message);
}

export function invalid(field: string, value: unknown, remedy: string): ApiError {
  return new ApiError(
    400,
    'invalid',
    `Invalid value for field '${field}': '${JSON.stringify(value)}'. ${remedy}`,
  );
}

/** ISO 8601 of sandbox time. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
