import type { Instance, World } from '../world.ts';
import type { Machine } from './machine.ts';
import { catalogue } from './contract/catalogue.ts';
import type { Failure } from './failures.ts';
import { fingerprintOf, linkTo, placeFields, timestamp, zoneLink } from './resources.ts';
import type { Place } from './resources.ts';
import { healthCheckIntervalMs, isServing } from './settings.ts';
import type { Group, Version } from './shapes.ts';
import { calculated } from './versions.ts';

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
    ...shown(instance.given ?? {}),
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

/** The fields of a template that an instance has too. */
function shown(given: Record<string, unknown>): Record<string, unknown> {
  const known = catalogue().message('Instance')!;
  return Object.fromEntries(Object.entries(given).filter(([field]) => known.has(field)));
}

/** What a group's answer says beyond what was written to it. */
export interface GroupState {
  machines: Machine[];
  /** Every instance is as the group's configuration says. */
  isUpdated: boolean;
  /** Name of the autoscaler that looks after it. */
  autoscaler: string | undefined;
}

/** The group as it answers: with what its instances are doing. */
export function groupView(
  place: Place,
  group: Group,
  { machines, isUpdated, autoscaler }: GroupState,
): Record<string, unknown> {
  const currentActions = Object.fromEntries(Object.values(ACTIONS).map((action) => [action, 0]));
  for (const { instance } of machines) currentActions[ACTIONS[instance.currentAction]]! += 1;
  const wanted = group.targetSize + group.targetSuspendedSize + group.targetStoppedSize;
  const isChanging = group.updatePolicy?.type === 'PROACTIVE' && !isUpdated;
  const { deleting: _, configs, configuredAt, ...fields } = group;
  return {
    ...fields,
    versions: group.versions.map((version) => versionView(group, version)),
    fingerprint: fingerprintOf(group),
    instanceGroup: linkTo(place, 'instanceGroups', group.name),
    currentActions,
    status: {
      isStable: currentActions['none'] === machines.length && machines.length === wanted && !isChanging,
      versionTarget: { isReached: isUpdated },
      ...(configuredAt === undefined
        ? {}
        : { allInstancesConfig: { effective: isUpdated, currentRevision: timestamp(configuredAt) } }),
      stateful: { hasStatefulConfig: configs !== undefined },
      ...(autoscaler === undefined ? {} : { autoscaler: linkTo(place, 'autoscalers', autoscaler) }),
    },
  };
}

function versionView(group: Group, version: Version): Record<string, unknown> {
  const { targetSize } = version;
  if (!targetSize) return version;
  return { ...version, targetSize: { ...targetSize, calculated: calculated(targetSize, group.targetSize) } };
}

/** A row of listManagedInstances. */
export function managedView(world: World, group: Group, { instance }: Machine): Record<string, unknown> {
  const place = { project: instance.project, location: instance.zone };
  const isBeingMade = ['CREATING', 'CREATING_WITHOUT_RETRIES', 'RECREATING'].includes(instance.currentAction);
  const exists = !(isBeingMade && instance.lastError);
  const isChecked = instance.status === 'RUNNING' && healthCheckIntervalMs(world, instance) !== undefined;
  const preserved = group.configs?.[instance.name]?.preservedState;
  const isFlexible = group.instanceFlexibilityPolicy !== undefined && exists;
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
    ...(preserved ? { preservedStateFromConfig: preserved } : {}),
    ...(isFlexible ? { propertiesFromFlexibilityPolicy: { machineType: instance.machineType } } : {}),
    version: versionOf(instance),
  };
}

/** A row of listErrors. */
export function failureView({ at, instance, action, problem }: Failure): Record<string, unknown> {
  return {
    timestamp: timestamp(at),
    error: problem,
    instanceActionDetails: {
      action,
      instance: linkTo({ ...instance, location: instance.zone }, 'instances', instance.name),
      version: versionOf(instance),
    },
  };
}

function versionOf({ project, template, version }: Instance): Record<string, unknown> {
  return {
    instanceTemplate: linkTo({ project, location: 'global' }, 'instanceTemplates', template!),
    ...(version === undefined ? {} : { name: version }),
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
