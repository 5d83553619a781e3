import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { Fitted, Forecaster, History } from './forecaster.ts';
import { endOf, until } from './forecaster.ts';
import { expertsOver, loadNets } from './installed.ts';
import type { PipelineState } from './pipeline.ts';
import type { Premirror } from './premirror.ts';
import { createPremirror } from './premirror.ts';
import { HIGH, LOW, MEDIAN } from './quantile-forecast.ts';
import { replayTimes, warmUp } from './warm-up.ts';

/** The combination as what the pipeline takes: median paths and half-widths, calibrated there. */
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
/** The combination's own grid: finer half-widths would say nothing more. */
const FAN_STEP_MS = 300_000;
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
    fit: (history, steps, series, events) => fitOf(find(series), history, steps, events),
    async warmUp(history, nominalCoverage, steps, events) {
      const premirror = create();
      const fits = new Map<number, Fitted>();
      for (const at of replayTimes(history)) {
        fits.set(at, await fitOf(premirror, until(history, at, Infinity), steps, events));
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
      return { ...state, fitted: await fitOf(premirror, history, steps, events), offset: 0 };
    },
  };
}

/** Medians and half-widths; what lies beyond a day repeats the day before. */
async function fitOf(
  premirror: Premirror,
  history: History,
  steps: number,
  events?: readonly AnnouncedEvent[],
): Promise<Fitted> {
  const forecast = await premirror.forecast(history, events);
  const { asOf, stepMs } = forecast;
  const perDay = Math.round(DAY_MS / stepMs);
  const rows: number[][] = [];
  for (let step = 0; step < steps; step++) rows.push(forecast.at(step) ?? rows[step - perDay]!);
  const every = Math.max(1, Math.round(FAN_STEP_MS / stepMs));
  const given = rows.filter((_, step) => (step + 1) % every === 0);
  return {
    model: premirror.name,
    asOf,
    stepMs,
    path: rows.map((row) => row[MEDIAN]!),
    fan: {
      stepMs: every * stepMs,
      down: given.map((row) => row[MEDIAN]! - row[LOW]!),
      up: given.map((row) => row[HIGH]! - row[MEDIAN]!),
    },
  };
}
