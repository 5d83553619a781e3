import type { History as Series } from '../../models/forecaster.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { Prices } from '../../src/domain/cost.ts';
import type { Settings } from '../../src/domain/plan.ts';
import type { ReplayWorld } from '../../src/domain/replay.ts';
import type { Applications } from '../../src/ports/applications.ts';
import type { Fleet } from '../../src/ports/fleet.ts';
import type { Ledger } from '../../src/ports/ledger.ts';

/** Utilisation that the primary's autoscaler is taken to keep: no API says what it is set to when it follows no CPU. */
const ASSUMED_UTILISATION = 0.8;
const MINUTE_MS = 60_000;

export interface WorldDeps {
  applications: Applications;
  fleet: Pick<Fleet, 'snapshot'>;
  ledger: Pick<Ledger, 'timesToServe'>;
  prices: Prices;
}

/** An application, and the world that its past is worked out in. Plain data: recorded once, the same for every day. */
export interface KnownApplication {
  world: ReplayWorld;
  settings: Settings;
}

/** Reads what the past is judged by: the specification and settings of now, measured times to serve, the primary's bounds. */
export async function readWorld(deps: WorldDeps, application: string): Promise<KnownApplication> {
  const { spec, settings } = await deps.applications.find(application);
  const [{ primary }, timesToServe] = await Promise.all([
    deps.fleet.snapshot(spec),
    deps.ledger.timesToServe(application),
  ]);
  const { minimum, maximum } = primary;
  return {
    world: {
      spec,
      prices: deps.prices,
      timesToServe,
      primary: { minimum, maximum, utilizationTarget: ASSUMED_UTILISATION },
    },
    settings,
  };
}

/** Demand in instances, a value per minute of [from, to), what is missing as the minute before. */
export function inInstances(
  demand: Series,
  { demand: of }: ApplicationSpec,
  from: number,
  to: number,
): Float64Array {
  const minutes = new Float64Array(Math.max(0, Math.floor((to - from) / MINUTE_MS)));
  let newest = 0;
  for (let minute = 0; minute < minutes.length; minute++) {
    const end = from + (minute + 1) * MINUTE_MS;
    const value = demand.values[Math.ceil((end - demand.startAt) / demand.stepMs)];
    if (value !== undefined && !Number.isNaN(value)) newest = value / of.perInstance;
    minutes[minute] = newest;
  }
  return minutes;
}
