import { isDeepStrictEqual } from 'node:util';
import type { ApplicationSpec } from '../domain/application.ts';
import { NotOursError } from '../ports/errors.ts';
import type { GroupRef } from '../ports/fleet.ts';
import type { Router, RouteState } from '../ports/router.ts';
import { converge } from './call.ts';
import type { GcpClients } from './clients.ts';
import { entryOf } from './dns-registry.ts';
import type { Entry } from './dns-registry.ts';
import { dnsRouting, readRecords, swapRecords } from './dns-records.ts';
import type { Records, WeightItem } from './dns-records.ts';
import { findManager, readGroup } from './group.ts';
import { listRunInstances } from './instances.ts';
import { proveOurs } from './ownership.ts';
import { readPrimary } from './primary.ts';

/** Resolvers overrun a TTL; after this many of them traffic is taken to have left. */
const DRAIN_TTLS = 2;

/**
 * Traffic by the weight of the mirror's own item in one A record with weighted round robin. A share of 1 gives each of
 * its instances as much as each of the primary's; nobody else's item is ever changed.
 */
export function createDnsRouter(clients: GcpClients): Router {
  return {
    state: (spec, group) => readState(clients, spec, group),
    attach: (spec, group) => attach(clients, spec, group),
    shift: (spec, group, share) => shift(clients, spec, group, share),
    detach: (spec, group) => detach(clients, spec, group),
    drainMs: async (spec) => dnsRouting(spec).ttlSeconds * 1000 * DRAIN_TTLS,
  };
}

/**
 * The share in force: what was shifted, or less (never 0) while the addresses answered are not the healthy ones, so
 * that the caller sees that there is something to shift.
 */
async function readState(clients: GcpClients, spec: ApplicationSpec, group: GroupRef): Promise<RouteState> {
  const entry = entryOf((await readRecords(clients, spec)).entries, group);
  if (!entry) return { attached: false, share: 0, healthy: 0 };
  const healthy = await healthyAddresses(clients, spec, group);
  const right = entry.addresses.filter((address) => healthy.includes(address)).length;
  const all = new Set([...entry.addresses, ...healthy]).size;
  const accuracy = right === all ? 1 : Math.max(right, 1) / (all + 1);
  return { attached: true, share: entry.share * accuracy, healthy: healthy.length };
}

/** Registers the group. Its weight item comes with the first share: an item needs an address that serves. */
async function attach(clients: GcpClients, spec: ApplicationSpec, group: GroupRef): Promise<void> {
  await converge(`attach ${group.name}`, async () => {
    const records = await readRecords(clients, spec);
    if (entryOf(records.entries, group)) return true;
    const manager = await findManager(clients, group);
    if (!manager)
      throw new Error(`Group ${group.name} in ${group.zone} is gone: raise it before routing to it`);
    proveOurs('Group', group, manager);
    const entry = { group: group.name, share: 0, addresses: [], description: manager.description! };
    await swapRecords(records, records.items, [...records.entries, entry]);
    return false;
  });
}

async function shift(
  clients: GcpClients,
  spec: ApplicationSpec,
  group: GroupRef,
  share: number,
): Promise<void> {
  const wanted = Math.min(1, Math.max(0, share));
  await converge(`shift ${group.name}`, async () => {
    const records = await readRecords(clients, spec);
    const own = entryOf(records.entries, group);
    if (!own)
      throw new Error(`Group ${group.name} is not registered beside the record: attach it before shifting`);
    const addresses = wanted > 0 ? await healthyAddresses(clients, spec, group) : [];
    if (wanted > 0 && addresses.length === 0)
      throw new Error(`No instance of ${group.name} in ${group.zone} passes its health check yet`);
    const others = records.items.filter((item) => !isItemOf(own, item));
    const weight = await weightOf(clients, spec, records, wanted, addresses.length);
    const items = addresses.length > 0 ? [...others, { weight, rrdatas: addresses }] : others;
    const entry = { ...own, share: wanted, addresses };
    if (isDeepStrictEqual(items, records.items) && isDeepStrictEqual(entry, own)) return true;
    const entries = records.entries.map((each) => (each === own ? entry : each));
    await swapRecords(records, items, entries);
    return false;
  });
}

async function detach(clients: GcpClients, spec: ApplicationSpec, group: GroupRef): Promise<void> {
  await converge(`detach ${group.name}`, async () => {
    const records = await readRecords(clients, spec);
    const own = entryOf(records.entries, group);
    if (!own) {
      if (records.entries.some((entry) => entry.group === group.name))
        throw new NotOursError(`The weight item of '${group.name}' carries another run's marker; left alone`);
      return true;
    }
    const items = records.items.filter((item) => !isItemOf(own, item));
    await swapRecords(
      records,
      items,
      records.entries.filter((entry) => entry !== own),
    );
    return false;
  });
}

/** The primary's weight stands for its serving instances; ours for our healthy ones, times the share. */
async function weightOf(
  clients: GcpClients,
  spec: ApplicationSpec,
  records: Records,
  share: number,
  healthy: number,
): Promise<number> {
  if (healthy === 0) return 0;
  const { serving } = await readPrimary(clients, spec);
  const primary = records.items.filter((item) => !records.entries.some((entry) => isItemOf(entry, item)));
  const primaryWeight = primary.reduce((sum, item) => sum + item.weight, 0);
  const weight = ((primaryWeight || 1) * share * healthy) / Math.max(1, serving);
  return Math.round(weight * 1e4) / 1e4;
}

async function healthyAddresses(
  clients: GcpClients,
  spec: ApplicationSpec,
  group: GroupRef,
): Promise<string[]> {
  const members = (await readGroup(clients, group))?.members ?? [];
  const healthy = new Set(members.filter((member) => member.healthy).map((member) => member.name));
  if (healthy.size === 0) return [];
  const { managedZone } = dnsRouting(spec);
  const [zone] = await clients.dns(spec.primary.project).zone(managedZone).getMetadata();
  const isPrivate = (zone as { visibility?: string }).visibility === 'private';
  const instances = await listRunInstances(clients, group);
  return instances
    .filter((instance) => healthy.has(instance.name ?? ''))
    .map(({ networkInterfaces }) => {
      const [first] = networkInterfaces ?? [];
      const external = first?.accessConfigs?.find((access) => access.natIP)?.natIP;
      return (isPrivate ? undefined : external) ?? first?.networkIP ?? '';
    })
    .filter((address) => address !== '')
    .sort();
}

function isItemOf(entry: Entry, item: WeightItem): boolean {
  return entry.addresses.length > 0 && entry.addresses.join() === [...item.rrdatas].sort().join();
}
