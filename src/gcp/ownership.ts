import { createHash } from 'node:crypto';
import { NotOursError } from '../ports/errors.ts';

/** What is written into `description`: groups, templates and backends have no labels. */
export interface Marker {
  v: 1;
  application: string;
  /** Workflow id of the mirror run. */
  run: string;
}

const PREFIX = 'pm-';
const MARK = 'premirror:';
/** Compute's limit; a group's instances get five more characters than their base name. */
const NAME_LIMIT = 63;
const BASE_NAME_LIMIT = 58;
const HASH_LENGTH = 8;

/** Name of the group and of the template of one run: `pm-<application>-<zone>-<short hash of run>`, at most 63 characters. */
export function groupName(application: string, zone: string, run: string): string {
  const end = `-${zone}-${shortHash(run)}`;
  return PREFIX + application.slice(0, NAME_LIMIT - PREFIX.length - end.length) + end;
}

/** Names of the group's instances begin with this. */
export function baseInstanceName(application: string, run: string): string {
  return beginningOf(application) + shortHash(run);
}

/** The base names of all runs of an application, as a regular expression. */
export function everyBaseInstanceName(application: string): string {
  return `${beginningOf(application)}[0-9a-f]{${HASH_LENGTH}}`;
}

function beginningOf(application: string): string {
  return `${PREFIX}${application.slice(0, BASE_NAME_LIMIT - PREFIX.length - HASH_LENGTH - 1)}-`;
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}

export function describe(application: string, run: string): string {
  return MARK + JSON.stringify({ v: 1, application, run } satisfies Marker);
}

/** The marker in a description, or undefined when there is none that we wrote. */
export function readMarker(description: string | null | undefined): Marker | undefined {
  if (!description?.startsWith(MARK)) return undefined;
  try {
    const found = JSON.parse(description.slice(MARK.length)) as Partial<Marker>;
    if (found.v !== 1 || typeof found.application !== 'string' || typeof found.run !== 'string')
      return undefined;
    return { v: 1, application: found.application, run: found.run };
  } catch {
    return undefined;
  }
}

/** What a fresh read says of a group or template. */
interface Found {
  name?: string | null;
  id?: unknown;
  description?: string | null;
}

/**
 * Proves that we created what was found: prefix, marker, a name that follows from the marker, and the recorded id.
 * Returns the marker; throws NotOursError saying which proof is missing.
 *
 * @param recorded `id` is left out where none was recorded (templates)
 */
export function proveOurs(
  what: string,
  recorded: { name: string; zone: string; id?: string },
  found: Found,
): Marker {
  const marker = readMarker(found.description);
  const refuse = (why: string) => new NotOursError(`${what} '${recorded.name}': ${why}; left alone`);
  if (!recorded.name.startsWith(PREFIX)) throw refuse(`its name does not begin with ${PREFIX}`);
  if (!marker) throw refuse('its description carries no Premirror marker');
  if (groupName(marker.application, recorded.zone, marker.run) !== recorded.name)
    throw refuse(`its marker belongs to ${marker.application}, ${marker.run}`);
  if (recorded.id !== undefined && String(found.id) !== recorded.id)
    throw refuse(`its id is ${String(found.id)}, recorded was ${recorded.id || 'none'}`);
  return marker;
}

/** True when name and marker of a listed group or template are ours. */
export function looksOurs(zone: string, found: Found): boolean {
  const marker = readMarker(found.description);
  return marker !== undefined && groupName(marker.application, zone, marker.run) === found.name;
}

/** A link without its host: hosts differ between answers. */
export function pathOf(link: string | null | undefined): string {
  const from = link?.indexOf('projects/') ?? -1;
  return from < 0 ? '' : link!.slice(from);
}

/** The last segment of a link. */
export function lastOf(link: string | null | undefined): string {
  return link?.slice(link.lastIndexOf('/') + 1) ?? '';
}
