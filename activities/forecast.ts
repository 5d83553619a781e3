import type { ApplicationSpec } from '../src/domain/application.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Settings } from '../src/domain/plan.ts';
import { createThreadFitter } from '../models/fitter.ts';
import type { Fitter } from '../models/fitter.ts';
import { runPipeline } from '../models/pipeline.ts';
import { samplesIn } from '../models/warm-up.ts';
import type { EventStore } from '../src/ports/events.ts';
import type { History as Past } from '../src/ports/history.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { digestOf, HISTORY_MS, HORIZON_MS, windowsOf } from './digest.ts';
import { refit } from './fits.ts';
import { NearTerm } from './near-term.ts';
import { sizedEvents } from './sized-events.ts';
import { toStored } from './stored-pipeline.ts';
import { createTracking } from './tracked-demand.ts';
import type { TrackingDeps } from './tracked-demand.ts';

export interface ForecastDeps extends TrackingDeps {
  ledger: Pick<Ledger, 'saveForecast' | 'timesToServe' | 'loadModelState' | 'saveModelState'>;
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

/** Forecast: reads demand, runs the pipeline, keeps the fan in the ledger, returns what the decision needs. */
export function createForecastActivities(deps: ForecastDeps) {
  const { clock, demand, events: eventStore, history, ledger, fitter = createThreadFitter() } = deps;
  const find = createTracking(deps, fitter);
  return {
    async forecast({ spec, settings }: ForecastInput): Promise<ForecastDigest> {
      const { application } = spec;
      const now = clock.now();
      const events = await sizedEvents(eventStore, spec, now - HISTORY_MS, now + HORIZON_MS, now);
      const app = await find(spec, events);
      const { known, asOf, delayMs, young } = await app.demand.readOn(demand, spec, now, app.pipeline.asOf);
      if (!app.nearTerm.fits(spec, delayMs)) app.nearTerm = new NearTerm(spec, delayMs);
      const servedFrom = async (from: number) =>
        (await history?.servedOf(application, from - delayMs, now)) ?? [];
      if (known) await app.nearTerm.learn(known, events, servedFrom);
      const times = await ledger.timesToServe(application);
      const output = runPipeline(app.pipeline, {
        samples: known ? samplesIn(known, app.pipeline.asOf ?? -Infinity, asOf) : [],
        asOf,
        windowsMs: windowsOf(times, settings, now - asOf),
        horizonMs: HORIZON_MS,
        sustainedMs: settings.breakEvenMs,
        fit: app.fresh,
      });
      app.pipeline = output.state;
      if (app.fresh) await ledger.saveModelState(application, toStored(app.series, app.pipeline));
      delete app.fresh;
      if (known) refit(app, known, fitter, spec, events);
      // Counts mostly fill up: what is young shows the least that came, and reaction may not wait.
      const observed = Math.max(output.observed, ...young);
      const digest = {
        ...digestOf(spec, asOf, now, { ...output, observed }, app.nearTerm.outlook(now)),
        ...(delayMs > spec.demand.observationDelayMs ? { observationDelayMs: delayMs } : {}),
      };
      await ledger.saveForecast(digest, output.fan);
      return digest;
    },
  };
}
