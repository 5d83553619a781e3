import type { protos } from '@google-cloud/compute';
import type { GroupStatus } from '../ports/fleet.ts';
import type { TierCounts } from '../domain/tier.ts';
import { call, find } from './call.ts';
import type { GcpClients } from './clients.ts';

export type Manager = protos.google.cloud.compute.v1.IInstanceGroupManager;
type Managed = protos.google.cloud.compute.v1.IManagedInstance;

/** An instance of a group, by where it is heading. */
export interface Member {
  name: string;
  link: string;
  /** `running` includes what is being created, resumed or started. */
  heading: 'running' | 'warm' | 'shadow' | 'gone';
  /** Nothing is under way on it. */
  settled: boolean;
  /** Being made from scratch: the slowest way to serve. */
  creating: boolean;
  /** Running, settled and passing the group's health check. */
  healthy: boolean;
  /** Codes of its last failed attempt. */
  errors: string[];
}

export interface Group {
  manager: Manager;
  members: Member[];
}

export interface Place {
  project: string;
  zone: string;
  name: string;
}

/** The group as it is now, or undefined when there is none. */
export async function readGroup(clients: GcpClients, place: Place): Promise<Group | undefined> {
  const manager = await findManager(clients, place);
  return manager && { manager, members: await readMembers(clients, place, manager) };
}

export function findManager(clients: GcpClients, place: Place): Promise<Manager | undefined> {
  const { project, zone, name } = place;
  return find(`group ${name} in ${zone}`, () =>
    clients.groups.get({ project, zone, instanceGroupManager: name }),
  );
}

export async function readMembers(clients: GcpClients, place: Place, manager: Manager): Promise<Member[]> {
  const { project, zone, name } = place;
  const [managed] = await call(`instances of ${name} in ${zone}`, () =>
    clients.groups.listManagedInstances({ project, zone, instanceGroupManager: name }),
  );
  const checked = manager.autoHealingPolicies?.some((policy) => policy.healthCheck) ?? false;
  return managed.map((instance) => toMember(instance, checked));
}

const ON_THE_WAY_UP = ['RESUMING', 'STARTING', 'VERIFYING', 'REFRESHING', 'RESTARTING'];

function toMember(instance: Managed, checked: boolean): Member {
  const action = instance.currentAction ?? 'NONE';
  const status = instance.instanceStatus ?? '';
  const creating = action.startsWith('CREATING') || action === 'RECREATING';
  const heading = headingOf(action, status, creating);
  const settled =
    action === 'NONE' &&
    ['RUNNING', 'SUSPENDED', 'TERMINATED', 'STOPPED'].includes(status) &&
    heading !== 'gone';
  const health = instance.instanceHealth ?? [];
  const passing = health.length > 0 && health.every((state) => state.detailedHealthState === 'HEALTHY');
  const link = instance.instance ?? '';
  return {
    name: instance.name ?? link.slice(link.lastIndexOf('/') + 1),
    link,
    heading,
    settled,
    creating,
    healthy: settled && heading === 'running' && (passing || !checked),
    errors: (instance.lastAttempt?.errors?.errors ?? []).map((error) => error.code ?? 'UNKNOWN'),
  };
}

function headingOf(action: string, status: string, creating: boolean): Member['heading'] {
  if (action === 'DELETING' || action === 'ABANDONING') return 'gone';
  if (creating || ON_THE_WAY_UP.includes(action)) return 'running';
  if (action === 'SUSPENDING' || status === 'SUSPENDED' || status === 'SUSPENDING') return 'warm';
  if (action === 'STOPPING' || ['TERMINATED', 'STOPPED', 'STOPPING'].includes(status)) return 'shadow';
  return 'running';
}

/** Members that are ready at each tier. */
export function readyCounts(members: Member[]): TierCounts {
  const settled = members.filter((member) => member.settled);
  return {
    full: settled.filter((member) => member.healthy).length,
    warm: settled.filter((member) => member.heading === 'warm').length,
    shadow: settled.filter((member) => member.heading === 'shadow').length,
  };
}

/** Status against the group's own targets. */
export function statusOf(group: Group | undefined): GroupStatus {
  if (!group) return { exists: false, settled: true, pending: 0, errors: [], full: 0, warm: 0, shadow: 0 };
  const counts = readyCounts(group.members);
  const ready = counts.full + counts.warm + counts.shadow;
  const pending = group.members.length - ready;
  const targets = targetsOf(group.manager);
  const reached =
    counts.full === targets.full && counts.warm === targets.warm && counts.shadow === targets.shadow;
  const errors = new Set(
    group.members.filter((member) => !member.settled).flatMap((member) => member.errors),
  );
  return { ...counts, exists: true, settled: reached && pending === 0, pending, errors: [...errors] };
}

/** What the group itself strives for. */
export function targetsOf(manager: Manager): TierCounts {
  return {
    full: manager.targetSize ?? 0,
    warm: manager.targetSuspendedSize ?? 0,
    shadow: manager.targetStoppedSize ?? 0,
  };
}
