import type { Config } from '../config/config.ts';
import { createSecrets } from '../config/secrets.ts';
import { createCapacitySource } from '../gcp/capacity.ts';
import { createGcpClients } from '../gcp/clients.ts';
import { createDemandSource } from '../gcp/demand.ts';
import { createFleet } from '../gcp/fleet.ts';
import { createMetricSource } from '../gcp/metrics.ts';
import { createRouter } from '../gcp/router.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cloud, Tell } from './worker.ts';
import { withLatencies } from './zone-latency.ts';

/** The ports on Google Cloud, or on what the configuration's endpoints name. Throws when there are no credentials. */
export async function createGoogleCloud(
  { google, latencies, secrets }: Config,
  clock: Clock,
  tell: Tell,
): Promise<Cloud> {
  const clients = await createGcpClients(google);
  return {
    fleet: createFleet(clients),
    router: createRouter(clients),
    demand: createDemandSource(clients, clock, tell, createSecrets({ secrets })),
    capacity: withLatencies(createCapacitySource(clients, clock), latencies),
    metrics: createMetricSource(clients, clock),
    close: () => clients.close(),
  };
}
