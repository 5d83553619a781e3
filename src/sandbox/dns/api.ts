import { ApiError, match, ok } from '../http.ts';
import type { Api, ApiAnswer, ApiRequest } from '../http.ts';
import type { World } from '../world.ts';
import { absent, readZone, zoneToWire } from './managed-zones.ts';
import { recordToWire } from './record-sets.ts';
import type { RecordSet } from './record-sets.ts';
import { applyChange, newZone } from './zones.ts';
import type { DnsChange, DnsZone, ZoneOperation } from './zones.ts';

export interface DnsOptions {
  /** Sandbox time from a change to the name server's answers; 5 s unless set. */
  propagationMs?: number;
}

const PROJECT = '/dns/v1/projects/:project';
const ZONES = `${PROJECT}/managedZones`;
const ZONE = `${ZONES}/:zone`;
const RECORD = `${ZONE}/rrsets/:name/:type`;
const QUOTA = { kind: 'dns#quota', managedZones: 10_000, rrsetsPerManagedZone: 10_000 };

type Parts = Record<string, string>;
type Handler = (parts: Parts, request: ApiRequest) => unknown;

/** Cloud DNS v1: managed zones, their operations, changes and resource record sets. The rest of it answers 501. */
export function createDnsApi(world: World, { propagationMs = 5_000 }: DnsOptions = {}): Api {
  const zones = world.dnsZones;
  let lastId = 0;

  function zoneOf({ project, zone: name }: Parts): DnsZone {
    const zone = zones.get(`${project}/${name}`);
    if (!zone) throw notFound(`parameters.managedZone' resource named '${name}`);
    return zone;
  }

  function change(zone: DnsZone, additions: unknown[], deletions: unknown[]): DnsChange {
    const now = world.clock.now();
    return applyChange(zone, { additions, deletions }, now, now + propagationMs);
  }

  function listZones({ project }: Parts, { query }: ApiRequest) {
    const dnsName = query.get('dnsName');
    const own = [...zones.values()].filter((zone) => zone.project === project);
    const kept = own.filter((zone) => !dnsName || zone.dnsName === dnsName);
    return page('managedZones', kept.map(zoneToWire), query);
  }

  function createZone({ project }: Parts, { body }: ApiRequest) {
    const fields = readZone(body);
    const key = `${project}/${fields.name}`;
    if (zones.has(key)) throw alreadyExists(`entity.managedZone' named '${fields.name}`);
    const zone = newZone({ ...fields, id: String(++lastId), project: project! }, world.clock.now());
    zones.set(key, zone);
    return zoneToWire(zone);
  }

  /** PATCH merges into what is there, PUT replaces; the name and the DNS name stay. */
  function updateZone(parts: Parts, { method, body }: ApiRequest) {
    const zone = zoneOf(parts);
    const oldValue = zoneToWire(zone);
    const given = (body ?? {}) as Record<string, unknown>;
    const { name, dnsName, description, settings } = zone;
    const kept = method === 'PATCH' ? { name, dnsName, description, ...settings } : { name, dnsName };
    const fields = readZone({ ...kept, ...given });
    for (const field of ['name', 'dnsName'] as const)
      if (fields[field] !== zone[field])
        throw new ApiError(
          400,
          'invalid',
          `entity.managedZone.${field} is '${fields[field]}': it cannot be changed`,
        );
    Object.assign(zone, fields);
    const operation: ZoneOperation = {
      id: `operation-${zone.id}-${zone.operations.length + 1}`,
      type: 'update',
      startedAt: world.clock.now(),
      oldValue,
      newValue: zoneToWire(zone),
    };
    zone.operations.push(operation);
    return operationToWire(operation);
  }

  function operationToWire({ id, type, startedAt, oldValue, newValue }: ZoneOperation) {
    const status = world.clock.now() < startedAt + propagationMs ? 'pending' : 'done';
    const user = 'sandbox@example.com';
    const startTime = timestamp(startedAt);
    return { kind: 'dns#operation', id, type, status, startTime, user, zoneContext: { oldValue, newValue } };
  }

  function deleteZone(parts: Parts): undefined {
    const zone = zoneOf(parts);
    if (zone.records.some(({ type, name }) => name !== zone.dnsName || (type !== 'SOA' && type !== 'NS')))
      throw new ApiError(
        400,
        'containerNotEmpty',
        `The zone '${zone.name}' still has records: delete them first`,
      );
    zones.delete(`${zone.project}/${zone.name}`);
  }

  function createChange(parts: Parts, { body }: ApiRequest) {
    const known = ['additions', 'deletions', 'kind', 'id', 'status', 'startTime', 'isServing'];
    const { additions = [], deletions = [] } = readKnown(body, known, 'entity.change') as Partial<DnsChange>;
    if (additions.length + deletions.length === 0)
      throw new ApiError(400, 'required', `The change is empty: give additions or deletions`);
    return changeToWire(change(zoneOf(parts), additions, deletions));
  }

  function listChanges(parts: Parts, { query }: ApiRequest) {
    const { changes } = zoneOf(parts);
    const ordered = query.get('sortOrder') === 'ascending' ? changes : changes.toReversed();
    return page('changes', ordered.map(changeToWire), query);
  }

  function patchRecord(parts: Parts, { body }: ApiRequest) {
    const zone = zoneOf(parts);
    const before = recordOf(zone, parts);
    const given = body as Partial<RecordSet>;
    // A policy takes the place of plain data, and the reverse.
    const { rrdatas, routingPolicy, ...head } = before;
    const content = (given.rrdatas ?? given.routingPolicy) ? {} : { rrdatas, routingPolicy };
    return recordToWire(change(zone, [{ ...head, ...content, ...given }], [before]).additions[0]!);
  }

  function deleteRecord(parts: Parts) {
    const zone = zoneOf(parts);
    change(zone, [], [recordOf(zone, parts)]);
    return {};
  }

  function changeToWire({ id, startedAt, doneAt, additions, deletions }: DnsChange) {
    const status = world.clock.now() < doneAt ? 'pending' : 'done';
    const records = { additions: additions.map(recordToWire), deletions: deletions.map(recordToWire) };
    return { kind: 'dns#change', id, status, startTime: timestamp(startedAt), ...records };
  }

  const routes: [method: string, template: string, handler: Handler][] = [
    ['GET', PROJECT, ({ project }) => ({ kind: 'dns#project', id: project, number: '1', quota: QUOTA })],
    ['GET', ZONES, listZones],
    ['POST', ZONES, createZone],
    ['GET', ZONE, (parts) => zoneToWire(zoneOf(parts))],
    ['PATCH', ZONE, updateZone],
    ['PUT', ZONE, updateZone],
    ['DELETE', ZONE, deleteZone],
    [
      'GET',
      `${ZONE}/operations`,
      (parts, { query }) => page('operations', zoneOf(parts).operations.map(operationToWire), query),
    ],
    [
      'GET',
      `${ZONE}/operations/:operation`,
      (parts) => operationToWire(operationOf(zoneOf(parts), parts['operation']!)),
    ],
    ['GET', `${ZONE}/changes`, listChanges],
    ['POST', `${ZONE}/changes`, createChange],
    ['GET', `${ZONE}/changes/:change`, (parts) => changeToWire(changeOf(zoneOf(parts), parts['change']!))],
    [
      'GET',
      `${ZONE}/rrsets`,
      (parts, { query }) => page('rrsets', filtered(zoneOf(parts), query).map(recordToWire), query),
    ],
    [
      'POST',
      `${ZONE}/rrsets`,
      (parts, { body }) => recordToWire(change(zoneOf(parts), [body], []).additions[0]!),
    ],
    ['GET', RECORD, (parts) => recordToWire(recordOf(zoneOf(parts), parts))],
    ['PATCH', RECORD, patchRecord],
    ['DELETE', RECORD, deleteRecord],
  ];

  return async (request): Promise<ApiAnswer | undefined> => {
    if (!request.path.startsWith('/dns/v1/')) return undefined;
    for (const [method, template, handler] of routes) {
      const parts = method === request.method ? match(template, request.path) : undefined;
      if (!parts) continue;
      const body = handler(parts, request);
      return body === undefined ? { status: 204, body } : ok(body);
    }
    throw absent(`${request.method} ${request.path}`);
  };
}

function readKnown(body: unknown, known: string[], where: string): Record<string, unknown> {
  const given = (body ?? {}) as Record<string, unknown>;
  for (const key of Object.keys(given))
    if (!known.includes(key))
      throw new ApiError(
        400,
        'invalid',
        `Unknown name "${key}" at '${where}': use ${known.slice(0, 2).join(', ')}`,
      );
  return given;
}

function filtered(zone: DnsZone, query: URLSearchParams): RecordSet[] {
  const [name, type] = [query.get('name'), query.get('type')];
  if (type && !name)
    throw new ApiError(400, 'invalid', `parameters.type is '${type}': give parameters.name too`);
  return zone.records.filter((record) => (!name || record.name === name) && (!type || record.type === type));
}

function recordOf(zone: DnsZone, { name, type }: Parts): RecordSet {
  const record = zone.records.find((candidate) => candidate.name === name && candidate.type === type);
  if (!record) throw notFound(`entity.rrset' named '${name} ${type}`);
  return record;
}

function changeOf(zone: DnsZone, id: string): DnsChange {
  const change = zone.changes.find((candidate) => candidate.id === id);
  if (!change) throw notFound(`parameters.changeId' resource named '${id}`);
  return change;
}

function operationOf(zone: DnsZone, id: string): ZoneOperation {
  const operation = zone.operations.find((candidate) => candidate.id === id);
  if (!operation) throw notFound(`parameters.operation' resource named '${id}`);
  return operation;
}

function notFound(what: string): ApiError {
  return new ApiError(404, 'notFound', `The '${what}' does not exist.`);
}

function alreadyExists(what: string): ApiError {
  return new ApiError(409, 'alreadyExists', `The resource '${what}' already exists`);
}

/** One page of a list, with Google's `maxResults` and `pageToken` (here: how many were shown before). */
function page(field: string, all: unknown[], query: URLSearchParams) {
  const number = (name: string) => {
    const value = Number(query.get(name) ?? 0);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new ApiError(
      400,
      'invalid',
      `parameters.${name} is '${query.get(name)}': give a whole number, or leave it out`,
    );
  };
  const from = number('pageToken');
  const to = from + (number('maxResults') || 100);
  const list = { kind: `dns#${field}ListResponse`, [field]: all.slice(from, to) };
  return to < all.length ? { ...list, nextPageToken: String(to) } : list;
}

/** Google's clients insist on fractional seconds. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
