import type { GroupRef } from '../ports/fleet.ts';
import { perform } from './call.ts';
import type { GcpClients } from './clients.ts';
import { again } from './request-id.ts';
import type { TierStep } from './tier-step.ts';

type Started = Promise<[{ latestResponse: unknown }, ...unknown[]]>;
type Verb = Exclude<keyof TierStep, 'grow'>;

/**
 * Sends a step's calls, ups first, waiting for each. Every verb names its instances, growth its final size, so that a
 * repetition asks for what is already so.
 *
 * @param requestIdOf request id of a verb with these names or numbers
 */
export async function takeStep(
  clients: GcpClients,
  group: GroupRef,
  step: TierStep,
  requestIdOf: (verb: string, ...targets: (string | number)[]) => string,
): Promise<void> {
  const { project, zone, name } = group;
  const base = { project, zone, instanceGroupManager: name };
  const { groups } = clients;
  const verbs: Record<Verb, (body: { instances: string[] }, requestId: string) => Started> = {
    resume: (body, requestId) =>
      groups.resumeInstances({
        ...base,
        instanceGroupManagersResumeInstancesRequestResource: body,
        requestId,
      }),
    start: (body, requestId) =>
      groups.startInstances({ ...base, instanceGroupManagersStartInstancesRequestResource: body, requestId }),
    suspend: (body, requestId) =>
      groups.suspendInstances({
        ...base,
        instanceGroupManagersSuspendInstancesRequestResource: body,
        requestId,
      }),
    stop: (body, requestId) =>
      groups.stopInstances({ ...base, instanceGroupManagersStopInstancesRequestResource: body, requestId }),
    remove: (body, requestId) =>
      groups.deleteInstances({
        ...base,
        instanceGroupManagersDeleteInstancesRequestResource: body,
        requestId,
      }),
  };
  for (const verb of Object.keys(verbs) as Verb[]) {
    const members = step[verb];
    if (members.length === 0) continue;
    const instances = members.map((member) => member.link);
    const requestId = requestIdOf(verb, ...members.map((member) => member.name));
    await perform(clients, `${verb} in ${name}, ${zone}`, group, (repeat) =>
      verbs[verb]({ instances }, again(requestId, repeat)),
    );
  }
  if (step.grow === undefined) return;
  const size = step.grow;
  const requestId = requestIdOf('grow', size);
  await perform(clients, `grow ${name} in ${zone} to ${size}`, group, (repeat) =>
    groups.resize({ ...base, size, requestId: again(requestId, repeat) }),
  );
}
