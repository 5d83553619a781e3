import {
  AutoscalersClient,
  BackendServicesClient,
  GlobalOperationsClient,
  HealthChecksClient,
  InstanceGroupManagersClient,
  InstancesClient,
  InstanceTemplatesClient,
  MachineTypesClient,
  RegionsClient,
  ReservationsClient,
  ZoneOperationsClient,
} from '@google-cloud/compute';
import { DNS } from '@google-cloud/dns';
import { MetricServiceClient } from '@google-cloud/monitoring';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import type { PrometheusPlace } from './prometheus.ts';

export interface GcpOptions {
  /** Base URL of Compute, and of the other two unless they have their own. Absent: Google's own. */
  endpoint?: string;
  monitoringEndpoint?: string;
  dnsEndpoint?: string;
  /** Project that answers for quota; needed by Cloud DNS only where the specs name none. */
  project?: string;
}

/** Every client that the adapters need: built once per process, a client costs about 50 ms. */
export interface GcpClients {
  groups: InstanceGroupManagersClient;
  instances: InstancesClient;
  templates: InstanceTemplatesClient;
  backendServices: BackendServicesClient;
  autoscalers: AutoscalersClient;
  healthChecks: HealthChecksClient;
  regions: RegionsClient;
  reservations: ReservationsClient;
  machineTypes: MachineTypesClient;
  zoneOperations: ZoneOperationsClient;
  globalOperations: GlobalOperationsClient;
  metrics: MetricServiceClient;
  /** Cloud DNS of one project; the library binds a client to its project. */
  dns(project: string): DNS;
  /** Managed Service for Prometheus of one project: its API beside Monitoring's, with the same credentials. */
  managedPrometheus(project: string): PrometheusPlace;
  close(): Promise<void>;
}

/**
 * Builds and initialises all clients. With an endpoint they send no credentials; without, they use application default
 * credentials. Fails here, in words, and not later: an uninitialised client that finds no credentials rejects outside
 * of any caller's try and ends the process.
 */
export async function createGcpClients(options: GcpOptions = {}): Promise<GcpClients> {
  const own = options.endpoint !== undefined;
  const auth = own
    ? new GoogleAuth({ authClient: new PassThroughClient(), projectId: options.project ?? 'premirror' })
    : await logIn(options.project);
  const compute = { auth, ...place('endpoint', options.endpoint) };
  const monitoring = place('monitoringEndpoint', options.monitoringEndpoint ?? options.endpoint);
  const dnsEndpoint = options.dnsEndpoint ?? options.endpoint;
  place('dnsEndpoint', dnsEndpoint);

  const clients = {
    groups: new InstanceGroupManagersClient(compute),
    instances: new InstancesClient(compute),
    templates: new InstanceTemplatesClient(compute),
    backendServices: new BackendServicesClient(compute),
    autoscalers: new AutoscalersClient(compute),
    healthChecks: new HealthChecksClient(compute),
    regions: new RegionsClient(compute),
    reservations: new ReservationsClient(compute),
    machineTypes: new MachineTypesClient(compute),
    zoneOperations: new ZoneOperationsClient(compute),
    globalOperations: new GlobalOperationsClient(compute),
    metrics: new MetricServiceClient({ auth, fallback: true, ...monitoring }),
  };
  await Promise.all(Object.values(clients).map((client) => client.initialize()));

  const dnsByProject = new Map<string, DNS>();
  return {
    ...clients,
    dns(project) {
      let dns = dnsByProject.get(project);
      if (!dns) dnsByProject.set(project, (dns = createDns(project, auth, dnsEndpoint)));
      return dns;
    },
    managedPrometheus(project) {
      const base = options.monitoringEndpoint ?? options.endpoint ?? 'https://monitoring.googleapis.com';
      const url = `${base.replace(/\/+$/, '')}/v1/projects/${project}/location/global/prometheus`;
      return { url, headers: () => auth.getRequestHeaders(url) };
    },
    async close() {
      await Promise.all(Object.values(clients).map((client) => client.close()));
    },
  };
}

async function logIn(project: string | undefined): Promise<GoogleAuth> {
  const auth = new GoogleAuth({
    scopes: 'https://www.googleapis.com/auth/cloud-platform',
    ...(project === undefined ? {} : { projectId: project }),
  });
  try {
    await auth.getClient();
  } catch (cause) {
    throw new Error(
      'No Google Cloud credentials found: run `gcloud auth application-default login`, or attach a service account, ' +
        'or name a sandbox under google.endpoint in the configuration',
      { cause },
    );
  }
  return auth;
}

/** The clients' way to say where: host, port and protocol. */
function place(field: string, endpoint: string | undefined) {
  if (endpoint === undefined) return {};
  if (!URL.canParse(endpoint))
    throw new Error(`google.${field}: '${endpoint}' is no URL; write one like http://127.0.0.1:4100`);
  const url = new URL(endpoint);
  const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    throw new Error(
      `google.${field}: '${endpoint}' would send requests in the clear; use https, or plain http on 127.0.0.0/8`,
    );
  const http = url.protocol === 'http:';
  const port = Number(url.port || (http ? 80 : 443));
  return { apiEndpoint: url.hostname, port, protocol: http ? 'http' : 'https' };
}

/** Cloud DNS knows no endpoint option: its base URL is a public field. */
function createDns(project: string, auth: GoogleAuth, endpoint: string | undefined): DNS {
  type DnsAuth = NonNullable<ConstructorParameters<typeof DNS>[0]>['authClient'];
  const dns = new DNS({ projectId: project, authClient: auth as unknown as DnsAuth });
  if (endpoint !== undefined) dns.baseUrl = `${endpoint.replace(/\/+$/, '')}/dns/v1`;
  return dns;
}
