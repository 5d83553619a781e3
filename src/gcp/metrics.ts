import type { ApplicationSpec } from '../domain/application.ts';
import type { Clock } from '../ports/clock.ts';
import type { MetricSample, MetricSource } from '../ports/metrics.ts';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import { hasStatus } from './errors.ts';
import { everyBaseInstanceName } from './ownership.ts';
import { findPrimary } from './primary.ts';

const MINUTE_MS = 60_000;
/** "Sampled every 60 seconds. After sampling, data is not visible for up to 240 seconds": the longest of these metrics. */
const DELAY_MS = 4 * MINUTE_MS;
/** Instances whose memory is read: a filter holds no more ids. The mean over so many says the same. */
const MOST_IDS = 80;

const CPU = 'compute.googleapis.com/instance/cpu/utilization';
/** The Ops Agent's, in per cent; without the agent there is none. */
const MEMORY = 'agent.googleapis.com/memory/percent_used';
const LATENCIES = 'backend_latencies';
const LOAD_BALANCER = /^loadbalancing\.googleapis\.com\/.*\//;

interface Span {
  from: number;
  to: number;
}

/** One read of Cloud Monitoring: which series, and how they become one. */
interface Query {
  project: string;
  filter: string;
  aligner: 'ALIGN_MEAN' | 'ALIGN_DELTA';
  reducer: 'REDUCE_MEAN' | 'REDUCE_COUNT' | 'REDUCE_PERCENTILE_50' | 'REDUCE_PERCENTILE_99';
}

/** Metrics of the primary's and the mirrors' instances, and of the load balancer before them, from Cloud Monitoring. */
export function createMetricSource(clients: GcpClients, clock: Clock): MetricSource {
  return {
    async read(spec, metric, from, to) {
      const newest = Math.min(to, clock.now() - DELAY_MS);
      // Periods are laid backwards from the interval's end: an end on the minute keeps every sample on one.
      const span = { from: floorToMinute(from), to: floorToMinute(newest) };
      if (span.to <= span.from) return [];
      if (metric === 'cpu') return meansOf(clients, spec, await cpuFilter(clients, spec), 1, span);
      if (metric === 'memory') return readMemory(clients, spec, span);
      return readLatencies(clients, spec, metric === 'latencyP50' ? 50 : 99, span);
    },
  };
}

/** The mean over the instances that have a value, and how many those are. */
async function meansOf(
  clients: GcpClients,
  spec: ApplicationSpec,
  filter: string,
  whole: number,
  span: Span,
): Promise<MetricSample[]> {
  const query = { project: spec.primary.project, filter, aligner: 'ALIGN_MEAN' } as const;
  const [means, counts] = await Promise.all([
    read(clients, { ...query, reducer: 'REDUCE_MEAN' }, span),
    read(clients, { ...query, reducer: 'REDUCE_COUNT' }, span),
  ]);
  return means.flatMap(([at, value]) => {
    const instances = counts.find(([other]) => other === at)?.[1];
    return instances ? [{ at, value: value / whole, instances }] : [];
  });
}

/** By the instances' names, since an instance that is gone is in no group's list: a group's base name and four characters. */
async function cpuFilter(clients: GcpClients, spec: ApplicationSpec): Promise<string> {
  const { baseInstanceName } = await findPrimary(clients, spec);
  const names = `(${baseInstanceName}|${everyBaseInstanceName(spec.application)})-[a-z0-9]{4}`;
  const zones = [spec.primary.zone, ...spec.mirrors.zones].map((zone) => `"${zone}"`);
  return [
    `metric.type = "${CPU}"`,
    'resource.type = "gce_instance"',
    `metric.labels.instance_name = monitoring.regex.full_match("${names}")`,
    `resource.labels.zone = one_of(${zones.join(', ')})`,
  ].join(' AND ');
}

/** The agent's series carry ids and no names: those of the instances that had a CPU then. */
async function readMemory(clients: GcpClients, spec: ApplicationSpec, span: Span): Promise<MetricSample[]> {
  const [series] = await call(`instances of ${spec.application}`, async () =>
    clients.metrics.listTimeSeries({
      name: `projects/${spec.primary.project}`,
      filter: await cpuFilter(clients, spec),
      interval: toInterval(span),
      view: 'HEADERS',
    }),
  );
  const ids = series.flatMap(({ resource }) => resource?.labels?.['instance_id'] ?? []).slice(0, MOST_IDS);
  if (ids.length === 0) return [];
  const filter = [
    `metric.type = "${MEMORY}"`,
    'metric.labels.state = "used"',
    `resource.labels.instance_id = one_of(${ids.map((id) => `"${id}"`).join(', ')})`,
  ].join(' AND ');
  return meansOf(clients, spec, filter, 100, span);
}

/** Of the answers that were no errors: a refusal is quick. Percentiles of all series together, from their distributions. */
async function readLatencies(
  clients: GcpClients,
  spec: ApplicationSpec,
  percentile: 50 | 99,
  span: Span,
): Promise<MetricSample[]> {
  const { demand, routing, primary } = spec;
  const family = LOAD_BALANCER.exec(demand.metric)?.[0];
  if (!family && routing.kind !== 'loadBalancer') return [];
  const terms = [
    `metric.type = "${family ?? 'loadbalancing.googleapis.com/https/'}${LATENCIES}"`,
    'metric.labels.response_code_class = 200',
  ];
  if (family && demand.filter.trim() !== '') terms.push(`(${demand.filter})`);
  else if (routing.kind === 'loadBalancer')
    terms.push(`resource.labels.backend_target_name = "${routing.backendService}"`);
  const values = await read(
    clients,
    {
      project: primary.project,
      filter: terms.join(' AND '),
      aligner: 'ALIGN_DELTA',
      reducer: `REDUCE_PERCENTILE_${percentile}`,
    },
    span,
  );
  return values.map(([at, value]) => ({ at, value, instances: 1 }));
}

/** A value per minute, ascending; none where the project never wrote the metric. */
async function read(clients: GcpClients, query: Query, span: Span): Promise<[at: number, value: number][]> {
  const { project, filter, aligner, reducer } = query;
  try {
    const [series] = await call(`metric ${filter}`, () =>
      clients.metrics.listTimeSeries({
        name: `projects/${project}`,
        filter,
        interval: toInterval(span),
        aggregation: {
          alignmentPeriod: { seconds: MINUTE_MS / 1000 },
          perSeriesAligner: aligner,
          crossSeriesReducer: reducer,
        },
        view: 'FULL',
      }),
    );
    return series
      .flatMap(({ points }) => points ?? [])
      .map(({ interval, value }): [number, number] => [
        Number(interval?.endTime?.seconds ?? 0) * 1000,
        Number(value?.doubleValue ?? value?.int64Value ?? Number.NaN),
      ])
      .filter(([at, value]) => at > span.from && at <= span.to && Number.isFinite(value))
      .sort(([a], [b]) => a - b);
  } catch (error) {
    if (hasStatus(error, 404)) return [];
    throw error;
  }
}

function toInterval({ from, to }: Span) {
  return { startTime: { seconds: from / 1000 }, endTime: { seconds: to / 1000 } };
}

function floorToMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}
