import { perform } from '../../gcp/call.ts';
import type { GcpClients } from '../../gcp/clients.ts';
import { TWINS } from './report.ts';

/** How one instance of the example behaves, and how many there are to begin with. Times in ms. */
export interface ExampleDeployment {
  project: string;
  zone: string;
  startingSize: number;
  minimum: number;
  maximum: number;
  /** CPU target of both twins' autoscalers, 0..1. */
  cpuTarget: number;
  workers: number;
  serviceMs: number;
  queue: number;
  initMs: number;
  /** Initialisation period of the autoscaler: boot plus the application's own. */
  coolDownMs: number;
}

const MACHINE_TYPE = 'e2-standard-4';
const HEALTH_CHECK = 'shop-health';

/**
 * Sets the example up through Google's own clients, exactly alike for both twins: template, managed group, health check,
 * autoscaler, backend service. Traffic comes last, so that Monitoring holds no minute in which nothing could answer.
 */
export async function deployExample(clients: GcpClients, example: ExampleDeployment): Promise<void> {
  const { project } = example;
  await perform(clients, `create health check ${HEALTH_CHECK}`, { project }, () =>
    clients.healthChecks.insert({
      project,
      healthCheckResource: {
        name: HEALTH_CHECK,
        type: 'HTTP',
        checkIntervalSec: 5,
        timeoutSec: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
        httpHealthCheck: { requestPath: '/healthz', portSpecification: 'USE_SERVING_PORT' },
      },
    }),
  );
  const twins = Object.values(TWINS);
  await Promise.all(twins.map((name) => createGroup(clients, example, name)));
  await Promise.all(twins.map((name) => untilStable(clients, example, name)));
  await Promise.all(twins.map((name) => createBackendService(clients, example, name)));
  await Promise.all(twins.map((name) => createAutoscaler(clients, example, name)));
}

async function createGroup(clients: GcpClients, example: ExampleDeployment, name: string): Promise<void> {
  const { project, zone } = example;
  const metadata = {
    'sandbox-workers': example.workers,
    'sandbox-service-ms': example.serviceMs,
    'sandbox-queue': example.queue,
    'sandbox-init-ms': example.initMs,
  };
  await perform(clients, `create instance template ${name}`, { project }, () =>
    clients.templates.insert({
      project,
      instanceTemplateResource: {
        name,
        properties: {
          machineType: MACHINE_TYPE,
          metadata: {
            items: Object.entries(metadata).map(([key, value]) => ({ key, value: String(value) })),
          },
          networkInterfaces: [{ network: 'global/networks/default' }],
          disks: [
            {
              boot: true,
              initializeParams: { sourceImage: 'projects/debian-cloud/global/images/debian-12' },
            },
          ],
        },
      },
    }),
  );
  await perform(clients, `create instance group ${name}`, { project, zone }, () =>
    clients.groups.insert({
      project,
      zone,
      instanceGroupManagerResource: {
        name,
        baseInstanceName: name,
        instanceTemplate: `projects/${project}/global/instanceTemplates/${name}`,
        targetSize: example.startingSize,
        namedPorts: [{ name: 'http', port: 8080 }],
        autoHealingPolicies: [
          { healthCheck: healthCheckLink(project), initialDelaySec: Math.round(example.coolDownMs / 1000) },
        ],
      },
    }),
  );
}

/** Polls until every instance of the group serves. The wait is short: the sandbox boots in a minute or two of its time. */
async function untilStable(clients: GcpClients, example: ExampleDeployment, name: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const [group] = await clients.groups.get({
      project: example.project,
      zone: example.zone,
      instanceGroupManager: name,
    });
    if (group.status?.isStable && (group.currentActions?.none ?? 0) >= example.startingSize) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`The primary group ${name} did not become stable; see the sandbox's log`);
}

async function createBackendService(
  clients: GcpClients,
  example: ExampleDeployment,
  name: string,
): Promise<void> {
  const { project, zone } = example;
  await perform(clients, `create backend service ${name}`, { project }, () =>
    clients.backendServices.insert({
      project,
      backendServiceResource: {
        name,
        protocol: 'HTTP',
        portName: 'http',
        loadBalancingScheme: 'EXTERNAL_MANAGED',
        healthChecks: [healthCheckLink(project)],
        connectionDraining: { drainingTimeoutSec: 10 },
        backends: [
          {
            group: `projects/${project}/zones/${zone}/instanceGroups/${name}`,
            balancingMode: 'UTILIZATION',
            capacityScaler: 1,
          },
        ],
      },
    }),
  );
}

async function createAutoscaler(
  clients: GcpClients,
  example: ExampleDeployment,
  name: string,
): Promise<void> {
  const { project, zone } = example;
  await perform(clients, `create autoscaler ${name}`, { project, zone }, () =>
    clients.autoscalers.insert({
      project,
      zone,
      autoscalerResource: {
        name,
        target: `projects/${project}/zones/${zone}/instanceGroupManagers/${name}`,
        autoscalingPolicy: {
          mode: 'ON',
          minNumReplicas: example.minimum,
          maxNumReplicas: example.maximum,
          coolDownPeriodSec: Math.round(example.coolDownMs / 1000),
          cpuUtilization: { utilizationTarget: example.cpuTarget },
        },
      },
    }),
  );
}

function healthCheckLink(project: string): string {
  return `projects/${project}/global/healthChecks/${HEALTH_CHECK}`;
}
