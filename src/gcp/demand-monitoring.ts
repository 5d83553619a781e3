import type { ApplicationSpec } from '../domain/application.ts';
import type { DemandSeries } from '../domain/demand-series.ts';
import { alignerOf, checkFit, reducerOf } from './demand-aligners.ts';
import type { MetricShape } from './demand-aligners.ts';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import type { DemandSpan } from './demand-span.ts';
import { CloudError } from './errors.ts';

/** Cloud Monitoring aligns to no less than a minute. */
const SHORTEST_STEP_MS = 60_000;

/** Values of a metric by the end of their step. `field` names the series in the specification, for messages. */
export type MonitoringReader = (
  spec: ApplicationSpec,
  series: DemandSeries,
  field: string,
  span: DemandSpan,
) => Promise<Map<number, number>>;

/** Reads metrics of Cloud Monitoring as the series says, after a look at whether the metric can be read so. */
export function createMonitoringReader(clients: GcpClients): MonitoringReader {
  /** Kind and type of a metric never change. Undefined: asked, and not told. */
  const shapes = new Map<string, MetricShape | undefined>();

  async function shapeOf(project: string, metric: string): Promise<MetricShape | undefined> {
    const name = `projects/${project}/metricDescriptors/${metric}`;
    if (shapes.has(name)) return shapes.get(name);
    const shape = await describe(clients, name);
    shapes.set(name, shape);
    return shape;
  }

  return async (spec, series, field, { from, to, stepMs }) => {
    if (stepMs < SHORTEST_STEP_MS || stepMs % 1000 !== 0)
      throw new Error(
        `demand.step: ${stepMs} ms is no step of Cloud Monitoring; use whole seconds, 60 or more`,
      );
    const { project } = spec.primary;
    const shape = await shapeOf(project, series.metric);
    if (shape) checkFit(series, field, shape);
    // Periods are laid backwards from the interval's end: an end on the grid keeps every sample on it.
    const [answer] = await call(`${field} of ${spec.application}`, () =>
      clients.metrics.listTimeSeries({
        name: `projects/${project}`,
        filter: filterOf(spec, series),
        interval: { startTime: toTimestamp(from), endTime: toTimestamp(to) },
        aggregation: {
          alignmentPeriod: { seconds: stepMs / 1000 },
          perSeriesAligner: alignerOf(series),
          crossSeriesReducer: reducerOf(series),
        },
        view: 'FULL',
      }),
    );
    const values = new Map<number, number>();
    for (const { points } of answer)
      for (const { interval, value } of points ?? []) {
        const at = toMs(interval?.endTime);
        if (at === undefined || at <= from || at > to) continue;
        values.set(at, (values.get(at) ?? 0) + Number(value?.doubleValue ?? value?.int64Value ?? 0));
      }
    return values;
  };
}

/** Undefined where the metric is not written yet, or not for us to see: Monitoring itself says then what is wrong. */
async function describe({ metrics }: GcpClients, name: string): Promise<MetricShape | undefined> {
  try {
    const [descriptor] = await call(name, () => metrics.getMetricDescriptor({ name }));
    return { kind: String(descriptor.metricKind), type: String(descriptor.valueType) };
  } catch (error) {
    if (error instanceof CloudError) return undefined;
    throw error;
  }
}

/** The metric, the user's terms, and the backend service where no terms were given: else other services would count too. */
function filterOf({ routing }: ApplicationSpec, { metric, filter }: DemandSeries): string {
  const terms = [`metric.type = "${metric}"`];
  if (filter.trim() !== '') terms.push(`(${filter})`);
  else if (routing.kind === 'loadBalancer' && metric.startsWith('loadbalancing.googleapis.com/'))
    terms.push(`resource.labels.backend_target_name = "${routing.backendService}"`);
  return terms.join(' AND ');
}

function toTimestamp(ms: number) {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function toMs(
  timestamp: { seconds?: unknown; nanos?: number | null } | null | undefined,
): number | undefined {
  if (!timestamp) return undefined;
  return Number(timestamp.seconds ?? 0) * 1000 + Math.round((timestamp.nanos ?? 0) / 1_000_000);
}
