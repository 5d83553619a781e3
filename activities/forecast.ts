import type { ApplicationSpec } from '../src/domain/application.ts';
import { identityOf } from '../src/domain/demand-series.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Settings } from '../src/domain/plan.ts';
import { createThreadFitter, warmUpBest } from '../models/fitter.ts';
import type { Fitter } from '../models/fitter.ts';
import type { Fitted, History } from '../models/forecaster.ts';
import { endOf, extend, until } from '../models/forecaster.ts';
import type { PipelineState } from '../models/pipeline.ts';
import { newPipeline, runPipeline } from '../models/pipeline.ts';
import { seasonalNaive } from '../models/seasonal-naive.ts';
import { samplesIn } from '../models/warm-up.ts';
import { digestOf, HISTORY_MS, HORIZON_MS, PATH_MS, windowsOf } from './digest.ts';
import { NearTerm } from './near-term.ts';
import { fingerprints, hasChanged, importedDays, stepsOfDays, withImported } from './past/imported-days.ts';
import { SeenDemand } from './seen-demand.ts';
import { sizedEvents } from './sized-events.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import type { EventStore } from '../src/ports/events.ts';
import type { History as Past } from '../src/ports/history.ts';
import type { Ledger } from '../src/ports/ledger.ts';

export interface ForecastDeps {
  demand: DemandSource;
  ledger: Pick<Ledger, 'saveForecast' | 'timesToServe' | 'loadModelState' | 'saveModelState'>;
  clock: Clock;
  /** What is announced. Absent: nothing ever is. */
  events?: Pick<EventStore, 'events' | 'outcomes'>;
  /** Where imported demand lies, and what was seen to serve. Absent: neither ever was. */
  history?: Pick<Past, 'demandDays' | 'servedOf'>;
  /** Absent: a thread of its own. */
  fitter?: Fitter;
}

export interface ForecastInput {
  spec: ApplicationSpec;
  settings: Settings;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const REFIT_MS = 15 * MINUTE_MS;
/** The fallback's warm-up runs on the tick's own thread: three days replayed take a quarter of a second. */
const FALLBACK_HISTORY_MS = 5 * DAY_MS;
/** Wall time that the first forecast waits for the warm-up; after that it goes out by the fallback. */
const PATIENCE_WALL_MS = 12_000;

/** What this process knows of one application's demand. A restarted one reads it again, or the ledger. */
interface Tracked {
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

/** Forecast: reads demand, runs the pipeline, keeps the fan in the ledger, returns what the decision needs. */
export function createForecastActivities(deps: ForecastDeps) {
  const fitter = deps.fitter ?? createThreadFitter();
  const applications = new Map<string, Promise<Tracked>>();

  /** The application as this process knows it; the first call loads it, a failed load is tried again. */
  function find(spec: ApplicationSpec, events: readonly AnnouncedEvent[]): Promise<Tracked> {
    const known = applications.get(spec.application);
    const found = (known ?? Promise.reject(new Error('unknown'))).then(
      async (app) => {
        if (app.series !== seriesOf(spec)) return load(deps, fitter, spec, events);
        // What was learnt without the import is no state to go on from.
        return (await hasNewImports(app, spec)) ? load(deps, fitter, spec, events, { anew: true }) : app;
      },
      () => load(deps, fitter, spec, events),
    );
    applications.set(spec.application, found);
    return found;
  }

  /** Looked for on the slower beat: what is imported is old, and can wait. */
  async function hasNewImports(app: Tracked, { application }: ApplicationSpec): Promise<boolean> {
    const now = deps.clock.now();
    if (now - app.importsReadAt < REFIT_MS) return false;
    app.importsReadAt = now;
    const imported = await importedDays(deps.history, application, now - HISTORY_MS, now);
    return hasChanged(app.imported, fingerprints(imported));
  }

  return {
    async forecast({ spec, settings }: ForecastInput): Promise<ForecastDigest> {
      const now = deps.clock.now();
      const events = await sizedEvents(deps.events, spec, now - HISTORY_MS, now + HORIZON_MS, now);
      const app = await find(spec, events);
      const { known, asOf, delayMs, young } = await app.demand.readOn(
        deps.demand,
        spec,
        now,
        app.pipeline.asOf,
      );
      if (!app.nearTerm.fits(spec, delayMs)) app.nearTerm = new NearTerm(spec, delayMs);
      if (known)
        await app.nearTerm.learn(
          known,
          events,
          async (from) => (await deps.history?.servedOf(spec.application, from - delayMs, now)) ?? [],
        );
      const times = await deps.ledger.timesToServe(spec.application);
      const output = runPipeline(app.pipeline, {
        samples: known ? samplesIn(known, app.pipeline.asOf ?? -Infinity, asOf) : [],
        asOf,
        windowsMs: windowsOf(times, settings, now - asOf),
        horizonMs: HORIZON_MS,
        sustainedMs: settings.breakEvenMs,
        fit: app.fresh,
      });
      app.pipeline = output.state;
      if (app.fresh) await deps.ledger.saveModelState(spec.application, toStored(app));
      delete app.fresh;
      refit(app, fitter, known, spec, events);
      // Counts mostly fill up: what is young shows the least that came, and reaction may not wait.
      const observed = Math.max(output.observed, ...young);
      const digest = {
        ...digestOf(spec, asOf, now, { ...output, observed }, app.nearTerm.outlook(now)),
        ...(delayMs > spec.demand.observationDelayMs ? { observationDelayMs: delayMs } : {}),
      };
      await deps.ledger.saveForecast(digest, output.fan);
      return digest;
    },
  };
}

function seriesOf({ application, demand, mirrors }: ApplicationSpec): string {
  return JSON.stringify([application, ...identityOf(demand), demand.stepMs, mirrors.interval]);
}

/** Reads the history; then the pipeline as the ledger has it, unless `anew`, else one warmed up on that history. */
async function load(
  deps: ForecastDeps,
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
  if (stored) {
    app.pipeline = stored;
    app.fittedAsOf = stored.fitted?.asOf ?? -Infinity;
    return app;
  }
  app.fittedAsOf = endOf(history);
  app.fitting = warmUp(app, history, fitter, spec, events);
  await Promise.race([app.fitting, patience()]);
  // Late or failed: the same time of day on the last days, replayed over a few of them, until the warm-up is through.
  if (app.pipeline.asOf === undefined) {
    const recent = until(history, endOf(history), FALLBACK_HISTORY_MS);
    app.pipeline = warmUpBest(seasonalNaive, recent, spec.mirrors.interval, PATH_MS / stepMs);
  }
  return app;
}

async function warmUp(
  app: Tracked,
  history: History,
  fitter: Fitter,
  spec: ApplicationSpec,
  events: readonly AnnouncedEvent[],
): Promise<void> {
  try {
    const steps = PATH_MS / spec.demand.stepMs;
    app.pipeline = await fitter.warmUp(history, spec.mirrors.interval, steps, events);
  } catch {
    // The fallback serves; the next refit is near.
  } finally {
    delete app.fitting;
  }
}

/**
 * Starts a fit when one is due, or other events are announced, and none is under way. The tick never waits for it: the last
 * fit serves meanwhile.
 */
function refit(
  app: Tracked,
  fitter: Fitter,
  known: History | undefined,
  { demand: { stepMs } }: ApplicationSpec,
  events: readonly AnnouncedEvent[],
): void {
  if (!known || app.fitting) return;
  const asOf = endOf(known);
  const announced = JSON.stringify(events);
  if (asOf - app.fittedAsOf < REFIT_MS && announced === app.fittedWith) return;
  app.fittedAsOf = asOf;
  app.fittedWith = announced;
  app.fitting = fitter
    .fit(known, PATH_MS / stepMs, app.series, events)
    // No heavy model at all (its thread died, say): seasonal naive, and the level where there is no day to repeat.
    .catch(() => seasonalNaive.fit(known, PATH_MS / stepMs))
    .then((fitted) => {
      app.fresh = fitted;
    })
    .finally(() => {
      delete app.fitting;
    });
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_WALL_MS).unref());
}

interface Stored {
  v: 1;
  series: string;
  pipeline: PipelineState;
}

/** Four significant digits: residuals know no more, and the row stays small. */
function toStored({ series, pipeline }: Tracked): Stored {
  const round = (key: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  return JSON.parse(JSON.stringify({ v: 1, series, pipeline } satisfies Stored, round)) as Stored;
}

/** The stored pipeline if it belongs to this series and the history reaches back to where it stopped. */
function fromStored(stored: unknown, series: string, newest: number): PipelineState | undefined {
  const { v, series: of, pipeline } = (stored ?? {}) as Partial<Stored>;
  const fits = v === 1 && of === series && pipeline?.asOf !== undefined;
  if (!fits || pipeline.asOf! > newest || newest - pipeline.asOf! > DAY_MS) return undefined;
  return pipeline;
}
