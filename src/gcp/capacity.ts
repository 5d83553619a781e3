import type { ApplicationSpec } from '../domain/application.ts';
import type { ZoneCapacity } from '../domain/plan.ts';
import type { CapacitySource } from '../ports/capacity.ts';
import type { Clock } from '../ports/clock.ts';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import { lastOf } from './ownership.ts';
import { findPrimary } from './primary.ts';
import { findSource } from './template.ts';

/** Quotas move slowly and cost several calls: they are read again after this long, application time. */
const FRESH_MS = 5 * 60_000;

/** Instances that the quotas of each allowed zone's region still allow. Zones of one region share what is left. */
export function createCapacitySource(clients: GcpClients, clock: Clock): CapacitySource {
  const known = new Map<string, { readAt: number; zones: ZoneCapacity[] }>();
  return {
    async read(spec) {
      const key = JSON.stringify([spec.primary, spec.mirrors.zones]);
      const before = known.get(key);
      if (before && clock.now() - before.readAt < FRESH_MS) return before.zones;
      const zones = await readZones(clients, spec);
      known.set(key, { readAt: clock.now(), zones });
      return zones;
    },
  };
}

async function readZones(clients: GcpClients, spec: ApplicationSpec): Promise<ZoneCapacity[]> {
  const { project } = spec.primary;
  const template = await findSource(clients, spec, await findPrimary(clients, spec));
  const machineType = lastOf(template.properties?.machineType);
  const cpus = await cpusOf(clients, project, spec.primary.zone, machineType);
  const regions = [...new Set(spec.mirrors.zones.map(regionOf))];
  const left = new Map<string, number>();
  for (const region of regions)
    left.set(region, await instancesLeft(clients, project, region, machineType, cpus));
  return spec.mirrors.zones.map((zone) => ({ zone, quotaLeft: left.get(regionOf(zone))! }));
}

async function cpusOf(
  clients: GcpClients,
  project: string,
  zone: string,
  machineType: string,
): Promise<number> {
  const [machine] = await call(`machine type ${machineType} in ${zone}`, () =>
    clients.machineTypes.get({ project, zone, machineType }),
  );
  return Math.max(1, machine.guestCpus ?? 1);
}

/** A machine family has a CPU quota of its own where the region lists one; otherwise CPUS holds for it. */
async function instancesLeft(
  clients: GcpClients,
  project: string,
  region: string,
  machineType: string,
  cpus: number,
): Promise<number> {
  const [found] = await call(`quotas of ${region}`, () => clients.regions.get({ project, region }));
  const left = (metric: string) => {
    const quota = found.quotas?.find((each) => each.metric === metric);
    return quota && (quota.limit ?? 0) - (quota.usage ?? 0);
  };
  const family = `${machineType.split('-')[0]!.toUpperCase()}_CPUS`;
  const cpusLeft = left(family) ?? left('CPUS') ?? Infinity;
  const instances = Math.min(left('INSTANCES') ?? Infinity, cpusLeft / cpus);
  // A region that lists no quota limits nothing that we can see.
  return Math.max(0, Math.floor(Math.min(instances, Number.MAX_SAFE_INTEGER)));
}

function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}
