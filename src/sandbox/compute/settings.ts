import { downBy } from '../faults/machines.ts';
import type { AppProfile, Instance, World } from '../world.ts';
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
  const wanted = keyOf(group);
  const place = { project: group.project, location: group.location };
  return [...world.backendServices.values()]
    .filter((service) =>
      ((service['backends'] ?? []) as { group: string }[]).some(
        (backend) => keyOf(readLink(backend.group, place)) === wanted,
      ),
    )
    .map((service) => service.name);
}

/** How long an instance may finish what is in flight before it goes, ms: the longest of its backend services. */
export function drainingMs(world: World, instance: Instance): number {
  if (instance.group === undefined || instance.servingSince === undefined) return 0;
  const group = { project: instance.project, location: groupLocationOf(instance), name: instance.group };
  const seconds = servicesUsing(world, group).map((name) => {
    const service = world.backendServices.get(keyOf({ project: group.project, location: 'global', name }));
    const draining = service?.['connectionDraining'] as { drainingTimeoutSec?: number } | undefined;
    return draining?.drainingTimeoutSec ?? 0;
  });
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

export function isServing(world: World, instance: Instance): boolean {
  return (
    instance.servingSince !== undefined &&
    instance.servingSince <= world.clock.now() &&
    downBy(world.faults, world.clock, instance) === undefined
  );
}
