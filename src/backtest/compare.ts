import type { WorldModel } from './model.ts';
import { lagSteps } from './model.ts';
import { optimum } from './optimum.ts';
import { decideAlong } from './policy.ts';
import type { Rival } from './rivals/rival.ts';
import type { Score } from './score.ts';
import { mirrorRuns, regret, score } from './score.ts';
import type { Trial } from './series.ts';
import type { Targets } from './world.ts';
import { simulate, sliceTargets } from './world.ts';

/** One line of the table. */
export interface Row {
  name: string;
  /** Settings chosen on the training part. */
  settings: string;
  score: Score;
  /** Cost over the optimum's, minus one. */
  regret: number;
  /** Undefined for the optimum, which has courses and no plan. */
  mirrorRuns?: number;
}

/** Targets of utilisation that a careful user would still set. */
const CAREFUL_TARGET = 0.9;

/** What the clairvoyant would have done in the judged part. */
export function optimumRow(trial: Trial, model: WorldModel): Row {
  const judged = trial.demand.subarray(trial.split);
  const course = optimum(judged, model, startSize(trial, trial.split));
  return { name: 'optimum', settings: '', score: score(judged, course, model), regret: 0 };
}

/**
 * A contender beside the optimum: its settings are the cheapest on the second half of the training part, then frozen. One
 * that tracks a utilisation gets a second row, marked `~`, in which targets above 0.9 are allowed as well.
 */
export function contenderRows(rival: Rival, trial: Trial, model: WorldModel, optimalCost: number): Row[] {
  const { demand, split } = trial;
  const tried = rival.candidates(split).map(({ settings, utilizationTarget, policy }) => {
    const targets = decideAlong(policy, demand, lagSteps(model));
    const tuned = replay(trial, targets, model, Math.floor(split / 2), split).cost;
    return { settings, targets, tuned, careful: (utilizationTarget ?? 0) <= CAREFUL_TARGET };
  });
  const rowOf = (name: string, among: typeof tried): Row => {
    const best = among.reduce((a, b) => (b.tuned < a.tuned ? b : a));
    const judged = replay(trial, best.targets, model, split, demand.length);
    return {
      name,
      settings: best.settings,
      score: judged,
      regret: regret(judged.cost, optimalCost),
      mirrorRuns: mirrorRuns(sliceTargets(best.targets, split, demand.length)),
    };
  };
  const careful = tried.filter((one) => one.careful);
  const rows = [rowOf(rival.name, careful)];
  if (careful.length < tried.length) rows.push(rowOf(`${rival.name} ~`, tried));
  return rows;
}

/** Scores targets over steps from..to (exclusive). */
function replay(trial: Trial, targets: Targets, model: WorldModel, from: number, to: number): Score {
  const course = simulate(sliceTargets(targets, from, to), model, startSize(trial, from));
  return score(trial.demand.subarray(from, to), course, model);
}

/** Everybody, the optimum too, starts with what the minute before needed, already serving. */
function startSize(trial: Trial, step: number): number {
  return Math.ceil(trial.demand[step - 1]! - 1e-9);
}
