import type { Zone } from '@google-cloud/dns';
import type { ApplicationSpec } from '../domain/application.ts';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import { readRegistry, registryName, writeRegistry } from './dns-registry.ts';
import type { Entry } from './dns-registry.ts';

/** One answer of a weighted round robin. */
export interface WeightItem {
  weight: number;
  rrdatas: string[];
}

/** A record set as Cloud DNS tells it; the library's own type knows no routing policy. */
interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas?: string[];
  routingPolicy?: { wrr?: { items?: WeightItem[] } };
}

type LibraryRecord = ReturnType<Zone['record']>;

/** The application's A record and the registry beside it, as read together. */
export interface Records {
  zone: Zone;
  a: RecordSet;
  txt: RecordSet | undefined;
  items: WeightItem[];
  entries: Entry[];
  /** The A record's while mirrors are registered, and before the first was. Seconds. */
  ttlSeconds: number;
  ttlBefore: number;
}

export function dnsRouting(spec: ApplicationSpec) {
  if (spec.routing.kind !== 'dns') throw new Error(`routing: '${spec.routing.kind}' has no DNS record`);
  const { managedZone, name, ttlSeconds } = spec.routing;
  return { managedZone, name: name.endsWith('.') ? name : `${name}.`, ttlSeconds };
}

/** Reads both record sets. Throws, naming the field, when the A record is missing or follows another policy. */
export async function readRecords(clients: GcpClients, spec: ApplicationSpec): Promise<Records> {
  const { managedZone, name, ttlSeconds } = dnsRouting(spec);
  const zone = clients.dns(spec.primary.project).zone(managedZone);
  const a = await findSet(zone, name, 'A');
  if (!a)
    throw new Error(
      `routing.dns.name '${name}' has no A record in the zone '${managedZone}'; create one that points to the primary`,
    );
  if (a.routingPolicy && !a.routingPolicy.wrr)
    throw new Error(
      `routing.dns.name '${name}' follows a policy other than weighted round robin; use a plain or a weighted A record`,
    );
  const txt = await findSet(zone, registryName(name), 'TXT');
  const items = a.routingPolicy?.wrr?.items ?? [{ weight: 1, rrdatas: a.rrdatas ?? [] }];
  const { entries, ttlBefore = a.ttl } = readRegistry(txt?.rrdatas ?? []);
  return { zone, a, txt, items, entries, ttlSeconds, ttlBefore };
}

async function findSet(zone: Zone, name: string, type: string): Promise<RecordSet | undefined> {
  const [records] = await call(`${type} record ${name}`, () => zone.getRecords({ name, type }));
  const sets = records.map((record) => record.metadata as RecordSet);
  return sets.find((set) => set.name === name && set.type === type);
}

/**
 * Replaces both record sets in one change: the exact old ones are deleted, so the change fails with 412 when anybody was
 * faster. Each name and type occurs once per list: the library merges the data of two and loses their policies.
 */
export async function swapRecords(records: Records, items: WeightItem[], entries: Entry[]): Promise<void> {
  const { zone, a, txt, ttlSeconds, ttlBefore } = records;
  const next = asSet(a.name, items, entries.length > 0, entries.length > 0 ? ttlSeconds : ttlBefore);
  const remove: RecordSet[] = [];
  const add: RecordSet[] = [];
  if (contentOf(next) !== contentOf(a)) {
    remove.push(a);
    add.push(next);
  }
  if (txt) remove.push(txt);
  if (entries.length > 0)
    add.push({
      name: registryName(a.name),
      type: 'TXT',
      ttl: ttlSeconds,
      rrdatas: writeRegistry(entries, ttlBefore),
    });
  const record = (set: RecordSet): LibraryRecord => zone.record(set.type.toLowerCase(), set);
  await call(`change ${a.name}`, () =>
    zone.createChange({ add: add.map(record), delete: remove.map(record) }),
  );
}

/** Back to a plain record once no mirror is registered and one answer is left. */
function asSet(name: string, items: WeightItem[], registered: boolean, ttl: number): RecordSet {
  const base = { name, type: 'A', ttl };
  const [only] = items;
  if (!only)
    throw new Error(`The A record '${name}' would be left without an answer; put the primary back first`);
  if (!registered && items.length === 1) return { ...base, rrdatas: only.rrdatas };
  return { ...base, routingPolicy: { wrr: { items } } };
}

function contentOf({ ttl, rrdatas, routingPolicy }: RecordSet): string {
  return JSON.stringify([ttl, rrdatas ?? [], routingPolicy?.wrr?.items ?? []]);
}
