import type { ApplicationSpec } from '../../src/domain/application.ts';
import { seriesOfDays } from '../../src/domain/demand-series.ts';
import { joined } from '../../src/domain/imported-demand.ts';
import type { DemandSource, Sample } from '../../src/ports/demand.ts';
import type { History } from '../../src/ports/history.ts';
import { importedDays, stepsOfDays, withImported } from './imported-days.ts';

const DAY_MS = 86_400_000;
/** Cloud Monitoring keeps six weeks. */
export const SHOWN_MS = 42 * DAY_MS;

/**
 * All that is known of an application's demand with from < at <= to: as its source shows it, before that as the ledger kept it,
 * and as it was imported.
 */
export async function knownDemand(
  { demand, history }: { demand: DemandSource; history?: Pick<History, 'demandDays'> },
  spec: ApplicationSpec,
  from: number,
  to: number,
): Promise<Sample[]> {
  const { application } = spec;
  const { stepMs } = spec.demand;
  const [shown, kept = [], imported] = await Promise.all([
    demand.read(spec, Math.max(from, to - SHOWN_MS), to),
    history?.demandDays(application, seriesOfDays(spec.demand), Math.floor(from / DAY_MS) * DAY_MS, to),
    importedDays(history, application, from, to),
  ]);
  return withImported(joined(stepsOfDays(kept, stepMs, from, to), shown, []), imported, stepMs, from, to);
}
