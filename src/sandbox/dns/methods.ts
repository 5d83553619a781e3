import { ApiError } from '../http.ts';
import type { ApiRequest } from '../http.ts';
import type { World } from '../world.ts';
import { readZone, zoneToWire } from './managed-zones.ts';
import { recordToWire } from './record-sets.ts';
import type { RecordSet } from './record-sets.ts';
import { applyChange, newZone } from './zones.ts';
import type { DnsChange, DnsZone, ZoneOperation } from './zones.ts';

/** What of a request's path stands for something: project, zone, name, type, ... */
export type Parts = Record<string, string>;

/** The methods of Cloud DNS v1 that the sandbox has. */
export class DnsMethods {
  private readonly world: World;
  private readonly propagationMs: number;
  private lastId = 0;

  /** @param propagationMs sandbox time from a change to the name server's answers */
  constructor(world: World, propagationMs: number) {
    this.world = world;
    this.propagationMs = propagationMs;
  }

  listZones({ project }: Parts, { query }: ApiRequest) {
    const dnsName = query.get('dnsName');
    const own = [...this.world.dnsZones.values()].filter((zone) => zone.project === project);
    const kept = own.filter((zone) => !dnsName || zone.dnsName === dnsName);
    return page('managedZones', kept.map(zoneToWire), query);
  }

  getZone(parts: Parts) {
    return zoneToWire(this.zoneOf(parts));
  }

  createZone({ project }: Parts, { body }: ApiRequest) {
    const fields = readZone(body);
    const key = `${project}/${fields.name}`;
    if (this.world.dnsZones.has(key)) throw alreadyExists(`entity.managedZone' named '${fields.name}`);
    const id = String(++this.lastId);
    const zone = newZone({ ...fields, id, project: project! }, this.world.clock.now());
    this.world.dnsZones.set(key, zone);
    return zoneToWire(zone);
  }

  /** PATCH merges into what is there, PUT replaces; the name and the DNS name stay. */
  updateZone(parts: Parts, { method, body }: ApiRequest) {
    const zone = this.zoneOf(parts);
    const oldValue = zoneToWire(zone);
    const given = (body ?? {}) as Record<string, unknown>;
    const { name, dnsName, description, settings } = zone;
    const kept = method === 'PATCH' ? { name, dnsName, description, ...settings } : { name, dnsName };
    const fields = readZone({ ...kept, ...given });
    for (const field of ['name', 'dnsName'] as const)
      if (fields[field] !== zone[field])
        throw invalid(`entity.managedZone.${field} is '${fields[field]}': it cannot be changed`);
    Object.assign(zone, fields);
    const operation: ZoneOperation = {
      id: `operation-${zone.id}-${zone.operations.length + 1}`,
      type: 'update',
      startedAt: this.world.clock.now(),
      oldValue,
      newValue: zoneToWire(zone),
    };
    zone.operations.push(operation);
    return this.operationToWire(operation);
  }

  deleteZone(parts: Parts): undefined {
    const zone = this.zoneOf(parts);
    if (zone.records.some(({ type, name }) => name !== zone.dnsName || (type !== 'SOA' && type !== 'NS')))
      throw new ApiError(
        400,
        'containerNotEmpty',
        `The zone '${zone.name}' still has records: delete them first`,
      );
    this.world.dnsZones.delete(`${zone.project}/${zone.name}`);
  }

  listOperations(parts: Parts, { query }: ApiRequest) {
    const operations = this.zoneOf(parts).operations.map((operation) => this.operationToWire(operation));
    return page('operations', operations, query);
  }

  getOperation(parts: Parts) {
    return this.operationToWire(operationOf(this.zoneOf(parts), parts['operation']!));
  }

  listChanges(parts: Parts, { query }: ApiRequest) {
    const { changes } = this.zoneOf(parts);
    const ordered = query.get('sortOrder') === 'ascending' ? changes : changes.toReversed();
    return page(
      'changes',
      ordered.map((change) => this.changeToWire(change)),
      query,
    );
  }

  getChange(parts: Parts) {
    return this.changeToWire(changeOf(this.zoneOf(parts), parts['change']!));
  }

  createChange(parts: Parts, { body }: ApiRequest) {
    const known = ['additions', 'deletions', 'kind', 'id', 'status', 'startTime', 'isServing'];
    const { additions = [], deletions = [] } = readKnown(body, known, 'entity.change') as Partial<DnsChange>;
    if (additions.length + deletions.length === 0)
      throw new ApiError(400, 'required', `The change is empty: give additions or deletions`);
    return this.changeToWire(this.change(this.zoneOf(parts), additions, deletions));
  }

  listRecords(parts: Parts, { query }: ApiRequest) {
    return page('rrsets', filtered(this.zoneOf(parts), query).map(recordToWire), query);
  }

  getRecord(parts: Parts) {
    return recordToWire(recordOf(this.zoneOf(parts), parts));
  }

  createRecord(parts: Parts, { body }: ApiRequest) {
    return recordToWire(this.change(this.zoneOf(parts), [body], []).additions[0]!);
  }

  patchRecord(parts: Parts, { body }: ApiRequest) {
    const zone = this.zoneOf(parts);
    const before = recordOf(zone, parts);
    const given = body as Partial<RecordSet>;
    // A policy takes the place of plain data, and the reverse.
    const { rrdatas, routingPolicy, ...head } = before;
    const content = (given.rrdatas ?? given.routingPolicy) ? {} : { rrdatas, routingPolicy };
    return recordToWire(this.change(zone, [{ ...head, ...content, ...given }], [before]).additions[0]!);
  }

  deleteRecord(parts: Parts) {
    const zone = this.zoneOf(parts);
    this.change(zone, [], [recordOf(zone, parts)]);
    return {};
  }

  private zoneOf({ project, zone: name }: Parts): DnsZone {
    const zone = this.world.dnsZones.get(`${project}/${name}`);
    if (!zone) throw notFound(`parameters.managedZone' resource named '${name}`);
    return zone;
  }

  private change(zone: DnsZone, additions: unknown[], deletions: unknown[]): DnsChange {
    const now = this.world.clock.now();
    return applyChange(zone, { additions, deletions }, now, now + this.propagationMs);
  }

  private operationToWire({ id, type, startedAt, oldValue, newValue }: ZoneOperation) {
    const status = this.world.clock.now() < startedAt + this.propagationMs ? 'pending' : 'done';
    const user = 'sandbox@example.com';
    const startTime = timestamp(startedAt);
    return { kind: 'dns#operation', id, type, status, startTime, user, zoneContext: { oldValue, newValue } };
  }

  private changeToWire({ id, startedAt, doneAt, additions, deletions }: DnsChange) {
    const status = this.world.clock.now() < doneAt ? 'pending' : 'done';
    const records = { additions: additions.map(recordToWire), deletions: deletions.map(recordToWire) };
    return { kind: 'dns#change', id, status, startTime: timestamp(startedAt), ...records };
  }
}

function readKnown(body: unknown, known: string[], where: string): Record<string, unknown> {
  const given = (body ?? {}) as Record<string, unknown>;
  for (const key of Object.keys(given))
    if (!known.includes(key))
      throw invalid(`Unknown name "${key}" at '${where}': use ${known.slice(0, 2).join(', ')}`);
  return given;
}

function filtered(zone: DnsZone, query: URLSearchParams): RecordSet[] {
  const [name, type] = [query.get('name'), query.get('type')];
  if (type && !name) throw invalid(`parameters.type is '${type}': give parameters.name too`);
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

function invalid(message: string): ApiError {
  return new ApiError(400, 'invalid', message);
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
    throw invalid(`parameters.${name} is '${query.get(name)}': give a whole number, or leave it out`);
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
