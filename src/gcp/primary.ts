import type { protos } from '@google-cloud/compute';
import type { ApplicationSpec } from '../domain/application.ts';
import type { FleetState } from '../domain/plan.ts';
import type { WriteKey } from '../ports/fleet.ts';
import { call, converge, perform } from './call.ts';
import type { GcpClients } from './clients.ts';
import { findManager, readMembers } from './group.ts';
import type { Manager } from './group.ts';
import { pathOf } from './ownership.ts';
import { again, requestId } from './request-id.ts';

type Autoscaler = protos.google.cloud.compute.v1.IAutoscaler;

/** The primary's group. Throws, naming the fields to look at, when there is none. */
export async function findPrimary(clients: GcpClients, spec: ApplicationSpec): Promise<Manager> {
  const { project, zone, instanceGroup } = spec.primary;
  const found = await findManager(clients, { project, zone, name: instanceGroup });
  if (found) return found;
  throw new Error(
    `primary.instanceGroup '${instanceGroup}' is no managed instance group in ${zone} of project ${project}; ` +
      'check primary.project, primary.zone and primary.instanceGroup',
  );
}

/** What the primary has and may have. Without an autoscaler both bounds are its target: nobody said that it may grow. */
export async function readPrimary(
  clients: GcpClients,
  spec: ApplicationSpec,
): Promise<FleetState['primary']> {
  const manager = await findPrimary(clients, spec);
  const { project, zone, instanceGroup } = spec.primary;
  const [members, autoscaler] = await Promise.all([
    readMembers(clients, { project, zone, name: instanceGroup }, manager),
    findAutoscaler(clients, spec),
  ]);
  const target = manager.targetSize ?? 0;
  return {
    serving: members.filter((member) => member.healthy).length,
    minimum: autoscaler?.autoscalingPolicy?.minNumReplicas ?? target,
    maximum: autoscaler?.autoscalingPolicy?.maxNumReplicas ?? target,
    target,
  };
}

/**
 * Sets the autoscaler's minimum, within its maximum. A group without an autoscaler (or with one that is off) is grown to
 * the minimum and never shrunk; a group whose autoscaler is on is never resized.
 */
export async function setPrimaryMinimum(
  clients: GcpClients,
  spec: ApplicationSpec,
  minimum: number,
  key: WriteKey,
): Promise<void> {
  const { project, zone, instanceGroup: name } = spec.primary;
  await converge(`minimum of ${name} in ${zone}`, async (attempt) => {
    const autoscaler = await findAutoscaler(clients, spec);
    if (autoscaler && autoscaler.autoscalingPolicy?.mode !== 'OFF')
      return patchMinimum(clients, spec, autoscaler, minimum, key, attempt);
    const size = (await findPrimary(clients, spec)).targetSize ?? 0;
    if (size >= minimum) return true;
    const id = requestId(key, 'grow-primary', name, size, minimum, attempt);
    await perform(clients, `grow ${name} in ${zone}`, { project, zone }, (repeat) =>
      clients.groups.resize({
        project,
        zone,
        instanceGroupManager: name,
        size: minimum,
        requestId: again(id, repeat),
      }),
    );
    return false;
  });
}

async function patchMinimum(
  clients: GcpClients,
  spec: ApplicationSpec,
  autoscaler: Autoscaler,
  minimum: number,
  key: WriteKey,
  attempt: number,
): Promise<boolean> {
  const { project, zone } = spec.primary;
  const name = autoscaler.name!;
  const { minNumReplicas: before = 0, maxNumReplicas: maximum } = autoscaler.autoscalingPolicy ?? {};
  const wanted = Math.min(minimum, maximum ?? minimum);
  if (before === wanted) return true;
  const id = requestId(key, 'primary-minimum', name, before ?? 0, wanted, attempt);
  const autoscalerResource = { autoscalingPolicy: { minNumReplicas: wanted } };
  await perform(clients, `minimum of autoscaler ${name} in ${zone}`, { project, zone }, (repeat) =>
    clients.autoscalers.patch({
      project,
      zone,
      autoscaler: name,
      autoscalerResource,
      requestId: again(id, repeat),
    }),
  );
  return false;
}

async function findAutoscaler(clients: GcpClients, spec: ApplicationSpec): Promise<Autoscaler | undefined> {
  const { project, zone, instanceGroup } = spec.primary;
  const target = `projects/${project}/zones/${zone}/instanceGroupManagers/${instanceGroup}`;
  const [autoscalers] = await call(`autoscalers in ${zone}`, () =>
    clients.autoscalers.list({ project, zone }),
  );
  return autoscalers.find((autoscaler) => pathOf(autoscaler.target) === target);
}
