import { toHistory, type History as Series } from '../../models/forecaster.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import { seriesOfDays } from '../../src/domain/demand-series.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { DemandSource } from '../../src/ports/demand.ts';
import type { History } from '../../src/ports/history.ts';
import { importedDays, withImported } from './imported-days.ts';

export const DAY_MS = 86_400_000;
/** A day is not read again once it is so long over: Cloud Monitoring lets samples come a few minutes late. */
const SETTLED_AFTER_MS = 3_600_000;

export interface DemandDaysDeps {
  demand: DemandSource;
  history: Pick<History, 'saveDemandDay' | 'demandDays'>;
  clock: Clock;
}

/**
 * Demand of whole days, from the ledger where it is complete there, else from its source in one request a day, and as it
 * was imported. Samples with from < at <= to; undefined without any. History belongs to the application: its instance group may change.
 */
export async function demandOfDays(
  { demand, history, clock }: DemandDaysDeps,
  spec: ApplicationSpec,
  from: number,
  to: number,
): Promise<Series | undefined> {
  const { application } = spec;
  const { stepMs } = spec.demand;
  const series = seriesOfDays(spec.demand);
  const known = new Map(
    (await history.demandDays(application, series, startOfDay(from), to)).map((day) => [day.day, day]),
  );
  const samples = [];
  const now = clock.now();
  for (let day = startOfDay(from); day < Math.min(to, now); day += DAY_MS) {
    let found = known.get(day);
    if (!found?.complete) {
      const read = await demand.read(spec, day, day + DAY_MS);
      const complete = read.length > 0 && now > day + DAY_MS + SETTLED_AFTER_MS;
      found = { day, stepMs, complete, samples: read };
      if (read.length > 0) await history.saveDemandDay(application, series, found);
    }
    for (const sample of found.samples) if (sample.at > from && sample.at <= to) samples.push(sample);
  }
  const imported = await importedDays(history, application, from, to);
  return toHistory(withImported(samples, imported, stepMs, from, to), stepMs);
}

export function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}
