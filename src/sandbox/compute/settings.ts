import { downBy } from '../faults/machines.ts';
import type { AppProfile, Instance, World } from '../world.ts';
import { membersOf, readBackendLink, servicesWith } from './load-balancing/members.ts';
import type { BackendService } from './load-balancing/shapes.ts';
import { keyOf, readLink } from './resources.ts';
import type { Group } from './shapes.ts';

/** How the application of an instance behaves: `sandbox-*` items of its template's metadata over the world's defaults. */
export function profileOf(world: World, metadata: Record<string, string>): AppProfile {
  const read = (key: string, fallback: number) => {
    const value = Number(metadata[key] ?? Number.NaN);
    return Number.isFinite(value) ? value : fallback;
  };
  const { workers, serviceMs, queue, initMs } = world.defaultProfile;
  return {
    workers: read('sandbox-workers', workers),
    serviceMs: read('sandbox-service-ms', serviceMs),
    queue: read('sandbox-queue', queue),
    initMs: read('sandbox-init-ms', initMs),
  };
}

export function groupOf(world: World, instance: Instance): Group | undefined {
  if (instance.group === undefined) return undefined;
  const key = keyOf({ project: instance.project, location: groupLocationOf(instance), name: instance.group });
  return world.groups.get(key) as Group | undefined;
}

/** Zone or region of the group that owns the instance. */
export function groupLocationOf(instance: Instance): string {
  return instance.groupLocation ?? instance.zone;
}

/** Names of the backend services that send traffic to the group. */
export function servicesUsing(
  world: World,
  group: { project: string; location: string; name: string },
): string[] {
  return servicesWith(world, { ...group, collection: 'instanceGroups' });
}

/** How long an instance may finish what is in flight before it goes, ms: the longest of its backend services. */
export function drainingMs(world: World, instance: Instance): number {
  if (instance.servingSince === undefined) return 0;
  const seconds = [...world.backendServices]
    .filter(([key]) => key.startsWith(`${instance.project}/`))
    .map(([, service]) => service as BackendService)
    .filter(({ backends }) =>
      backends.some(({ group }) =>
        membersOf(world, readBackendLink(group, { project: instance.project, location: 'global' })).includes(
          instance,
        ),
      ),
    )
    .map(({ connectionDraining }) => connectionDraining.drainingTimeoutSec);
  return Math.max(0, ...seconds) * 1000;
}

/** Interval of the group's autohealing health check, ms; undefined when none is attached. */
export function healthCheckIntervalMs(world: World, instance: Instance): number | undefined {
  const link = groupOf(world, instance)?.autoHealingPolicies?.[0]?.healthCheck;
  if (link === undefined) return undefined;
  const reference = readLink(link, { project: instance.project, location: 'global' });
  const seconds = world.healthChecks.get(keyOf(reference))?.['checkIntervalSec'];
  return (typeof seconds === 'number' ? seconds : 5) * 1000;
}

/** When a standby instance may be suspended or stopped at the earliest: creation plus `initialDelaySec`. */
export function standbyAt(world: World, instance: Instance): number {
  const seconds = groupOf(world, instance)?.standbyPolicy?.initialDelaySec ?? 0;
  return instance.createdAt + seconds * 1000;
}

/** Whether its group makes up for what happens to the instance behind its back. */
export function isRepaired(world: World, instance: Instance): boolean {
  return groupOf(world, instance)?.instanceLifecyclePolicy?.defaultActionOnFailure !== 'DO_NOTHING';
}

export function isServing(world: World, instance: Instance): boolean {
  return (
    instance.servingSince !== undefined &&
    instance.servingSince <= world.clock.now() &&
    downBy(world.faults, world.clock, instance) === undefined
  );
}
