import type { Fitter } from '../../models/fitter.ts';
import type { ApplicationSpec } from '../domain/application.ts';
import type { Settings } from '../domain/plan.ts';
import { DEFAULT_SETTINGS, TUNABLE } from '../domain/settings.ts';
import type { Row, Tried } from './compare.ts';
import { bestRow, contenderRows, optimumRow, tryOut } from './compare.ts';
import { costContender } from './cost-contender.ts';
import { forecastsAlong } from './forecasts-along.ts';
import type { ForecastsAlong } from './forecasts-along.ts';
import type { WorldModel } from './model.ts';
import { premirrorContender, replayWorld } from './premirror-contender.ts';
import { RIVALS } from './rivals/index.ts';
import { mig } from './rivals/mig.ts';
import type { Trial } from './series.ts';

export interface BacktestOptions {
  fitter: Fitter;
  /** The forecast's own beat; the worker's unless given. */
  fitEveryMs?: number;
  /** What is under way, for people. */
  progress: (what: string) => void;
}

/** Hours that feedback looks back on in simulated time, each hour: two days, as live. */
export const RETUNE_HOURS = 48;

/**
 * Everybody on the judged part of one series: the clairvoyant optimum, the policies, and their rivals.
 * @param startMs start of the series
 */
export async function runBacktest(
  trial: Trial,
  startMs: number,
  model: WorldModel,
  { progress, ...forecasting }: BacktestOptions,
): Promise<Row[]> {
  progress('the clairvoyant optimum');
  const best = optimumRow(trial, model);
  const optimal = best.score.cost;
  const forecasts = await forecastsAlong(
    trial.demand,
    startMs,
    replayWorld(model, 'cost'),
    DEFAULT_SETTINGS,
    {
      ...forecasting,
      nearTerm: true,
      progress: (done, of) => progress(`forecasts: ${Math.round((100 * done) / of)}% of ${of} minutes`),
    },
  );
  const row = (name: string, ...tried: Tried[]) => bestRow(name, tried, trial, model, optimal);
  const decided = (run: Run) => tryPremirror(trial, startMs, model, forecasts, run);
  progress('cost');
  const cost = [
    row('cost', tryOut(costContender(model), 'every instance planned, none of an autoscaler', trial, model)),
    row('cost, in decide', decided({ policy: 'cost' })),
  ];
  progress('interval');
  const target = bestTarget(trial, model);
  const interval = [
    row(
      'interval',
      decided({ policy: 'interval', retuneHours: RETUNE_HOURS }),
      decided({ policy: 'interval', retuneHours: RETUNE_HOURS, target }),
    ),
    row('interval, frozen', decided({ policy: 'interval' }), decided({ policy: 'interval', target })),
  ];
  const rivals = RIVALS.flatMap((rival) => {
    progress(rival.name);
    return contenderRows(rival, trial, model, optimal);
  });
  return [best, ...cost, ...interval, ...rivals];
}

export interface Run {
  policy: ApplicationSpec['mirrors']['policy'];
  /** Utilisation that the primary's autoscaler keeps; it has none where this is undefined. */
  target?: number | undefined;
  /** Settings stay as they come where this is undefined. */
  retuneHours?: number;
}

/** The product's own decision along the whole series. */
export function tryPremirror(
  trial: Trial,
  startMs: number,
  model: WorldModel,
  forecasts: ForecastsAlong,
  { policy, target, retuneHours }: Run,
): Tried {
  let settings: Settings = DEFAULT_SETTINGS;
  const contender = premirrorContender(model, replayWorld(model, policy, target), forecasts, startMs, {
    settings,
    ...(retuneHours ? { retuneHours } : {}),
    moved: (proposal) => ({ settings } = proposal),
  });
  const tried = tryOut(contender, '', trial, model);
  const primary = target === undefined ? 'primary by scale alone' : `primary autoscaled at ${target}`;
  const last = retuneHours
    ? `, at last ${TUNABLE.map((name) => `${name} ${settings[name]}`).join(', ')}`
    : '';
  return { ...tried, settings: primary + last };
}

/** The utilisation that a reactive autoscaler would have been given by its costs in training. */
export function bestTarget(trial: Trial, model: WorldModel): number | undefined {
  const tried = mig.candidates(trial.split).map(({ settings, utilizationTarget, policy }) => ({
    ...tryOut(policy, settings, trial, model),
    utilizationTarget,
  }));
  return tried.reduce((a, b) => (b.tuned < a.tuned ? b : a)).utilizationTarget;
}

/** What each row of the table is. */
export const ABOUT: readonly { name: string; about: string }[] = [
  {
    name: 'optimum',
    about: 'what full knowledge of demand would have done, exactly: no policy can cost less',
  },
  {
    name: 'cost',
    about: 'policy cost: each instance by its cheapest course, all instances but the floor planned by it',
  },
  {
    name: 'cost, in decide',
    about: 'the same within the live decision: what is deleted waits, and a primary that scale moves',
  },
  {
    name: 'interval',
    about:
      'the original concept in the live decision, settings moved every hour by what the last two days would have cost',
  },
  { name: 'interval, frozen', about: 'the same with settings as they come' },
  ...RIVALS.map(({ name, about }) => ({ name, about })),
];
