import type { Instance, World } from '../world.ts';
import type { Machine } from './machine.ts';
import { fingerprintOf, linkTo, placeFields, timestamp, zoneLink } from './resources.ts';
import type { Place } from './resources.ts';
import { healthCheckIntervalMs, isServing } from './settings.ts';
import type { Group } from './shapes.ts';

/** Every action of a managed instance, as `currentActions` counts it. */
const ACTIONS = {
  NONE: 'none',
  CREATING: 'creating',
  CREATING_WITHOUT_RETRIES: 'creatingWithoutRetries',
  RECREATING: 'recreating',
  DELETING: 'deleting',
  ABANDONING: 'abandoning',
  RESTARTING: 'restarting',
  REFRESHING: 'refreshing',
  RESUMING: 'resuming',
  STARTING: 'starting',
  STOPPING: 'stopping',
  SUSPENDING: 'suspending',
  VERIFYING: 'verifying',
} as const;

export function instanceView(instance: Instance): Record<string, unknown> {
  const place = { project: instance.project, location: instance.zone };
  return {
    kind: 'compute#instance',
    id: instance.id,
    name: instance.name,
    creationTimestamp: timestamp(instance.createdAt),
    status: instance.status,
    zone: zoneLink(instance.project, instance.zone),
    machineType: linkTo(place, 'machineTypes', instance.machineType),
    networkInterfaces: [{ name: 'nic0', networkIP: instance.ip }],
    metadata: { items: Object.entries(instance.metadata).map(([key, value]) => ({ key, value })) },
    labels: instance.labels,
    selfLink: linkTo(place, 'instances', instance.name),
  };
}

/** The group as it answers: with what its instances are doing. */
export function groupView(place: Place, group: Group, machines: Machine[]): Record<string, unknown> {
  const currentActions = Object.fromEntries(Object.values(ACTIONS).map((action) => [action, 0]));
  for (const { instance } of machines) currentActions[ACTIONS[instance.currentAction]]! += 1;
  const wanted = group.targetSize + group.targetSuspendedSize + group.targetStoppedSize;
  const { deleting: _, ...fields } = group;
  return {
    ...fields,
    fingerprint: fingerprintOf(group),
    instanceGroup: linkTo(place, 'instanceGroups', group.name),
    currentActions,
    status: { isStable: currentActions['none'] === machines.length && machines.length === wanted },
  };
}

/** A row of listManagedInstances. */
export function managedView(world: World, { instance }: Machine): Record<string, unknown> {
  const place = { project: instance.project, location: instance.zone };
  const exists = !(instance.currentAction === 'CREATING' && instance.lastError);
  const isChecked = instance.status === 'RUNNING' && healthCheckIntervalMs(world, instance) !== undefined;
  return {
    instance: linkTo(place, 'instances', instance.name),
    name: instance.name,
    id: instance.id,
    currentAction: instance.currentAction,
    ...(exists ? { instanceStatus: instance.status } : {}),
    ...(instance.lastError ? { lastAttempt: { errors: { errors: [instance.lastError] } } } : {}),
    ...(isChecked
      ? { instanceHealth: [{ detailedHealthState: isServing(world, instance) ? 'HEALTHY' : 'UNHEALTHY' }] }
      : {}),
    version: {
      instanceTemplate: linkTo({ ...place, location: 'global' }, 'instanceTemplates', instance.template!),
    },
  };
}

/** The plain instance group behind a managed one. */
export function instanceGroupView(place: Place, group: Group, size: number): Record<string, unknown> {
  return {
    kind: 'compute#instanceGroup',
    id: group.id,
    name: group.name,
    size,
    ...placeFields(place),
    selfLink: linkTo(place, 'instanceGroups', group.name),
  };
}
