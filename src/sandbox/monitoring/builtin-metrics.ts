import { LATENCY_BUCKETS } from '../plane/latency-histogram.ts';
import type { PlaneExtras } from '../plane/plane.ts';
import { MINUTE_MS, NO_BACKEND } from '../plane/traffic-meter.ts';
import type { Instance, Plane, World } from '../world.ts';
import type { MetricKind, Point, Reader, Series, ValueType } from './series.ts';

/** "Sampled every 60 seconds. After sampling, data is not visible for up to 210 seconds", of every https metric. */
const BALANCER_DELAY_MS = 210_000;
/** The same of the metrics of instances and groups: 240 seconds. */
const COMPUTE_DELAY_MS = 240_000;

/** A metric that the sandbox measures itself. */
export interface BuiltinMetric {
  type: string;
  metricKind: MetricKind;
  valueType: ValueType;
  unit: string;
  displayName: string;
  description: string;
  /** Labels of the metric that its series carry here. */
  labels: readonly string[];
  resource: string;
  /** How long after its end a point becomes visible, ms. */
  delayMs: number;
  read: Reader;
}

type Shape = Omit<BuiltinMetric, 'read' | 'displayName'>;

const LB = { resource: 'https_lb_rule', labels: ['response_code_class'], delayMs: BALANCER_DELAY_MS };
const COUNTS = { ...LB, metricKind: 'DELTA', valueType: 'INT64', unit: '1' } as const;
const LATENCIES = { ...LB, metricKind: 'DELTA', valueType: 'DISTRIBUTION', unit: 'ms' } as const;
const VM = {
  resource: 'gce_instance',
  labels: ['instance_name'],
  valueType: 'DOUBLE',
  delayMs: COMPUTE_DELAY_MS,
} as const;

/** Everything that the sandbox measures, one point a minute. */
export function builtinMetrics(world: World, plane: Plane & PlaneExtras): BuiltinMetric[] {
  const metric = (shape: Shape, read: (shape: Shape) => Reader): BuiltinMetric => ({
    ...shape,
    displayName: shape.description.split('.')[0]!,
    read: read(shape),
  });
  const counts = (onlyBackends: boolean) => (shape: Shape) => countReader(plane, shape, onlyBackends);
  const latencies = (shape: Shape) => latencyReader(plane, shape);
  const machines = (valueOf: InstanceValue) => (shape: Shape) => instanceReader(world, shape, valueOf);
  const https = 'loadbalancing.googleapis.com/https';
  const instance = 'compute.googleapis.com/instance';
  return [
    metric(
      { ...COUNTS, type: `${https}/request_count`, description: 'Request count. Requests served.' },
      counts(false),
    ),
    metric(
      {
        ...COUNTS,
        type: `${https}/backend_request_count`,
        description: 'Backend request count. Requests sent to backends.',
      },
      counts(true),
    ),
    metric(
      {
        ...LATENCIES,
        type: `${https}/total_latencies`,
        description: 'Total latency. From the request to the last byte of the answer.',
      },
      latencies,
    ),
    metric(
      {
        ...LATENCIES,
        type: `${https}/backend_latencies`,
        description: 'Backend latency. From sending the request to the backend to its last byte.',
      },
      latencies,
    ),
    metric(
      {
        ...VM,
        metricKind: 'GAUGE',
        unit: '10^2.%',
        type: `${instance}/cpu/utilization`,
        description: 'CPU utilization. Fractional, 0.0 to 1.0.',
      },
      machines((machine, from, to) => plane.cpu(machine, from, to)),
    ),
    metric(
      {
        ...VM,
        metricKind: 'DELTA',
        unit: 's{uptime}',
        type: `${instance}/uptime`,
        description: 'Uptime. Seconds that the VM has been running.',
      },
      machines((machine, from, to) => runningMs(machine, from, to) / 1000 || undefined),
    ),
    metric(
      {
        resource: 'instance_group',
        labels: [],
        delayMs: COMPUTE_DELAY_MS,
        metricKind: 'GAUGE',
        valueType: 'INT64',
        unit: '1',
        type: 'compute.googleapis.com/instance_group/size',
        description: 'Instance group size. VMs in the group that are running.',
      },
      (shape) => groupSizeReader(world, shape),
    ),
  ];
}

function countReader(plane: PlaneExtras, shape: Shape, onlyBackends: boolean): Reader {
  return (project, from, to) =>
    plane.metered(project).flatMap((service) => {
      const meter = plane.meter(project, service);
      return meter
        .series()
        .filter(({ backend }) => !onlyBackends || backend !== NO_BACKEND)
        .map(({ backend, responseClass }) => ({
          ...balanced(shape, project, service, backend, responseClass),
          points: meter
            .minutes(backend, responseClass, from, to)
            .map(({ end, requests }) => ({ start: end - MINUTE_MS, end, value: requests })),
        }));
    });
}

/** The load balancer adds nothing of its own in sandbox time: both latencies are those of the instances. */
function latencyReader(plane: PlaneExtras, shape: Shape): Reader {
  return (project, from, to) =>
    plane.metered(project).flatMap((service) => {
      const meter = plane.meter(project, service);
      return meter.series().map(({ backend, responseClass }) => ({
        ...balanced(shape, project, service, backend, responseClass),
        points: meter.latencies(backend, responseClass, from, to).map(({ end, histogram }) => ({
          start: end - MINUTE_MS,
          end,
          value: { ...histogram, bucketOptions: { exponentialBuckets: LATENCY_BUCKETS } },
        })),
      }));
    });
}

function balanced(shape: Shape, project: string, service: string, backend: string, responseClass: number) {
  const resource = { project_id: project, backend_target_name: service, backend_name: backend };
  return headOf(shape, { response_code_class: String(responseClass) }, resource);
}

/** An instance's value over the minute (from, to]; undefined where there is none. */
type InstanceValue = (instance: Instance, from: number, to: number) => number | undefined;

function instanceReader(world: World, shape: Shape, valueOf: InstanceValue): Reader {
  return (project, from, to) =>
    everyInstance(world, project, from).map((instance) => {
      const { zone, id } = instance;
      const labels = { project_id: project, zone, instance_id: id };
      const points: Point[] = [];
      for (let end = firstMinute(Math.max(from, instance.createdAt)); end <= to; end += MINUTE_MS) {
        const value = valueOf(instance, end - MINUTE_MS, end);
        const start = shape.metricKind === 'GAUGE' ? end : end - MINUTE_MS;
        if (value !== undefined) points.push({ start, end, value });
      }
      return { ...headOf(shape, { instance_name: instance.name }, labels), points };
    });
}

function groupSizeReader(world: World, shape: Shape): Reader {
  return (project, from, to) => {
    const groups = new Map<string, Instance[]>();
    for (const instance of everyInstance(world, project, from)) {
      const key = `${instance.zone}/${instance.group ?? ''}`;
      groups.set(key, [...(groups.get(key) ?? []), instance]);
    }
    return [...groups].map(([key, members]) => {
      const [location = '', name = ''] = key.split('/');
      const points: Point[] = [];
      const since = Math.min(...members.map(({ createdAt }) => createdAt));
      for (let end = firstMinute(Math.max(from, since)); end <= to; end += MINUTE_MS)
        points.push({ start: end, end, value: members.filter((member) => isRunningAt(member, end)).length });
      const labels = { project_id: project, location, instance_group_name: name };
      return { ...headOf(shape, {}, labels), points };
    });
  };
}

function headOf(
  { type, metricKind, valueType, unit, resource }: Shape,
  metricLabels: Record<string, string>,
  resourceLabels: Record<string, string>,
): Omit<Series, 'points'> {
  return {
    metric: { type, labels: metricLabels },
    resource: { type: resource, labels: resourceLabels },
    metricKind,
    valueType,
    unit,
  };
}

/** Instances that were there after `from`, deleted ones too. */
function everyInstance(world: World, project: string, from: number): Instance[] {
  return [...world.graveyard, ...world.instances.values()].filter(
    ({ project: owner, spans }) => owner === project && (spans.at(-1)?.to ?? Infinity) > from,
  );
}

function runningMs({ spans }: Instance, from: number, to: number): number {
  let ranMs = 0;
  for (const span of spans)
    if (span.state === 'running')
      ranMs += Math.max(0, Math.min(span.to ?? to, to) - Math.max(span.from, from));
  return ranMs;
}

function isRunningAt({ spans }: Instance, at: number): boolean {
  return spans.some(({ state, from, to }) => state === 'running' && from <= at && at < (to ?? Infinity));
}

/** End of the first whole minute after `from`. */
function firstMinute(from: number): number {
  return (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS;
}
