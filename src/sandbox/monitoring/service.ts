import type { PlaneExtras } from '../plane/plane.ts';
import type { Plane, World } from '../world.ts';
import { builtinMetrics } from './builtin-metrics.ts';
import type { BuiltinMetric } from './builtin-metrics.ts';
import type { Fields } from './contract.ts';
import { createTimeSeries } from './create-time-series.ts';
import { CustomMetrics } from './custom-metrics.ts';
import { failure, invalid } from './errors.ts';
import { parseFilter } from './filter.ts';
import { listTimeSeries } from './list-time-series.ts';
import { resourceDescriptor, RESOURCE_TYPES } from './resource-descriptors.ts';

/** "User-defined metrics are readable after a few seconds": this many, ms. */
const CUSTOM_DELAY_MS = 5_000;
const MOST_DESCRIPTORS = 10_000;

export interface MonitoringOptions {
  /** How long a point stays invisible, per metric type, ms of sandbox time; as documented where none is given. */
  delayMs?: Record<string, number>;
}

/** A method of `google.monitoring.v3.MetricService`: its request in JSON, checked, and its answer. Throws `ApiError`. */
export type Method = (request: Fields, struck: string[]) => Fields;

/** The methods of the metric service by their names there, the same for REST and gRPC. */
export function createMetricService(
  world: World,
  plane: Plane & PlaneExtras,
  options: MonitoringOptions = {},
): Record<string, Method> {
  const builtins = new Map(builtinMetrics(world, plane).map((metric) => [metric.type, metric]));
  const custom = new CustomMetrics();

  function metricOf(project: string, type: string) {
    const builtin = builtins.get(type);
    const delayMs = options.delayMs?.[type] ?? builtin?.delayMs ?? CUSTOM_DELAY_MS;
    if (builtin) return { read: builtin.read, delayMs };
    return custom.descriptor(project, type) && { read: custom.reader(type), delayMs };
  }

  function descriptorsOf(project: string): Fields[] {
    return [
      ...[...builtins.values()].map((metric) => descriptorOf(project, metric)),
      ...custom.descriptors(project),
    ];
  }

  /** Of `projects/<project>/metricDescriptors/<type>`. */
  function readName(request: Fields): { project: string; type: string } {
    const [, project, type] = /^projects\/([^/]+)\/\w+\/(.+)$/.exec(String(request['name'])) ?? [];
    if (project === undefined || type === undefined)
      throw invalid(
        `name is '${String(request['name'])}': write projects/<project>/metricDescriptors/<type>`,
      );
    return { project, type };
  }

  return {
    ListTimeSeries: (request, struck) =>
      listTimeSeries(request, {
        project: projectOf(request),
        now: world.clock.now(),
        faults: world.faults,
        struck,
        metric: (type) => metricOf(projectOf(request), type),
      }),
    CreateTimeSeries(request) {
      const series = (request['timeSeries'] ?? []) as Fields[];
      createTimeSeries(custom, projectOf(request), series, world.clock.now());
      return {};
    },
    CreateServiceTimeSeries(request) {
      const series = (request['timeSeries'] ?? []) as Fields[];
      createTimeSeries(custom, projectOf(request), series, world.clock.now(), 'agent');
      return {};
    },
    ListMetricDescriptors(request) {
      const { matches } = parseFilter((request['filter'] ?? '') as string);
      const kept = descriptorsOf(projectOf(request)).filter((descriptor) =>
        matches({
          metric: { type: descriptor['type'] as string, labels: {} },
          resource: { type: '', labels: {} },
        }),
      );
      return pageOf('metricDescriptors', kept, request);
    },
    GetMetricDescriptor(request) {
      const { project, type } = readName(request);
      const found = descriptorsOf(project).find((descriptor) => descriptor['type'] === type);
      if (!found) throw failure('NOT_FOUND', `Could not find descriptor for metric '${type}'.`);
      return found;
    },
    CreateMetricDescriptor: (request) =>
      custom.describe(projectOf(request), (request['metricDescriptor'] ?? {}) as Fields),
    DeleteMetricDescriptor(request) {
      const { project, type } = readName(request);
      if (!custom.remove(project, type))
        throw failure('NOT_FOUND', `Could not find descriptor for metric '${type}'.`);
      return {};
    },
    ListMonitoredResourceDescriptors(request) {
      const { matches } = parseFilter((request['filter'] ?? '') as string);
      const kept = RESOURCE_TYPES.filter((type) =>
        matches({ metric: { type: '', labels: {} }, resource: { type, labels: {} } }),
      ).map((type) => resourceDescriptor(projectOf(request), type)!);
      return pageOf('resourceDescriptors', kept, request);
    },
    GetMonitoredResourceDescriptor(request) {
      const { project, type } = readName(request);
      const found = resourceDescriptor(project, type);
      if (!found) throw failure('NOT_FOUND', `Could not find descriptor for monitored resource '${type}'.`);
      return found;
    },
  };
}

/** Of `projects/<project>`: the sandbox knows neither organizations nor folders. */
function projectOf(request: Fields): string {
  const project = /^projects\/([^/]+)$/.exec(String(request['name']))?.[1];
  if (project === undefined) throw invalid(`name is '${String(request['name'])}': write projects/<project>`);
  return project;
}

function descriptorOf(project: string, metric: BuiltinMetric): Fields {
  const { type, metricKind, valueType, unit, description, displayName, resource } = metric;
  return {
    name: `projects/${project}/metricDescriptors/${type}`,
    type,
    labels: metric.labels.map((key) => ({
      key,
      valueType: key === 'response_code_class' ? 'INT64' : 'STRING',
    })),
    metricKind,
    valueType,
    unit,
    description,
    displayName,
    metadata: { samplePeriod: '60s', ingestDelay: `${metric.delayMs / 1000}s` },
    launchStage: 'GA',
    monitoredResourceTypes: [resource],
  };
}

/** One page of a list; the token says how many were shown before. */
function pageOf(field: string, all: Fields[], request: Fields): Fields {
  const size = ((request['pageSize'] ?? 0) as number) || MOST_DESCRIPTORS;
  const from = Number(request['pageToken'] ?? 0);
  if (!Number.isInteger(from) || from < 0)
    throw invalid(
      `pageToken is '${String(request['pageToken'])}': give the nextPageToken of the page before`,
    );
  const to = from + size;
  return { [field]: all.slice(from, to), ...(to < all.length ? { nextPageToken: String(to) } : {}) };
}
