import type { ApplicationSpec } from '../src/domain/application.ts';
import { identityOf } from '../src/domain/demand-series.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import type { History as Past } from '../src/ports/history.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import type { Fitter } from '../models/fitter.ts';
import type { Fitted } from '../models/forecaster.ts';
import { endOf, extend } from '../models/forecaster.ts';
import type { PipelineState } from '../models/pipeline.ts';
import { newPipeline } from '../models/pipeline.ts';
import { HISTORY_MS } from './digest.ts';
import { REFIT_MS, warmUp } from './fits.ts';
import { NearTerm } from './near-term.ts';
import { fingerprints, hasChanged, importedDays, stepsOfDays, withImported } from './past/imported-days.ts';
import { SeenDemand } from './seen-demand.ts';
import { fromStored } from './stored-pipeline.ts';

/** What this process knows of one application's demand. A restarted one reads it again, or the ledger. */
export interface Tracked {
  /** Metric, filter, step and coverage: another one is another series. */
  series: string;
  demand: SeenDemand;
  pipeline: PipelineState;
  nearTerm: NearTerm;
  /** A fit that came out of the thread and waits for the next tick. */
  fresh?: Fitted;
  fitting?: Promise<void>;
  fittedAsOf: number;
  /** The events that the newest fit knew: others call for a new one at once. */
  fittedWith?: string;
  /** What had been imported when it was loaded, and when that was looked at last. */
  imported: ReadonlyMap<string, string>;
  importsReadAt: number;
}

export interface TrackingDeps {
  demand: DemandSource;
  ledger: Pick<Ledger, 'loadModelState'>;
  clock: Clock;
  /** Where imported demand lies. Absent: nothing ever was. */
  history?: Pick<Past, 'demandDays'>;
}

/** Finds an application as this process knows it; the first call loads it, a failed load is tried again. */
export function createTracking(deps: TrackingDeps, fitter: Fitter) {
  const applications = new Map<string, Promise<Tracked>>();
  return (spec: ApplicationSpec, events: readonly AnnouncedEvent[]): Promise<Tracked> => {
    const known = applications.get(spec.application);
    const found = (known ?? Promise.reject(new Error('unknown'))).then(
      async (app) => {
        if (app.series !== seriesOf(spec)) return load(deps, fitter, spec, events);
        // What was learnt without the import is no state to go on from.
        return (await hasNewImports(deps, app, spec))
          ? load(deps, fitter, spec, events, { anew: true })
          : app;
      },
      () => load(deps, fitter, spec, events),
    );
    applications.set(spec.application, found);
    return found;
  };
}

function seriesOf({ application, demand, mirrors }: ApplicationSpec): string {
  return JSON.stringify([application, ...identityOf(demand), demand.stepMs, mirrors.interval]);
}

/** Looked for on the fits' slower beat: what is imported is old, and can wait. */
async function hasNewImports(
  { clock, history }: TrackingDeps,
  app: Tracked,
  { application }: ApplicationSpec,
): Promise<boolean> {
  const now = clock.now();
  if (now - app.importsReadAt < REFIT_MS) return false;
  app.importsReadAt = now;
  const imported = await importedDays(history, application, now - HISTORY_MS, now);
  return hasChanged(app.imported, fingerprints(imported));
}

/** Reads the history; then the pipeline as the ledger has it, unless `anew`, else one warmed up on that history. */
async function load(
  deps: TrackingDeps,
  fitter: Fitter,
  spec: ApplicationSpec,
  events: readonly AnnouncedEvent[],
  { anew = false } = {},
): Promise<Tracked> {
  const { stepMs } = spec.demand;
  const now = deps.clock.now();
  const from = now - HISTORY_MS;
  const [observed, imported] = await Promise.all([
    deps.demand.read(spec, from, now),
    importedDays(deps.history, spec.application, from, now),
  ]);
  const samples = withImported(observed, imported, stepMs, from, now);
  const history = extend(undefined, samples, stepMs, HISTORY_MS);
  const app: Tracked = {
    series: seriesOf(spec),
    demand: new SeenDemand(history, stepsOfDays(imported.replaces, stepMs, from, now)),
    pipeline: newPipeline(stepMs, spec.mirrors.interval),
    nearTerm: new NearTerm(spec),
    fittedAsOf: -Infinity,
    fittedWith: JSON.stringify(events),
    imported: fingerprints(imported),
    importsReadAt: now,
  };
  if (!history) return app;
  const state = anew ? undefined : await deps.ledger.loadModelState(spec.application);
  const stored = fromStored(state, app.series, endOf(history));
  if (!stored) {
    await warmUp(app, history, fitter, spec, events);
    return app;
  }
  return { ...app, pipeline: stored, fittedAsOf: stored.fitted?.asOf ?? -Infinity };
}
