import type { ApplicationSpec } from '../src/domain/application.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { Fitter } from '../models/fitter.ts';
import { warmUpBest } from '../models/fitter.ts';
import type { History } from '../models/forecaster.ts';
import { endOf, until } from '../models/forecaster.ts';
import { seasonalNaive } from '../models/seasonal-naive.ts';
import { PATH_MS } from './digest.ts';
import type { Tracked } from './tracked-demand.ts';

/** Fits are heavy: they run in the fitter's thread beside the ticks, which never wait for them but at the very first. */

export const REFIT_MS = 15 * 60_000;
/** The fallback's warm-up runs on the tick's own thread: three days replayed take a quarter of a second. */
const FALLBACK_HISTORY_MS = 5 * 24 * 60 * 60_000;
/** Wall time that the first forecast waits for the warm-up; after that it goes out by the fallback. */
const PATIENCE_WALL_MS = 12_000;

/** Warms the pipeline up on `history`. Resolves with a pipeline that can forecast, while the warm-up may still be under way. */
export async function warmUp(
  app: Tracked,
  history: History,
  fitter: Fitter,
  { demand: { stepMs }, mirrors: { interval } }: ApplicationSpec,
  events: readonly AnnouncedEvent[],
): Promise<void> {
  const steps = PATH_MS / stepMs;
  app.fittedAsOf = endOf(history);
  app.fitting = fitter
    .warmUp(history, interval, steps, events)
    .then(
      (pipeline) => {
        app.pipeline = pipeline;
      },
      // The fallback serves; the next refit is near.
      () => undefined,
    )
    .finally(() => {
      delete app.fitting;
    });
  await Promise.race([app.fitting, patience()]);
  if (app.pipeline.asOf !== undefined) return;
  // Late or failed: the same time of day on the last days, replayed over a few of them, until the warm-up is through.
  const recent = until(history, endOf(history), FALLBACK_HISTORY_MS);
  app.pipeline = warmUpBest(seasonalNaive, recent, interval, steps);
}

/** Starts a fit when one is due, or other events are announced, and none is under way. The last fit serves meanwhile. */
export function refit(
  app: Tracked,
  known: History,
  fitter: Fitter,
  { demand: { stepMs } }: ApplicationSpec,
  events: readonly AnnouncedEvent[],
): void {
  if (app.fitting) return;
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
