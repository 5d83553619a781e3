import type { Client } from '@temporalio/client';
import { stateQuery } from '../../workflows/messages.ts';
import type { Prices } from '../domain/cost.ts';
import { decide } from '../domain/decide.ts';
import { withExpectedCost } from '../domain/expected-cost.ts';
import { EMPTY_MEMORY } from '../domain/plan.ts';
import type { Preview } from '../domain/preview.ts';
import { effectOf } from '../domain/preview.ts';
import type { StoredLedger } from '../ledger/sql-ledger.ts';
import type { Applications } from '../ports/applications.ts';
import type { CapacitySource } from '../ports/capacity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fleet } from '../ports/fleet.ts';
import { applicationWorkflowId } from '../temporal/ids.ts';

export interface PreviewSources {
  client: Client;
  applications: Applications;
  fleet: Pick<Fleet, 'snapshot'>;
  capacity: CapacitySource;
  ledger: Pick<StoredLedger, 'latestForecast' | 'latestDecision' | 'timesToServe'>;
  clock: Clock;
  prices: Prices;
}

/** Decides on what is now by the newest forecast; writes nothing. Undefined before the first forecast; throws when nobody runs it. */
export function createPreview({
  client,
  applications,
  fleet,
  capacity,
  ledger,
  clock,
  prices,
}: PreviewSources) {
  return async (application: string): Promise<Preview | undefined> => {
    const handle = client.workflow.getHandle(applicationWorkflowId(application));
    const { spec, settings } = await applications.find(application);
    const view = await handle.query(stateQuery);
    const [forecast, before, timesToServe, state, zones] = await Promise.all([
      ledger.latestForecast(application),
      ledger.latestDecision(application),
      ledger.timesToServe(application),
      fleet.snapshot(spec),
      capacity.read(spec),
    ]);
    if (!forecast) return undefined;
    const known = {
      forecast,
      fleet: state,
      capacity: zones,
      prices,
      spec,
      settings,
      memory: before?.memory ?? EMPTY_MEMORY,
      forced: view.forced,
      paused: view.paused !== undefined,
      timesToServe,
      now: clock.now(),
      primaryMinimumBefore: view.primaryMinimumBefore,
    };
    const decision = withExpectedCost(decide(known), known);
    return { decision, effect: effectOf(decision, state, zones, prices, view.primaryMinimumBefore) };
  };
}
