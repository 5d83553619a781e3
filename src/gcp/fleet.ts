import type { ApplicationSpec } from '../domain/application.ts';
import type { FleetState } from '../domain/plan.ts';
import { sameCounts, totalInstances } from '../domain/tier.ts';
import type { TierCounts } from '../domain/tier.ts';
import type { Fleet, GroupRef, GroupStatus, WriteKey } from '../ports/fleet.ts';
import type { GcpClients } from './clients.ts';
import { CloudError, errorOfCode, isQuota, isStockOut } from './errors.ts';
import { readGroup, readMembers, statusOf, targetsOf } from './group.ts';
import type { Group, Member } from './group.ts';
import { ensureGroup, listManagers, listOwned, removeGroup } from './mirror-group.ts';
import { proveOurs, readMarker } from './ownership.ts';
import { requestId } from './request-id.ts';
import { readPrimary, setPrimaryMinimum } from './primary.ts';
import { takeStep } from './take-step.ts';
import { isNothing, tierStep } from './tier-step.ts';

/** Instances on Compute Engine: a mirror is one zonal managed instance group per run (docs/decisions/001). */
export function createFleet(clients: GcpClients): Fleet {
  return {
    snapshot: (spec) => snapshot(clients, spec),
    ensureGroup: (spec, zone, key) => ensureGroup(clients, spec, zone, key),
    setTiers: (group, wanted, key) => setTiers(clients, group, wanted, key),
    status: async (group) => statusOf(await readGroup(clients, group)),
    removeGroup: (group, key) => removeGroup(clients, group, key),
    listOwned: (project, zones) => listOwned(clients, project, zones),
    setPrimaryMinimum: (spec, minimum, key) => setPrimaryMinimum(clients, spec, minimum, key),
  };
}

/** Mirrors by where their instances are heading: what is being created counts as full until it is suspended or stopped. */
async function snapshot(clients: GcpClients, spec: ApplicationSpec): Promise<FleetState> {
  const [primary, mirrors] = await Promise.all([
    readPrimary(clients, spec),
    Promise.all(spec.mirrors.zones.map((zone) => readMirror(clients, spec, zone))),
  ]);
  return { primary, mirrors: mirrors.filter((mirror) => totalInstances(mirror) > 0) };
}

async function readMirror(clients: GcpClients, spec: ApplicationSpec, zone: string) {
  const { project } = spec.primary;
  const managers = (await listManagers(clients, project, zone)).filter(
    (manager) => readMarker(manager.description)?.application === spec.application,
  );
  const members: Member[] = [];
  for (const manager of managers)
    members.push(...(await readMembers(clients, { project, zone, name: manager.name! }, manager)));
  const heading = (where: Member['heading']) => members.filter((member) => member.heading === where).length;
  const serving = members.filter((member) => member.healthy).length;
  return { zone, full: heading('running'), warm: heading('warm'), shadow: heading('shadow'), serving };
}

/** A repeated write that changes nothing is tried under this many request ids before the caller is told. */
const ATTEMPTS = 3;

async function setTiers(
  clients: GcpClients,
  ref: GroupRef,
  wanted: TierCounts,
  key: WriteKey,
): Promise<GroupStatus> {
  let group = await readGroup(clients, ref);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (!group) return answer(ref, group, wanted);
    proveOurs('Group', ref, group.manager);
    const before = targetsOf(group.manager);
    const step = tierStep(wanted, group.members, before.full);
    if (isNothing(step)) return answer(ref, group, wanted);
    const numbers = [...countsOf(wanted), ...countsOf(before), attempt];
    await takeStep(clients, ref, step, (verb, ...names) =>
      requestId(key, verb, ref.id, ...numbers, ...names),
    );
    group = await readGroup(clients, ref);
    if (!group || !sameCounts(before, targetsOf(group.manager)))
      return { ...answer(ref, group, wanted), settled: false };
  }
  throw new CloudError(
    `Group ${ref.name} in ${ref.zone}: ${ATTEMPTS} requests were accepted and changed nothing`,
  );
}

/** Status against the wanted counts. A group of which nothing could be had is an error; a part of it is a status. */
function answer(ref: GroupRef, group: Group | undefined, wanted: TierCounts): GroupStatus {
  const status = statusOf(group);
  const failing = group?.members.filter((member) => !member.settled && member.errors.length > 0) ?? [];
  const code = failing
    .flatMap((member) => member.errors)
    .find((error) => isStockOut(error) || isQuota(error));
  if (code !== undefined && failing.length === group!.members.length && totalInstances(wanted) > 0)
    throw errorOfCode(code, `Group ${ref.name} in ${ref.zone}`, 'no instance could be had');
  return { ...status, settled: status.settled && sameCounts(status, wanted) };
}

function countsOf({ full, warm, shadow }: TierCounts): number[] {
  return [full, warm, shadow];
}
