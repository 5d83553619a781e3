import { ApiError } from '../http.ts';
import type { Instance, Resource, World } from '../world.ts';

/** Regions of the sandbox and their zones. */
export const REGIONS: Record<string, readonly string[]> = {
  'us-central1': ['us-central1-a', 'us-central1-b', 'us-central1-c', 'us-central1-f'],
  'us-east1': ['us-east1-b', 'us-east1-c', 'us-east1-d'],
  'europe-west1': ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'],
};

export const ZONES: readonly string[] = Object.values(REGIONS).flat();

/** vCPUs and memory of the machine types on offer, as documented for their families. */
export const MACHINE_TYPES: Record<string, { guestCpus: number; memoryMb: number; isSharedCpu: boolean }> = {
  'e2-micro': { guestCpus: 2, memoryMb: 1024, isSharedCpu: true },
  'e2-small': { guestCpus: 2, memoryMb: 2048, isSharedCpu: true },
  'e2-medium': { guestCpus: 2, memoryMb: 4096, isSharedCpu: true },
  'e2-standard-2': { guestCpus: 2, memoryMb: 8192, isSharedCpu: false },
  'e2-standard-4': { guestCpus: 4, memoryMb: 16384, isSharedCpu: false },
  'e2-standard-8': { guestCpus: 8, memoryMb: 32768, isSharedCpu: false },
  'n2-standard-2': { guestCpus: 2, memoryMb: 8192, isSharedCpu: false },
  'n2-standard-4': { guestCpus: 4, memoryMb: 16384, isSharedCpu: false },
  'n2-standard-8': { guestCpus: 8, memoryMb: 32768, isSharedCpu: false },
};

/** Quotas of a project in one region unless the sandbox was given others. */
const DEFAULT_LIMITS = {
  CPUS: 1000,
  INSTANCES: 250,
  INSTANCE_GROUP_MANAGERS: 100,
  REGIONAL_INSTANCE_GROUP_MANAGERS: 100,
  AUTOSCALERS: 50,
  REGIONAL_AUTOSCALERS: 50,
  RESERVATIONS: 100,
};

export type QuotaMetric = keyof typeof DEFAULT_LIMITS;

export interface Quota {
  metric: QuotaMetric;
  limit: number;
  usage: number;
}

/** The region of a zone; of a region, itself. */
export function regionOf(location: string): string {
  return location.replace(/-[a-z]$/, '');
}

/**
 * Limits of a project in a region and what it uses, leaving `except` out. Suspended and stopped instances hold no vCPUs,
 * one that waits for room holds nothing; a reservation holds what it has reserved, used or not.
 */
export function quotasOf(world: World, project: string, region: string, except?: Instance): Quota[] {
  const isHere = (key: string) => {
    const [owner, location] = key.split('/');
    return owner === project && regionOf(location!) === region;
  };
  const count = (map: ReadonlyMap<string, unknown>, isRegional = false) =>
    [...map.keys()].filter((key) => isHere(key) && (key.split('/')[1] === region) === isRegional).length;
  const instances = [...world.instances]
    .filter(([key, instance]) => isHere(key) && !instance.lastError && instance !== except)
    .map(([, instance]) => instance);
  const holding = instances.filter(({ status }) => status !== 'SUSPENDED' && status !== 'TERMINATED');
  const unreserved = holding.filter(({ reservation }) => reservation === undefined);
  const reserved = [...world.reservations].filter(([key]) => isHere(key)).map(([, held]) => held);
  const usage: Record<QuotaMetric, number> = {
    CPUS: sum(unreserved.map(({ machineType }) => cpusOf(machineType))) + sum(reserved.map(reservedCpus)),
    INSTANCES: instances.length,
    INSTANCE_GROUP_MANAGERS: count(world.groups),
    REGIONAL_INSTANCE_GROUP_MANAGERS: count(world.groups, true),
    AUTOSCALERS: count(world.autoscalers),
    REGIONAL_AUTOSCALERS: count(world.autoscalers, true),
    RESERVATIONS: reserved.length,
  };
  return (Object.keys(DEFAULT_LIMITS) as QuotaMetric[]).map((metric) => ({
    metric,
    limit: world.quotaLimits[metric] ?? DEFAULT_LIMITS[metric],
    usage: usage[metric],
  }));
}

/** The error of an instance that the quota of its region has no room for. */
export function quotaExceeded(world: World, instance: Instance): Instance['lastError'] {
  const cpus = instance.reservation === undefined ? cpusOf(instance.machineType) : 0;
  return shortOf(world, { ...instance, location: instance.zone }, { CPUS: cpus, INSTANCES: 1 }, instance);
}

/** What the quota of the place's region has no room for, as an operation's error. */
export function shortOf(
  world: World,
  { project, location }: { project: string; location: string },
  needs: Partial<Record<QuotaMetric, number>>,
  except?: Instance,
): { code: string; message: string } | undefined {
  const region = regionOf(location);
  const full = quotasOf(world, project, region, except).find(
    ({ metric, limit, usage }) => (needs[metric] ?? 0) > 0 && usage + needs[metric]! > limit,
  );
  if (!full) return undefined;
  const message = `Quota '${full.metric}' exceeded. Limit: ${full.limit}.0 in region ${region}.`;
  return { code: 'QUOTA_EXCEEDED', message };
}

/** Throws 403 when the quota of such resources is used up; regional ones have a quota of their own. */
export function checkCount(
  world: World,
  place: { project: string; location: string },
  metric: 'INSTANCE_GROUP_MANAGERS' | 'AUTOSCALERS' | 'RESERVATIONS',
): void {
  const isRegional = place.location === regionOf(place.location) && metric !== 'RESERVATIONS';
  const counted: QuotaMetric = isRegional ? `REGIONAL_${metric}` : metric;
  const problem = shortOf(world, place, { [counted]: 1 });
  if (problem) throw new ApiError(403, 'quotaExceeded', problem.message);
}

export function cpusOf(machineType: string): number {
  return MACHINE_TYPES[machineType]?.guestCpus ?? 0;
}

function reservedCpus(reservation: Resource): number {
  const { count, instanceProperties } =
    (
      reservation as {
        specificReservation?: { count?: string; instanceProperties?: { machineType?: string } };
      }
    ).specificReservation ?? {};
  return Number(count ?? 0) * cpusOf(instanceProperties?.machineType ?? '');
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
