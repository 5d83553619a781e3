import type { ApplicationSpec } from '../domain/application.ts';
import type { DemandSeries } from '../domain/demand-series.ts';
import type { Clock } from '../ports/clock.ts';
import type { DemandSource, Sample } from '../ports/demand.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { GcpClients } from './clients.ts';
import { createMonitoringReader } from './demand-monitoring.ts';
import { Refusals } from './demand-refused.ts';
import { finalSteps, type DemandSpan } from './demand-span.ts';
import { headersOf } from './prometheus-credentials.ts';
import { queryRange } from './prometheus.ts';

const NO_SECRETS: Secrets = {
  read(_, field) {
    throw new Error(`${field}: this process knows no secrets: ask through the worker`);
  },
};

/**
 * Demand as the specification says where it is measured: a metric of Cloud Monitoring or a query to a Prometheus, and the
 * refusals that it does not see.
 * @param tell what a person should know of an application's demand
 * @param secrets that a Prometheus is shown where the specification refers to them; absent: there are none
 */
export function createDemandSource(
  clients: GcpClients,
  clock: Clock,
  tell: (application: string, text: string) => void = () => undefined,
  secrets: Secrets = NO_SECRETS,
): DemandSource {
  const readMetric = createMonitoringReader(clients);
  const refusals = new Refusals(tell);

  async function values(
    spec: ApplicationSpec,
    series: DemandSeries,
    field: string,
    span: DemandSpan,
  ): Promise<Map<number, number>> {
    if (!series.prometheus) return readMetric(spec, series, field, span);
    const { query, url, credentials } = series.prometheus;
    const place =
      url === undefined
        ? clients.managedPrometheus(spec.primary.project)
        : { url, headers: async () => headersOf(credentials, secrets, `${field}.prometheus`) };
    const answer = await queryRange(place, query, span);
    for (const warning of new Set(answer.warnings))
      tell(spec.application, `${field}.prometheus.query: Prometheus warns: ${warning}`);
    return answer.values;
  }

  return {
    async read(spec, from, to) {
      const span = finalSteps(spec, from, to, clock.now());
      if (!span) return [];
      const { refused } = spec.demand;
      const [offered, counted] = await Promise.all([
        values(spec, spec.demand, 'demand', span),
        refused && values(spec, refused, 'demand.refused', span),
      ]);
      const samples = toSamples(offered, from);
      return counted ? refusals.add(spec, samples, counted) : samples;
    },
  };
}

/** Ascending; the grid's first step may end before `from`, which was asked between two. */
function toSamples(values: ReadonlyMap<number, number>, from: number): Sample[] {
  return [...values]
    .map(([at, value]) => ({ at, value }))
    .filter(({ at }) => at > from)
    .sort((a, b) => a.at - b.at);
}
