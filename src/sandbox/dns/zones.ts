import { ApiError } from '../http.ts';
import { contentOf, readRecordSet } from './record-sets.ts';
import type { RecordSet } from './record-sets.ts';

export interface DnsChange {
  id: string;
  startedAt: number;
  /** When the name server answers by it, sandbox ms: `pending` before, `done` from then on. */
  doneAt: number;
  additions: RecordSet[];
  deletions: RecordSet[];
}

/** A change of a managed zone itself, as its operations tell it. */
export interface ZoneOperation {
  id: string;
  type: 'update';
  startedAt: number;
  oldValue: Record<string, unknown>;
  newValue: Record<string, unknown>;
}

/** A managed zone: its records as the API has them, and what the name server knows at which time. */
export interface DnsZone {
  id: string;
  project: string;
  name: string;
  /** With a dot at its end. */
  dnsName: string;
  description: string;
  /** Fields that are kept and shown, such as labels. */
  settings: Record<string, unknown>;
  createdAt: number;
  records: RecordSet[];
  /** What the name server answers from, each version from its time on; ascending. */
  versions: { from: number; records: RecordSet[] }[];
  changes: DnsChange[];
  operations: ZoneOperation[];
}

/** A new zone with the SOA and NS records that every zone has. */
export function newZone(
  given: Pick<DnsZone, 'id' | 'project' | 'name' | 'dnsName' | 'description' | 'settings'>,
  now: number,
): DnsZone {
  const server = 'ns-sandbox-a1.googledomains.com.';
  const soa = `${server} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300`;
  const records = [
    { name: given.dnsName, type: 'NS', ttl: 21_600, rrdatas: [server] },
    { name: given.dnsName, type: 'SOA', ttl: 21_600, rrdatas: [soa] },
  ];
  const versions = [{ from: now, records }];
  return { ...given, createdAt: now, records, versions, changes: [], operations: [] };
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
  wanted: { additions: unknown[]; deletions: unknown[] },
  now: number,
  doneAt: number,
): DnsChange {
  const read = (list: string) => (given: unknown, index: number) =>
    readRecordSet(zone.dnsName, given, `entity.change.${list}[${index}]`);
  const deletions = wanted.deletions.map(read('deletions'));
  const additions = wanted.additions.map(read('additions'));
  let records = zone.records;
  for (const [index, deletion] of deletions.entries()) {
    const found = records.find((record) => sameKey(record, deletion));
    if (!found || contentOf(found) !== contentOf(deletion))
      throw new ApiError(
        412,
        'conditionNotMet',
        `Precondition not met for 'entity.change.deletions[${index}]': ${describe(deletion)} is not as given`,
      );
    records = records.filter((record) => record !== found);
  }
  for (const [index, addition] of additions.entries()) {
    if (records.some((record) => sameKey(record, addition)))
      throw new ApiError(
        409,
        'alreadyExists',
        `The resource 'entity.change.additions[${index}]', ${describe(addition)}, already exists`,
      );
    records = [...records, addition];
  }
  checkWhole(zone, records);
  zone.records = records;
  // What has been replaced is never served again.
  const current = zone.versions.findLastIndex((version) => version.from <= now);
  zone.versions = [...zone.versions.slice(current), { from: doneAt, records }];
  const change = { id: String(zone.changes.length + 1), startedAt: now, doneAt, additions, deletions };
  zone.changes.push(change);
  return change;
}

/** An apex without SOA or NS, or an alias beside other records, is no zone. */
function checkWhole(zone: DnsZone, records: RecordSet[]): void {
  for (const type of ['SOA', 'NS'])
    if (!records.some((record) => record.type === type && record.name === zone.dnsName))
      throw new ApiError(
        400,
        'invalidZoneApex',
        `The zone '${zone.name}' would lose its ${type} record set: add one in the same change`,
      );
  for (const { name } of records.filter(({ type }) => type === 'CNAME'))
    if (records.some((record) => record.type !== 'CNAME' && record.name.toLowerCase() === name.toLowerCase()))
      throw new ApiError(
        400,
        'cnameResourceRecordSetConflict',
        `The name '${name}' has a CNAME record set, which must be its only one`,
      );
}

function sameKey(a: RecordSet, b: RecordSet): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase() && a.type === b.type;
}

function describe({ name, type }: RecordSet): string {
  return `${type} record set '${name}'`;
}
