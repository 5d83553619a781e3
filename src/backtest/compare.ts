import { falseAlarms, mirrorRuns } from './alarms.ts';
import type { WorldModel } from './model.ts';
import { lagSteps } from './model.ts';
import { optimum } from './optimum.ts';
import type { Policy } from './policy.ts';
import { decideAlong } from './policy.ts';
import type { Rival } from './rivals/rival.ts';
import type { Score } from './score.ts';
import { regret, score } from './score.ts';
import type { Trial } from './series.ts';
import type { Course, Targets } from './world.ts';
import { simulate, sliceTargets } from './world.ts';

/** One line of the table, and what it rests on. */
export interface Row {
  name: string;
  /** Settings chosen on the training part. */
  settings: string;
  score: Score;
  /** Cost over the optimum's, minus one. */
  regret: number;
  /** What happened in the judged part. */
  course: Course;
  /** The plan for the judged part; undefined for the optimum, which has courses only, as are the counts below. */
  targets?: Targets;
  mirrorRuns?: number;
  falseAlarms?: number;
}

/** Targets along the whole series, and what they cost on the second half of the training part. */
export interface Tried {
  settings: string;
  targets: Targets;
  tuned: number;
}

/** Targets of utilisation that a careful user would still set. */
const CAREFUL_TARGET = 0.9;

/** What the clairvoyant would have done in the judged part. */
export function optimumRow(trial: Trial, model: WorldModel): Row {
  const judged = trial.demand.subarray(trial.split);
  const course = optimum(judged, model, startSize(trial, trial.split));
  return { name: 'optimum', settings: '', score: score(judged, course, model), regret: 0, course };
}

/** A policy along the whole series; nothing of the judged part reaches what it is chosen by. */
export function tryOut(policy: Policy, settings: string, { demand, split }: Trial, model: WorldModel): Tried {
  const targets = decideAlong(policy, demand, lagSteps(model));
  const from = Math.floor(split / 2);
  const course = replay({ demand, split: from }, targets, model, split);
  return { settings, targets, tuned: score(demand.subarray(from, split), course, model).cost };
}

/** The cheapest in training, judged on what follows. */
export function bestRow(
  name: string,
  among: readonly Tried[],
  trial: Trial,
  model: WorldModel,
  optimalCost: number,
): Row {
  const { demand, split } = trial;
  const best = among.reduce((a, b) => (b.tuned < a.tuned ? b : a));
  const course = replay(trial, best.targets, model, demand.length);
  const judgedDemand = demand.subarray(split);
  const judged = score(judgedDemand, course, model);
  const targets = sliceTargets(best.targets, split, demand.length);
  return {
    name,
    settings: best.settings,
    score: judged,
    regret: regret(judged.cost, optimalCost),
    course,
    targets,
    mirrorRuns: mirrorRuns(targets),
    falseAlarms: falseAlarms(judgedDemand, targets),
  };
}

/**
 * A contender beside the optimum: its settings are the cheapest on the second half of the training part, then frozen. One
 * that tracks a utilisation gets a second row, marked `~`, in which targets above 0.9 are allowed as well.
 */
export function contenderRows(rival: Rival, trial: Trial, model: WorldModel, optimalCost: number): Row[] {
  const tried = rival.candidates(trial.split).map(({ settings, utilizationTarget, policy }) => ({
    ...tryOut(policy, settings, trial, model),
    careful: (utilizationTarget ?? 0) <= CAREFUL_TARGET,
  }));
  const careful = tried.filter((one) => one.careful);
  const rows = [bestRow(rival.name, careful, trial, model, optimalCost)];
  if (careful.length < tried.length) rows.push(bestRow(`${rival.name} ~`, tried, trial, model, optimalCost));
  return rows;
}

/** What came of targets from the split to `to` (exclusive). */
function replay(
  { demand, split }: Pick<Trial, 'demand' | 'split'>,
  targets: Targets,
  model: WorldModel,
  to: number,
): Course {
  return simulate(sliceTargets(targets, split, to), model, startSize({ demand }, split));
}

/** Everybody, the optimum too, starts with what the minute before needed, already serving. */
function startSize({ demand }: Pick<Trial, 'demand'>, step: number): number {
  return Math.ceil(demand[step - 1]! - 1e-9);
}
