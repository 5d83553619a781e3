import { declaredPerInstance } from '../src/domain/learnt-spec.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { FleetState } from '../src/domain/plan.ts';
import { servingOf } from '../src/domain/levels.ts';
import { saturation } from '../src/domain/saturation.ts';
import { CAPACITY_BOUND } from '../src/domain/settings.ts';
import type { MetricName, MetricSource } from '../src/ports/metrics.ts';

/** Metrics may be a few minutes older than the newest demand. */
const RECENT_MS = 10 * 60_000;
/** Only the explanation waits for it: a decision that comes late is worse than one that says less. Wall ms. */
const PATIENCE_WALL_MS = 3_000;

/** Each answer costs four requests (7 ms of CPU, measured): it holds for this long, application time. */
const FRESH_MS = 5 * 60_000;

/** The same for every look of every application, remembered for a while. */
export function createSaturationWatch(metrics: MetricSource) {
  const known = new Map<string, { asOf: number; why: string | undefined }>();
  return async (spec: ApplicationSpec, forecast: ForecastDigest, fleet: FleetState) => {
    if (isQuiet(spec, forecast, fleet)) return undefined;
    const before = known.get(spec.application);
    const { asOf } = forecast;
    if (before && asOf >= before.asOf && asOf - before.asOf < FRESH_MS) return before.why;
    const why = await whyMoreThanSeen(metrics, spec, forecast);
    known.set(spec.application, { asOf, why });
    return why;
  };
}

/**
 * Why the demand observed may be less than what was asked for, in words; undefined where nothing hints at it, or nobody can
 * tell.
 */
export async function whyMoreThanSeen(
  metrics: MetricSource,
  spec: ApplicationSpec,
  { asOf }: ForecastDigest,
): Promise<string | undefined> {
  const newest = async (name: MetricName) =>
    (await metrics.read(spec, name, asOf - RECENT_MS, asOf)).at(-1)?.value;
  const [cpu, latencyP99Ms] = await Promise.race([
    Promise.all([newest('cpu'), newest('latencyP99')]).catch(() => []),
    patience(),
  ]);
  return saturation(
    { ...(cpu === undefined ? {} : { cpu }), ...(latencyP99Ms === undefined ? {} : { latencyP99Ms }) },
    spec.objectives,
  );
}

/** Instances have less than the least that a measurement may make of their declared capacity: nobody need be asked. */
function isQuiet(spec: ApplicationSpec, { observed }: ForecastDigest, fleet: FleetState): boolean {
  return observed < CAPACITY_BOUND.least * servingOf(fleet) * declaredPerInstance(spec);
}

function patience(): Promise<[]> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_WALL_MS, []).unref());
}
