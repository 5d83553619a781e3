import type { protos } from '@google-cloud/compute';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import type { Place } from './group.ts';

type Instance = protos.google.cloud.compute.v1.IInstance;

/** Label on every instance of a run: the short hash of the run, in which its group's name ends. */
export const RUN_LABEL = 'premirror_run';

/** The run's instances, whether or not its group is still there. */
export async function listRunInstances(clients: GcpClients, group: Place): Promise<Instance[]> {
  const { project, zone, name } = group;
  const run = name.slice(name.lastIndexOf('-') + 1);
  const [instances] = await call(`instances of ${name} in ${zone}`, () =>
    clients.instances.list({ project, zone, filter: `labels.${RUN_LABEL} = ${run}` }),
  );
  return instances.filter((instance) => instance.labels?.[RUN_LABEL] === run);
}
