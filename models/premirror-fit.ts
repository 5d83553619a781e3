import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { Fitted, Forecaster, History } from './forecaster.ts';
import { endOf, until } from './forecaster.ts';
import { expertsOver, loadNets } from './installed.ts';
import type { PipelineState } from './pipeline.ts';
import type { Premirror } from './premirror.ts';
import { createPremirror } from './premirror.ts';
import { MEDIAN } from './quantile-forecast.ts';
import { replayTimes, warmUp } from './warm-up.ts';

/** The combination as what the pipeline takes: median paths, calibrated there. */
export interface PremirrorFit {
  /** `series` names whose history this is: what was learnt of it is kept between fits. */
  fit(history: History, steps: number, series?: string, events?: readonly AnnouncedEvent[]): Promise<Fitted>;
  warmUp(
    history: History,
    nominalCoverage: number,
    steps: number,
    events?: readonly AnnouncedEvent[],
  ): Promise<PipelineState>;
}

const DAY_MS = 86_400_000;
/** Series remembered (a quarter of a megabyte each); the one longest unasked goes first. */
const MOST_SERIES = 64;

/** The combination over the nets that come with the package. One session a net, for all series. */
export async function loadInstalledPremirror(): Promise<PremirrorFit> {
  const experts = expertsOver(await loadNets());
  return createPremirrorFit(() => createPremirror(experts));
}

export function createPremirrorFit(create: () => Premirror): PremirrorFit {
  const known = new Map<string, Premirror>();

  function find(series: string | undefined): Premirror {
    if (series === undefined) return create();
    const found = known.get(series) ?? create();
    known.delete(series);
    known.set(series, found);
    const oldest = known.keys().next().value;
    if (known.size > MOST_SERIES && oldest !== undefined) known.delete(oldest);
    return found;
  }

  return {
    fit: (history, steps, series, events) => medianPath(find(series), history, steps, events),
    async warmUp(history, nominalCoverage, steps, events) {
      const premirror = create();
      const fits = new Map<number, Fitted>();
      for (const at of replayTimes(history)) {
        fits.set(at, await medianPath(premirror, until(history, at, Infinity), steps, events));
      }
      const replayed: Forecaster = {
        name: premirror.name,
        fit(part) {
          const fitted = fits.get(endOf(part));
          if (!fitted) throw new Error('premirror: no fit was made for this part of the history');
          return fitted;
        },
      };
      const state = warmUp(history, replayed, nominalCoverage);
      return { ...state, fitted: await medianPath(premirror, history, steps, events), offset: 0 };
    },
  };
}

/** The medians; what lies beyond a day repeats the day before. */
async function medianPath(
  premirror: Premirror,
  history: History,
  steps: number,
  events?: readonly AnnouncedEvent[],
): Promise<Fitted> {
  const forecast = await premirror.forecast(history, events);
  const perDay = Math.round(DAY_MS / history.stepMs);
  const path: number[] = [];
  for (let step = 0; step < steps; step++) {
    path.push(forecast.at(step)?.[MEDIAN] ?? path[step - perDay]!);
  }
  return { model: premirror.name, asOf: forecast.asOf, stepMs: forecast.stepMs, path };
}
