import { ApiError, match, ok } from '../http.ts';
import type { Api, ApiAnswer, ApiRequest } from '../http.ts';
import type { World } from '../world.ts';
import { applyChange, newZone } from './zones.ts';
import type { DnsChange, DnsZone, RecordSet } from './zones.ts';

export interface DnsOptions {
  /** Sandbox time from a change to the name server's answers; 5 s unless set. */
  propagationMs?: number;
}

const ZONES = '/dns/v1/projects/:project/managedZones';
const ZONE = `${ZONES}/:zone`;

type Handler = (parts: Record<string, string>, request: ApiRequest) => unknown;

/** Cloud DNS v1: managed zones, changes and resource record sets with weighted round robin. */
export function createDnsApi(world: World, { propagationMs = 5_000 }: DnsOptions = {}): Api {
  const zones = world.dnsZones;
  let lastId = 0;

  function zoneOf({ project, zone: name }: Record<string, string>): DnsZone {
    const zone = zones.get(`${project}/${name}`);
    if (!zone) throw notFound(`parameters.managedZone' resource named '${name}`);
    return zone;
  }

  function change(zone: DnsZone, additions: RecordSet[], deletions: RecordSet[]): DnsChange {
    const now = world.clock.now();
    return applyChange(zone, { additions, deletions }, now, now + propagationMs);
  }

  const routes: [method: string, template: string, handler: Handler][] = [
    [
      'GET',
      ZONES,
      ({ project }, { query }) => page('managedZones', zonesOf(project!).map(zoneToWire), query),
    ],
    ['POST', ZONES, ({ project }, { body }) => createZone(project!, body)],
    ['GET', ZONE, (parts) => zoneToWire(zoneOf(parts))],
    ['DELETE', ZONE, (parts) => deleteZone(zoneOf(parts))],
    [
      'GET',
      `${ZONE}/changes`,
      (parts, { query }) => page('changes', zoneOf(parts).changes.toReversed().map(changeToWire), query),
    ],
    ['POST', `${ZONE}/changes`, (parts, { body }) => createChange(zoneOf(parts), body)],
    ['GET', `${ZONE}/changes/:change`, (parts) => changeToWire(changeOf(zoneOf(parts), parts['change']!))],
    [
      'GET',
      `${ZONE}/rrsets`,
      (parts, { query }) => page('rrsets', filtered(zoneOf(parts), query).map(recordToWire), query),
    ],
    ['GET', `${ZONE}/rrsets/:name/:type`, (parts) => recordToWire(recordOf(zoneOf(parts), parts))],
    ['PATCH', `${ZONE}/rrsets/:name/:type`, (parts, { body }) => patchRecord(zoneOf(parts), parts, body)],
  ];

  function zonesOf(project: string): DnsZone[] {
    return [...zones.values()].filter((zone) => zone.project === project);
  }

  function createZone(project: string, body: unknown) {
    const { name, dnsName, description = '' } = (body ?? {}) as Partial<DnsZone>;
    if (!name || !dnsName?.endsWith('.'))
      throw new ApiError(
        400,
        'invalid',
        `managedZone '${name}', dnsName '${dnsName}': give both, dnsName with its last dot`,
      );
    const key = `${project}/${name}`;
    if (zones.has(key))
      throw new ApiError(
        409,
        'alreadyExists',
        `The resource 'entity.managedZone' named '${name}' already exists`,
      );
    const zone = newZone({ id: String(++lastId), project, name, dnsName, description }, world.clock.now());
    zones.set(key, zone);
    return zoneToWire(zone);
  }

  function deleteZone(zone: DnsZone): undefined {
    if (zone.records.some(({ type }) => type !== 'SOA' && type !== 'NS'))
      throw new ApiError(
        400,
        'containerNotEmpty',
        `The zone '${zone.name}' still has records: delete them first`,
      );
    zones.delete(`${zone.project}/${zone.name}`);
  }

  function createChange(zone: DnsZone, body: unknown) {
    const { additions = [], deletions = [] } = (body ?? {}) as Partial<DnsChange>;
    if (additions.length + deletions.length === 0)
      throw new ApiError(400, 'required', `The change is empty: give additions or deletions`);
    return changeToWire(change(zone, additions, deletions));
  }

  function patchRecord(zone: DnsZone, parts: Record<string, string>, body: unknown) {
    const before = recordOf(zone, parts);
    const after = { ...before, ...(body as Partial<RecordSet>) };
    return recordToWire(change(zone, [after], [before]).additions[0]!);
  }

  function changeToWire({ id, startedAt, doneAt, additions, deletions }: DnsChange) {
    const status = world.clock.now() < doneAt ? 'pending' : 'done';
    return { kind: 'dns#change', id, status, startTime: timestamp(startedAt), additions, deletions };
  }

  return async (request): Promise<ApiAnswer | undefined> => {
    for (const [method, template, handler] of routes) {
      const parts = method === request.method ? match(template, request.path) : undefined;
      if (!parts) continue;
      const body = handler(parts, request);
      return body === undefined ? { status: 204, body } : ok(body);
    }
    return undefined;
  };
}

function filtered(zone: DnsZone, query: URLSearchParams): RecordSet[] {
  const [name, type] = [query.get('name'), query.get('type')];
  return zone.records.filter((record) => (!name || record.name === name) && (!type || record.type === type));
}

function recordOf(zone: DnsZone, { name, type }: Record<string, string>): RecordSet {
  const record = zone.records.find((candidate) => candidate.name === name && candidate.type === type);
  if (!record) throw notFound(`entity.rrset' named '${name} ${type}`);
  return record;
}

function changeOf(zone: DnsZone, id: string): DnsChange {
  const change = zone.changes.find((candidate) => candidate.id === id);
  if (!change) throw notFound(`parameters.changeId' resource named '${id}`);
  return change;
}

function notFound(what: string): ApiError {
  return new ApiError(404, 'notFound', `The '${what}' does not exist.`);
}

/** One page of a list, with Google's `maxResults` and `pageToken` (here: how many were shown before). */
function page(field: string, all: unknown[], query: URLSearchParams) {
  const from = Number(query.get('pageToken') ?? 0) || 0;
  const to = from + (Number(query.get('maxResults') ?? 0) || 100);
  const list = { kind: `dns#${field}ListResponse`, [field]: all.slice(from, to) };
  return to < all.length ? { ...list, nextPageToken: String(to) } : list;
}

function zoneToWire({ id, name, dnsName, description, createdAt, records }: DnsZone) {
  const nameServers = records.find(({ type }) => type === 'NS')?.rrdatas;
  const fields = { id, name, dnsName, description, nameServers, visibility: 'public' };
  return { kind: 'dns#managedZone', ...fields, creationTime: timestamp(createdAt) };
}

function recordToWire(record: RecordSet) {
  return { kind: 'dns#resourceRecordSet', ...record };
}

/** Google's clients insist on fractional seconds. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
