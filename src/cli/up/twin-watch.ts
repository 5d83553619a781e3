import type { GcpClients } from '../../gcp/clients.ts';
import { TWINS } from './report.ts';

/** Healthy instances of both twins, as their load balancers see them. */
export interface Serving {
  mirrored: { primary: number; mirrors: number };
  reactive: { primary: number };
}

/** Reads through Google's own client which instances serve. */
export async function readServing(clients: GcpClients, project: string): Promise<Serving> {
  const [mirrored, reactive] = await Promise.all([
    healthyByGroup(clients, project, TWINS.mirrored),
    healthyByGroup(clients, project, TWINS.reactive),
  ]);
  const { [TWINS.mirrored]: primary = 0, ...mirrors } = mirrored;
  return {
    mirrored: { primary, mirrors: Object.values(mirrors).reduce((sum, n) => sum + n, 0) },
    reactive: { primary: reactive[TWINS.reactive] ?? 0 },
  };
}

async function healthyByGroup(
  clients: GcpClients,
  project: string,
  backendService: string,
): Promise<Record<string, number>> {
  const [service] = await clients.backendServices.get({ project, backendService });
  const counted = await Promise.all(
    (service.backends ?? []).map(async ({ group, capacityScaler }) => {
      const name = group?.split('/').at(-1) ?? '';
      if (capacityScaler === 0) return [name, 0] as const;
      const [health] = await clients.backendServices.getHealth({
        project,
        backendService,
        resourceGroupReferenceResource: { group },
      });
      const healthy = (health.healthStatus ?? []).filter((h) => h.healthState === 'HEALTHY').length;
      return [name, healthy] as const;
    }),
  );
  return Object.fromEntries(counted);
}
