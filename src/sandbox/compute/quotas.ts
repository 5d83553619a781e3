import type { Instance, World } from '../world.ts';

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

const LIMITS = { CPUS: 1000, INSTANCES: 250, INSTANCE_GROUP_MANAGERS: 100, AUTOSCALERS: 50 };

export interface Quota {
  metric: string;
  limit: number;
  usage: number;
}

export function regionOf(zone: string): string {
  return zone.replace(/-[a-z]$/, '');
}

/**
 * Limits of a project in a region and what it uses, leaving `except` out. Suspended and stopped instances hold no vCPUs;
 * one that waits for room holds nothing.
 */
export function quotasOf(world: World, project: string, region: string, except?: Instance): Quota[] {
  const isHere = (key: string) => {
    const [owner, location] = key.split('/');
    return owner === project && regionOf(location!) === region;
  };
  const instances = [...world.instances]
    .filter(([key, instance]) => isHere(key) && !instance.lastError && instance !== except)
    .map(([, instance]) => instance);
  const holding = instances.filter(({ status }) => status !== 'SUSPENDED' && status !== 'TERMINATED');
  const usage = {
    CPUS: holding.reduce((sum, instance) => sum + cpusOf(instance), 0),
    INSTANCES: instances.length,
    INSTANCE_GROUP_MANAGERS: [...world.groups.keys()].filter(isHere).length,
    AUTOSCALERS: [...world.autoscalers.keys()].filter(isHere).length,
  };
  return Object.entries(LIMITS).map(([metric, limit]) => ({
    metric,
    limit,
    usage: usage[metric as keyof typeof LIMITS],
  }));
}

/** The error of an instance that the quota of its region has no room for. */
export function quotaExceeded(world: World, instance: Instance): Instance['lastError'] {
  const region = regionOf(instance.zone);
  const needs: Record<string, number> = { CPUS: cpusOf(instance), INSTANCES: 1 };
  const full = quotasOf(world, instance.project, region, instance).find(
    ({ metric, limit, usage }) => usage + (needs[metric] ?? 0) > limit,
  );
  if (!full) return undefined;
  return {
    code: 'QUOTA_EXCEEDED',
    message: `Quota '${full.metric}' exceeded. Limit: ${full.limit}.0 in region ${region}.`,
  };
}

function cpusOf(instance: Instance): number {
  return MACHINE_TYPES[instance.machineType]?.guestCpus ?? 0;
}
