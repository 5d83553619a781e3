import { instancesForLoad } from '../../../domain/target-tracking.ts';
import type { Plane, World } from '../../world.ts';
import { isSameBackend, readBackendLink, servicesWith } from '../load-balancing/members.ts';
import type { BackendService } from '../load-balancing/shapes.ts';
import type { Machine } from '../machine.ts';
import { keyOf } from '../resources.ts';
import type { Place } from '../resources.ts';
import type { AutoscalingPolicy, CustomMetric, Group } from '../shapes.ts';

/** Over which time CPU, gauges and requests are averaged, ms. */
const AVERAGE_MS = 60_000;
const GAUGE_MS = 120_000;

export interface StatusDetail {
  type: string;
  message: string;
}

/** What one signal asks for: a size, or why it cannot say. */
export type Wanted = { size: number } | { problem: StatusDetail };

/** What signals are read from. */
export interface Sources {
  world: World;
  plane: Plane & {
    meter(project: string, backendService: string): RequestMeter;
  };
  /** `timeSeries.list` of Monitoring, in JSON; throws what it answers. */
  listTimeSeries(request: Record<string, unknown>): Record<string, unknown>;
}

interface RequestMeter {
  series(): { backend: string; responseClass: number }[];
  minutes(backend: string, responseClass: number, from: number, to: number): { requests: number }[];
}

/** What every signal of the policy asks for. `machines` have run for longer than their initialisation period. */
export function readSignals(
  sources: Sources,
  place: Place,
  group: Group,
  policy: AutoscalingPolicy,
  machines: Machine[],
): Wanted[] {
  const wanted: Wanted[] = [];
  if (policy.cpuUtilization)
    wanted.push(...byCpu(sources, machines, policy.cpuUtilization.utilizationTarget));
  for (const metric of policy.customMetricUtilizations ?? [])
    wanted.push(byMetric(sources, place, group, metric, machines));
  if (policy.loadBalancingUtilization)
    wanted.push(byRequests(sources, place, group, policy.loadBalancingUtilization.utilizationTarget));
  return wanted;
}

/** Asks for nothing while no instance has a CPU utilisation yet. */
function byCpu({ world, plane }: Sources, machines: Machine[], target: number): Wanted[] {
  const now = world.clock.now();
  const utilizations = machines
    .map(({ instance }) => plane.cpu(instance, now - AVERAGE_MS, now))
    .filter((utilization) => utilization !== undefined);
  const size = instancesForLoad(utilizations, target);
  return size === undefined ? [] : [{ size }];
}

/**
 * A metric of the instances: their sum over the target. One of the whole group: what it assigns to each instance, or in
 * proportion to the target size.
 */
function byMetric(
  sources: Sources,
  place: Place,
  group: Group,
  metric: CustomMetric,
  machines: Machine[],
): Wanted {
  const read = seriesOf(sources, place, metric);
  if ('problem' in read) return read;
  const ids = new Set(machines.map(({ instance }) => instance.id));
  const own = isOfInstances(metric)
    ? read.series.filter(({ labels }) => ids.has(labels['instance_id'] ?? ''))
    : read.series;
  if (own.length === 0) {
    const message = `The autoscaler did not receive any data of '${metric.metric}'.`;
    return { problem: { type: 'MISSING_CUSTOM_METRIC_DATA_POINTS', message } };
  }
  const sum = own.reduce((total, { value }) => total + value, 0);
  if (metric.singleInstanceAssignment !== undefined)
    return { size: instancesForLoad([sum], metric.singleInstanceAssignment)! };
  const load = isOfInstances(metric) ? sum : sum * group.targetSize;
  return { size: instancesForLoad([load], metric.utilizationTarget!)! };
}

/** The newest value of every series: a mean for gauges, else the rate per second or per minute. */
function seriesOf(
  { world, listTimeSeries }: Sources,
  { project }: Place,
  metric: CustomMetric,
): { series: { labels: Record<string, string>; value: number }[] } | { problem: StatusDetail } {
  const now = world.clock.now();
  const isGauge = metric.utilizationTargetType === 'GAUGE';
  const resource = /resource\.type/.test(metric.filter) ? [] : ['resource.type = "gce_instance"'];
  const named = /metric\.type/.test(metric.filter) ? [] : [`metric.type = "${metric.metric}"`];
  const filter = [...named, ...resource, ...(metric.filter === '' ? [] : [metric.filter])].join(' AND ');
  try {
    const { timeSeries } = listTimeSeries({
      name: `projects/${project}`,
      filter,
      interval: {
        startTime: new Date(now - 2 * GAUGE_MS).toISOString(),
        endTime: new Date(now).toISOString(),
      },
      aggregation: {
        alignmentPeriod: isGauge ? `${GAUGE_MS / 1000}s` : '60s',
        perSeriesAligner: isGauge ? 'ALIGN_MEAN' : 'ALIGN_RATE',
      },
    }) as { timeSeries?: JsonSeries[] };
    const factor = metric.utilizationTargetType === 'DELTA_PER_MINUTE' ? 60 : 1;
    return {
      series: (timeSeries ?? []).flatMap(({ resource: { labels }, points }) =>
        points[0] ? [{ labels, value: factor * numberIn(points[0].value) }] : [],
      ),
    };
  } catch (error) {
    return { problem: { type: 'CUSTOM_METRIC_INVALID', message: (error as Error).message } };
  }
}

interface JsonSeries {
  resource: { labels: Record<string, string> };
  points: { value: { doubleValue?: number; int64Value?: string } }[];
}

function numberIn({ doubleValue, int64Value }: { doubleValue?: number; int64Value?: string }): number {
  return doubleValue ?? Number(int64Value ?? 0);
}

function isOfInstances({ filter }: CustomMetric): boolean {
  return !/resource\.type/.test(filter) || /resource\.type\s*=\s*"gce_instance"/.test(filter);
}

/** Requests of the last whole minute over what an instance may be sent (`maxRatePerInstance`) times the target. */
function byRequests({ world, plane }: Sources, place: Place, group: Group, target: number): Wanted {
  const backend = { ...place, name: group.name, collection: 'instanceGroups' } as const;
  const services = servicesWith(world, backend);
  if (services.length === 0)
    return problem('BACKEND_SERVICE_DOES_NOT_EXIST', 'No backend service is attached to the group.');
  if (services.length > 1)
    return problem(
      'MORE_THAN_ONE_BACKEND_SERVICE',
      'More than one backend service is attached to the group.',
    );
  const key = keyOf({ ...place, location: 'global', name: services[0]! });
  const { backends } = world.backendServices.get(key) as BackendService;
  const { maxRatePerInstance } = backends.find(({ group: link }) =>
    isSameBackend(readBackendLink(link, place), backend),
  )!;
  if (!maxRatePerInstance)
    return problem(
      'UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION',
      'The sandbox scales on maxRatePerInstance only.',
    );
  const now = world.clock.now();
  const minute = Math.floor(now / AVERAGE_MS) * AVERAGE_MS;
  const meter = plane.meter(place.project, services[0]!);
  const counts = meter
    .series()
    .filter((series) => series.backend === group.name)
    .flatMap(({ responseClass }) => meter.minutes(group.name, responseClass, minute - AVERAGE_MS, minute));
  if (counts.length === 0)
    return problem('MISSING_LOAD_BALANCING_DATA_POINTS', 'The group has not received any requests.');
  const rate = counts.reduce((total, { requests }) => total + requests, 0) / (AVERAGE_MS / 1000);
  return { size: instancesForLoad([rate / maxRatePerInstance], target)! };
}

function problem(type: string, message: string): Wanted {
  return { problem: { type, message } };
}
