import { ApiError } from '../http.ts';

export interface WeightedItem {
  weight: number;
  rrdatas: string[];
}

/** A resource record set as the API tells it: plain data, or a weighted policy. */
export interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas?: string[];
  routingPolicy?: { wrr?: { items: WeightedItem[] } } & Record<string, unknown>;
}

export interface DnsChange {
  id: string;
  startedAt: number;
  /** When the name server answers by it, sandbox ms: `pending` before, `done` from then on. */
  doneAt: number;
  additions: RecordSet[];
  deletions: RecordSet[];
}

/** A managed zone: its records as the API has them, and what the name server knows at which time. */
export interface DnsZone {
  id: string;
  project: string;
  name: string;
  /** With a dot at its end. */
  dnsName: string;
  description: string;
  createdAt: number;
  records: RecordSet[];
  /** What the name server answers from, each version from its time on; ascending. */
  versions: { from: number; records: RecordSet[] }[];
  changes: DnsChange[];
}

/** A new zone with the SOA and NS records that every zone has. */
export function newZone(
  given: Pick<DnsZone, 'id' | 'project' | 'name' | 'dnsName' | 'description'>,
  now: number,
): DnsZone {
  const server = 'ns-sandbox-a1.googledomains.com.';
  const soa = `${server} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300`;
  const records = [
    { name: given.dnsName, type: 'NS', ttl: 21_600, rrdatas: [server] },
    { name: given.dnsName, type: 'SOA', ttl: 21_600, rrdatas: [soa] },
  ];
  return { ...given, createdAt: now, records, versions: [{ from: now, records }], changes: [] };
}

/** Records that the name server answers from at `now`. */
export function servedRecords(zone: DnsZone, now: number): RecordSet[] {
  return zone.versions.findLast((version) => version.from <= now)?.records ?? [];
}

/**
 * Deletes and adds at once, or not at all. A deletion must equal what is there (412), an addition must be new (409), and
 * well formed (400). The name server follows at `doneAt`.
 */
export function applyChange(
  zone: DnsZone,
  wanted: { additions: RecordSet[]; deletions: RecordSet[] },
  now: number,
  doneAt: number,
): DnsChange {
  let records = zone.records;
  for (const [index, deletion] of wanted.deletions.entries()) {
    const found = records.find((record) => sameKey(record, deletion));
    if (!found || contentOf(found) !== contentOf(deletion))
      throw new ApiError(
        412,
        'conditionNotMet',
        `Precondition not met for 'entity.change.deletions[${index}]': ${describe(deletion)} is not as given`,
      );
    records = records.filter((record) => record !== found);
  }
  const additions = wanted.additions.map((addition, index) => checked(zone, addition, `additions[${index}]`));
  for (const [index, addition] of additions.entries()) {
    if (records.some((record) => sameKey(record, addition)))
      throw new ApiError(
        409,
        'alreadyExists',
        `The resource 'entity.change.additions[${index}]', ${describe(addition)}, already exists`,
      );
    records = [...records, addition];
  }
  zone.records = records;
  // What has been replaced is never served again.
  const current = zone.versions.findLastIndex((version) => version.from <= now);
  zone.versions = [...zone.versions.slice(current), { from: doneAt, records }];
  const change = {
    id: String(zone.changes.length + 1),
    startedAt: now,
    doneAt,
    additions,
    deletions: wanted.deletions,
  };
  zone.changes.push(change);
  return change;
}

function sameKey(a: RecordSet, b: RecordSet): boolean {
  return a.name.toLowerCase() === b.name?.toLowerCase() && a.type === b.type;
}

function describe({ name, type }: RecordSet): string {
  return `${type} record set '${name}'`;
}

/** What must be equal for a deletion to match: clients send numbers as strings too, and add fields of their own. */
function contentOf({ ttl, rrdatas, routingPolicy }: RecordSet): string {
  const items = (routingPolicy?.wrr?.items ?? []).map((item) => [
    Number(item.weight),
    item.rrdatas.toSorted(),
  ]);
  return JSON.stringify([Number(ttl), (rrdatas ?? []).toSorted(), items]);
}

/** The record set with the API's own fields only. Throws 400 naming the field. */
function checked(zone: DnsZone, given: RecordSet, field: string): RecordSet {
  const refuse = (name: string, value: unknown, remedy: string) =>
    new ApiError(
      400,
      'invalid',
      `Invalid value for 'entity.change.${field}.${name}': '${String(value)}'; ${remedy}`,
    );
  const { name, type, routingPolicy } = given;
  const ttl = Number(given.ttl);
  if (typeof name !== 'string' || !`.${name}`.toLowerCase().endsWith(`.${zone.dnsName.toLowerCase()}`))
    throw refuse('name', name, `give a name under ${zone.dnsName}, with its last dot`);
  if (!/^[A-Z]+$/.test(type ?? '')) throw refuse('type', type, 'give a record type such as A');
  if (!Number.isInteger(ttl) || ttl < 0) throw refuse('ttl', given.ttl, 'give whole seconds, 0 or more');
  if (!routingPolicy) {
    if (!given.rrdatas?.length) throw refuse('rrdatas', given.rrdatas, 'give data or a routingPolicy');
    return { name, type, ttl, rrdatas: given.rrdatas };
  }
  const items = routingPolicy.wrr?.items;
  if (!items?.length)
    throw refuse('routingPolicy', JSON.stringify(routingPolicy), 'the sandbox has wrr only');
  for (const item of items)
    if (!(item.weight >= 0) || !item.rrdatas?.length)
      throw refuse(
        'routingPolicy.wrr.items',
        JSON.stringify(item),
        'give a weight of 0 or more, and rrdatas',
      );
  return { name, type, ttl, routingPolicy: { wrr: { items } } };
}
