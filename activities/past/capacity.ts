import { proposeCapacity, type CapacityProposal } from '../../src/domain/capacity-per-instance.ts';
import { declaredPerInstance } from '../../src/domain/learnt-spec.ts';
import { carriedLoad, rememberMetrics, type CarriedLoadDeps } from './carried-load.ts';
import { DAY_MS } from './demand-days.ts';
import type { KnownApplication } from './known-past.ts';

/** Another release or machine type has taken over after half of it. */
const MEASURED_MS = 3 * DAY_MS;

/** What the last days say that an instance carries. Where the source is silent, what the ledger holds serves. */
export async function learnCapacity(
  deps: CarriedLoadDeps,
  { world: { spec }, settings }: KnownApplication,
): Promise<CapacityProposal> {
  const now = deps.clock.now();
  await rememberMetrics(deps, spec, now - MEASURED_MS).catch(() => undefined);
  const { spans, spanMs } = await carriedLoad(deps, spec, now - MEASURED_MS, now);
  return proposeCapacity(spans, spanMs, declaredPerInstance(spec), settings.capacityFactor, spec.objectives);
}
