import type { ApplicationSpec } from '../domain/application.ts';
import type { Clock } from '../ports/clock.ts';
import type { DemandSource, Sample } from '../ports/demand.ts';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';

/** Cloud Monitoring aligns to no less than a minute. */
const SHORTEST_STEP_MS = 60_000;

/** Demand from a counter metric of Cloud Monitoring, summed over its series, per second. */
export function createDemandSource(clients: GcpClients, clock: Clock): DemandSource {
  return { read: (spec, from, to) => read(clients, clock, spec, from, to) };
}

async function read(
  clients: GcpClients,
  clock: Clock,
  spec: ApplicationSpec,
  from: number,
  to: number,
): Promise<Sample[]> {
  const { stepMs, observationDelayMs } = spec.demand;
  if (stepMs < SHORTEST_STEP_MS || stepMs % 1000 !== 0)
    throw new Error(
      `demand.step: ${stepMs} ms is no step of Cloud Monitoring; use whole seconds, 60 or more`,
    );
  // Periods are laid backwards from the interval's end: an end on the grid keeps every sample on it.
  const newestEnd = floorTo(Math.min(to, clock.now() - observationDelayMs), stepMs);
  const oldestStart = floorTo(from, stepMs);
  if (newestEnd <= oldestStart) return [];
  const [series] = await call(`demand of ${spec.application}`, () =>
    clients.metrics.listTimeSeries({
      name: `projects/${spec.primary.project}`,
      filter: filterOf(spec),
      interval: { startTime: toTimestamp(oldestStart), endTime: toTimestamp(newestEnd) },
      aggregation: {
        alignmentPeriod: { seconds: stepMs / 1000 },
        perSeriesAligner: 'ALIGN_RATE',
        crossSeriesReducer: 'REDUCE_SUM',
      },
      view: 'FULL',
    }),
  );
  const values = new Map<number, number>();
  for (const { points } of series)
    for (const { interval, value } of points ?? []) {
      const at = toMs(interval?.endTime);
      if (at === undefined || at <= from || at > newestEnd) continue;
      values.set(at, (values.get(at) ?? 0) + Number(value?.doubleValue ?? value?.int64Value ?? 0));
    }
  return [...values].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at);
}

/** The metric, the user's terms, and the backend service where no terms were given: else other services would count too. */
function filterOf(spec: ApplicationSpec): string {
  const terms = [`metric.type = "${spec.demand.metric}"`];
  if (spec.demand.filter.trim() !== '') terms.push(`(${spec.demand.filter})`);
  else if (spec.routing.kind === 'loadBalancer')
    terms.push(`resource.labels.backend_target_name = "${spec.routing.backendService}"`);
  return terms.join(' AND ');
}

function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
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
