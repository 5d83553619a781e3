import { endOf } from '../../models/forecaster.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { CarriedLoad } from '../../src/domain/capacity-per-instance.ts';
import type { MetricName, MetricSample, MetricSource, MetricStore } from '../../src/ports/metrics.ts';
import { METRICS } from '../../src/ports/metrics.ts';
import { demandOfDays, type DemandDaysDeps } from './demand-days.ts';

export interface CarriedLoadDeps extends DemandDaysDeps {
  metrics: MetricSource;
  metricStore: MetricStore;
}

const MINUTE_MS = 60_000;
/** Points of a minute may come so late, and are read again. */
const LATE_MS = 15 * MINUTE_MS;
/** A request counts in the minute in which it is answered, its work in those before: over five minutes they agree. */
const SPAN_MS = 5 * MINUTE_MS;

/** Reads what is new of every metric into the ledger, from `from` on at the first time; the source may forget it later. */
export async function rememberMetrics(
  { metrics, metricStore, clock }: CarriedLoadDeps,
  spec: ApplicationSpec,
  from: number,
): Promise<void> {
  const now = clock.now();
  for (const metric of METRICS) {
    const known = await metricStore.metrics(spec.application, metric, from, now);
    const newest = known.at(-1)?.at ?? from;
    const samples = await metrics.read(spec, metric, Math.max(from, newest - LATE_MS), now);
    await metricStore.saveMetrics(spec.application, metric, samples);
  }
}

/** What one instance carried in each span of (from, to] in which both demand and CPU were measured throughout. */
export async function carriedLoad(
  deps: CarriedLoadDeps,
  spec: ApplicationSpec,
  from: number,
  to: number,
): Promise<{ spans: CarriedLoad[]; spanMs: number }> {
  const { stepMs } = spec.demand;
  const spanMs = Math.ceil(SPAN_MS / stepMs) * stepMs;
  const demand = await demandOfDays(deps, spec, from, to);
  if (!demand) return { spans: [], spanMs };
  const [cpu, latency] = await Promise.all(
    (['cpu', 'latencyP99'] as const).map((metric) => byMinute(deps, spec, metric, from, to)),
  );
  const spans: CarriedLoad[] = [];
  for (let end = Math.ceil((from + spanMs) / spanMs) * spanMs; end <= endOf(demand); end += spanMs) {
    const minutes = minutesOf(end, spanMs);
    const loads = minutes.map((at) => {
      const value = demand.values[Math.ceil((at - demand.startAt) / stepMs)];
      const measured = cpu!.get(at);
      if (value === undefined || Number.isNaN(value) || !measured) return undefined;
      return { perInstance: value / measured.instances, cpu: measured.value };
    });
    if (loads.includes(undefined)) continue;
    const latencies = minutes.flatMap((at) => latency!.get(at)?.value ?? []);
    spans.push({
      perInstance: mean(loads.map((load) => load!.perInstance)),
      cpu: mean(loads.map((load) => load!.cpu)),
      ...(latencies.length > 0 ? { latencyP99Ms: mean(latencies) } : {}),
    });
  }
  return { spans, spanMs };
}

async function byMinute(
  { metricStore }: CarriedLoadDeps,
  { application }: ApplicationSpec,
  metric: MetricName,
  from: number,
  to: number,
): Promise<Map<number, MetricSample>> {
  const samples = await metricStore.metrics(application, metric, from, to);
  return new Map(samples.map((sample) => [sample.at, sample]));
}

function minutesOf(end: number, spanMs: number): number[] {
  return Array.from({ length: spanMs / MINUTE_MS }, (_, i) => end - i * MINUTE_MS);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
