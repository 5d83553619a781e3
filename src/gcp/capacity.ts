import type { ApplicationSpec } from '../domain/application.ts';
import type { ZoneCapacity } from '../domain/plan.ts';
import { regionOf } from '../domain/region.ts';
import type { CapacitySource } from '../ports/capacity.ts';
import type { Clock } from '../ports/clock.ts';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import { lastOf } from './ownership.ts';
import { findPrimary } from './primary.ts';
import { reservedLeft } from './reservations.ts';
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
  const properties = template.properties ?? {};
  const machineType = lastOf(properties.machineType);
  const cpus = await cpusOf(clients, project, spec.primary.zone, machineType);
  const regions = [...new Set(spec.mirrors.zones.map(regionOf))];
  const left = new Map<string, QuotaLeft>();
  for (const region of regions) left.set(region, await quotaLeft(clients, project, region, machineType));
  const zones: ZoneCapacity[] = [];
  for (const zone of spec.mirrors.zones) {
    const reserved = await reservedLeft(clients, project, zone, properties);
    zones.push({
      zone,
      quotaLeft: instancesWithin(left.get(regionOf(zone))!, cpus, reserved ?? 0),
      reservedLeft: reserved,
    });
  }
  return zones;
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

/** What a region's quotas leave; infinite where it lists none. */
interface QuotaLeft {
  instances: number;
  cpus: number;
}

/** A machine family has a CPU quota of its own where the region lists one; otherwise CPUS holds for it. */
async function quotaLeft(
  clients: GcpClients,
  project: string,
  region: string,
  machineType: string,
): Promise<QuotaLeft> {
  const [found] = await call(`quotas of ${region}`, () => clients.regions.get({ project, region }));
  const left = (metric: string) => {
    const quota = found.quotas?.find((each) => each.metric === metric);
    return quota && (quota.limit ?? 0) - (quota.usage ?? 0);
  };
  const family = `${machineType.split('-')[0]!.toUpperCase()}_CPUS`;
  return { instances: left('INSTANCES') ?? Infinity, cpus: left(family) ?? left('CPUS') ?? Infinity };
}

/** A region that lists no quota limits nothing that we can see; CPUs that are reserved are counted as used already. */
function instancesWithin(left: QuotaLeft, cpusEach: number, reserved: number): number {
  const instances = Math.min(left.instances, Math.max(0, left.cpus) / cpusEach + reserved);
  return Math.max(0, Math.floor(Math.min(instances, Number.MAX_SAFE_INTEGER)));
}
