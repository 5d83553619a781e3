import { createThreadFitter } from '../models/fitter.ts';
import type { Fitter } from '../models/fitter.ts';
import { endOf } from '../models/forecaster.ts';
import type { EventStore } from '../src/ports/events.ts';
import type { Hindsight } from '../src/ports/hindsight.ts';
import type { DayBalance, History, LeadScore } from '../src/ports/history.ts';
import { HISTORY_MS } from './digest.ts';
import { DAY_MS, demandOfDays, type DemandDaysDeps } from './past/demand-days.ts';
import { inInstances, readWorld, type KnownApplication, type WorldDeps } from './past/known-past.ts';
import { mondayOf, PastWeek, type Announced } from './past/past-week.ts';
import { scoresByLead } from './past/scores.ts';
import { withHeartbeat } from './waiting.ts';

export interface BackfillDeps extends WorldDeps, DemandDaysDeps {
  history: Pick<History, 'saveDemandDay' | 'demandDays' | 'saveBackfilled' | 'saveScores' | 'saveBalance'>;
  hindsight: Hindsight;
  /** Absent: no events. What they did later is not asked: nobody knew it then. */
  events?: Pick<EventStore, 'events'>;
  /** Absent: a thread of its own, so that live fits never wait for it. */
  fitter?: Fitter;
}

export interface BackfillDayInput {
  known: KnownApplication;
  /** Start of the UTC day, ms since the epoch, application time. */
  day: number;
}

/** What a day's backfill found, for people; the rows are in the ledger. */
export interface BackfilledDay {
  looks: number;
  scores: LeadScore[];
  /** Absent where there was no demand. */
  balance?: DayBalance;
}

/** A week under way, kept between days that are asked for in order. */
interface Walked {
  week: PastWeek;
  /** Specification, settings and world that it is walked in. */
  known: string;
}

/** Backfill: a past day forecast and decided again as of then. Nothing of it reaches the cloud. */
export function createBackfillActivities(deps: BackfillDeps) {
  const fitter = deps.fitter ?? createThreadFitter();
  const walked = new Map<string, Walked>();
  /** One day at a time: they share the fitter, and a week's walk. */
  let before: Promise<unknown> = Promise.resolve();

  async function day({ known, day: start }: BackfillDayInput): Promise<BackfilledDay> {
    const { spec } = known.world;
    const { application } = spec;
    const monday = mondayOf(start);
    const end = Math.min(start + DAY_MS, deps.clock.now());
    // A day further: the forecasts of this day reach into it, and are scored there.
    const demand = await demandOfDays(deps, spec, monday - HISTORY_MS, start + 2 * DAY_MS);
    if (!demand || endOf(demand) < start) return { looks: 0, scores: [] };
    const { week } = resume(application, known, monday, start);
    walked.delete(application);
    if (week.at < start) await week.walk(demand, start);
    week.lived?.takeBalance();
    const startServing = week.lived?.serving ?? 0;
    const looks = await week.walk(demand, end);
    walked.set(application, { week, known: JSON.stringify(known) });

    await deps.history.saveBackfilled(application, looks);
    const scores = scoresByLead(looks, demand);
    await deps.history.saveScores(application, 'backfill', start, scores);
    if (!week.lived) return { looks: looks.length, scores };
    const minutes = inInstances(demand, spec, start, Math.min(end, endOf(demand)));
    const optimalCost = deps.hindsight.optimalCost(minutes, known.world, startServing);
    const balance = { ...week.lived.takeBalance(), optimalCost };
    await deps.history.saveBalance(application, 'backfill', start, balance);
    return { looks: looks.length, scores, balance };
  }

  /** The week as far as it was walked, where that leads to `start`; else from its Monday. */
  function resume(application: string, known: KnownApplication, monday: number, start: number): Walked {
    const found = walked.get(application);
    const text = JSON.stringify(known);
    if (found && found.known === text && found.week.monday === monday && found.week.at <= start) return found;
    const announced: Announced = async (from, to, knownAt) =>
      (await deps.events?.events(application, from, to, knownAt)) ?? [];
    return { week: new PastWeek(known, fitter, announced, monday), known: text };
  }

  return {
    /** What the past is worked out by, read once so that every day of a backfill rests on the same. */
    describeApplication: (application: string): Promise<KnownApplication> => readWorld(deps, application),
    backfillDay(input: BackfillDayInput): Promise<BackfilledDay> {
      const work = before.then(() => day(input));
      before = work.catch(() => undefined);
      return withHeartbeat(() => work);
    },
  };
}
