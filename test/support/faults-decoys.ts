import { perform } from '../../src/gcp/call.ts';
import type { GcpClients } from '../../src/gcp/clients.ts';
import { describe, groupName } from '../../src/gcp/ownership.ts';

export const PROJECT = 'premirror-sandbox';
export const PRIMARY_ZONE = 'us-central1-a';
export const MIRROR_ZONES: readonly [string, string] = ['us-central1-b', 'us-central1-c'];
const [ZONE] = MIRROR_ZONES;

/** What looks almost like a mirror of ours, in a zone where we raise them, each with an instance to lose. */
const DECOYS = [
  { name: 'pm-decoy', description: '' },
  // A whole mirror of somebody else's Premirror in the same project.
  {
    name: groupName('other', ZONE, `mirror/other/${ZONE}/1`),
    description: describe('other', `mirror/other/${ZONE}/1`),
  },
  // A copy of our marker on a group that we would never have called so.
  { name: 'pm-shop-copy', description: describe('shop', `mirror/shop/${ZONE}/99`) },
];

/** Creates the decoys; one of them is a backend of the application's service, which it keeps out of traffic. */
export async function deployDecoys(clients: GcpClients): Promise<void> {
  for (const { name, description } of DECOYS)
    await perform(clients, `create decoy ${name}`, { project: PROJECT, zone: ZONE }, () =>
      clients.groups.insert({
        project: PROJECT,
        zone: ZONE,
        instanceGroupManagerResource: {
          name,
          description,
          baseInstanceName: name.slice(0, 20),
          instanceTemplate: `projects/${PROJECT}/global/instanceTemplates/shop`,
          targetSize: 1,
        },
      }),
    );
  const [service] = await clients.backendServices.get({ project: PROJECT, backendService: 'shop' });
  const group = `projects/${PROJECT}/zones/${ZONE}/instanceGroups/pm-decoy`;
  const decoy = { group, balancingMode: 'UTILIZATION', capacityScaler: 0 };
  await perform(clients, 'attach a decoy', { project: PROJECT }, () =>
    clients.backendServices.patch({
      project: PROJECT,
      backendService: 'shop',
      backendServiceResource: {
        fingerprint: service.fingerprint!,
        backends: [...service.backends!, decoy],
      },
    }),
  );
  for (const { name } of DECOYS) await untilThere(clients, name);
}

async function untilThere(clients: GcpClients, name: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const [group] = await clients.groups.get({
      project: PROJECT,
      zone: ZONE,
      instanceGroupManager: name,
    });
    if (group.status?.isStable) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`decoy ${name} did not become stable`);
}
