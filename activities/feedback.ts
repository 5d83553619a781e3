import { endOf } from '../models/forecaster.ts';
import type { CapacityProposal } from '../src/domain/capacity-per-instance.ts';
import type { Drift } from '../src/domain/drift.ts';
import type { Settings } from '../src/domain/plan.ts';
import type { Proposal } from '../src/domain/propose-settings.ts';
import { DEFAULT_SETTINGS, MOVABLE } from '../src/domain/settings.ts';
import type { Hindsight } from '../src/ports/hindsight.ts';
import type { DayBalance, History, LeadScore } from '../src/ports/history.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { learnCapacity } from './past/capacity.ts';
import type { CarriedLoadDeps } from './past/carried-load.ts';
import { DAY_MS, demandOfDays, startOfDay } from './past/demand-days.ts';
import { tellDrifts } from './past/drift.ts';
import { inInstances, type KnownApplication } from './past/known-past.ts';
import { LivedPast } from './past/lived-past.ts';
import { createThreadProposer, type Proposer } from './past/proposer.ts';
import { scoresByLead } from './past/scores.ts';
import { withHeartbeat } from './waiting.ts';

export interface FeedbackDeps extends CarriedLoadDeps {
  history: Pick<
    History,
    | 'saveDemandDay'
    | 'demandDays'
    | 'forecastsOf'
    | 'digestsOf'
    | 'decisionsOf'
    | 'saveScores'
    | 'saveBalance'
    | 'saveSettingsChange'
    | 'prune'
  >;
  ledger: Pick<Ledger, 'tell'>;
  hindsight: Hindsight;
  /** Absent: a thread of its own. */
  proposer?: Proposer;
}

/** What was scored, for people; the rows are in the ledger. */
export interface ScoredDay {
  day: number;
  scores: LeadScore[];
  balance?: DayBalance;
  /** Absent in what was recorded before drift was looked for. */
  drifts?: Drift[];
}

/** Where the settings should go: by replay, and what of them by measurement. */
export interface Move extends Proposal {
  at: number;
  /** Absent in what was recorded before capacity was learnt. */
  capacity?: CapacityProposal;
}

export interface MoveInput {
  application: string;
  at: number;
  before: Settings;
  after: Settings;
  why: string;
  evidence: unknown;
}

const HOUR_MS = 3_600_000;
/** Replayed under other settings: long enough for two evenings, short enough to follow a change. */
const REPLAYED_MS = 2 * DAY_MS;
/** Forecasts scored: one a quarter of an hour says what all of them would. */
const SCORED_EVERY_MS = 15 * 60_000;
/** A day's fleet starts an hour before midnight, so that what was up then is up. */
const RUN_UP_MS = HOUR_MS;

/** Feedback: what became of forecasts and decisions, and what that says of the settings. Nothing of it reaches the cloud. */
export function createFeedbackActivities(deps: FeedbackDeps) {
  const { history, ledger, clock } = deps;
  const proposer = deps.proposer ?? createThreadProposer();

  /** Yesterday and today: forecasts of yesterday reach into today, so its scores are not final before. */
  async function scorePast({ world }: KnownApplication): Promise<ScoredDay[]> {
    const today = startOfDay(clock.now());
    const days: ScoredDay[] = [];
    for (const day of [today - DAY_MS, today]) {
      const demand = await demandOfDays(deps, world.spec, day - RUN_UP_MS, day + 2 * DAY_MS);
      if (!demand || endOf(demand) <= day) continue;
      const { application } = world.spec;
      const issued = await history.forecastsOf(application, day, day + DAY_MS, SCORED_EVERY_MS);
      const scores = scoresByLead(issued, demand);
      await history.saveScores(application, 'live', day, scores);
      const drifts = await tellDrifts(ledger, application, issued, demand);
      const balance = await balanceOf(day, world, demand);
      if (balance) await history.saveBalance(application, 'live', day, balance);
      days.push({ day, scores, drifts, ...(balance ? { balance } : {}) });
    }
    return days;
  }

  /** The plans of a day taking effect on a simulated fleet: times to serve as measured, the primary under its autoscaler. */
  async function balanceOf(
    day: number,
    world: KnownApplication['world'],
    demand: NonNullable<Awaited<ReturnType<typeof demandOfDays>>>,
  ): Promise<DayBalance | undefined> {
    const { application, demand: of } = world.spec;
    const { startAt, stepMs, values } = demand;
    const end = Math.min(day + DAY_MS, endOf(demand));
    const decisions = await history.decisionsOf(application, day - RUN_UP_MS, day + DAY_MS);
    if (decisions.length === 0) return undefined;
    const lived = new LivedPast(world, values[0]!);
    let [next, startServing] = [0, 0];
    for (let at = startAt; at < end; at += stepMs) {
      if (at >= day && at < day + stepMs) {
        lived.takeBalance();
        startServing = lived.serving;
      }
      // A plan is made of samples that are older than it by the observation delay.
      while (decisions[next] && decisions[next]!.plan.asOf + of.observationDelayMs <= at)
        lived.adopt(decisions[next++]!.plan);
      lived.step(values[Math.round((at + stepMs - startAt) / stepMs)], at + stepMs, stepMs);
    }
    const minutes = inInstances(demand, world.spec, Math.max(day, startAt), end);
    const optimalCost = deps.hindsight.optimalCost(minutes, world, startServing);
    return { ...lived.takeBalance(), optimalCost };
  }

  async function proposeMove(known: KnownApplication): Promise<Move> {
    const proposal = await proposeByReplay(known);
    return { ...proposal, capacity: await learnCapacity(deps, known) };
  }

  async function proposeByReplay({ world, settings }: KnownApplication): Promise<Proposal & { at: number }> {
    const at = clock.now();
    const { spec } = world;
    const looks = await history.digestsOf(spec.application, at - REPLAYED_MS, at);
    const demand = looks[0] && (await demandOfDays(deps, spec, looks[0].asOf, at));
    if (!demand) {
      const evidence = { hours: 0, cost: 0, candidates: [] };
      const missing = looks[0] ? 'no demand was observed' : 'nothing was forecast';
      return { at, settings, why: `${missing} in the last two days: nothing to learn from`, evidence };
    }
    return { at, ...(await proposer({ recent: { looks, demand, world }, settings })) };
  }

  return {
    scorePast: (known: KnownApplication) => withHeartbeat(() => scorePast(known)),
    proposeMove: (known: KnownApplication) => withHeartbeat(() => proposeMove(known)),
    /** The settings that every application starts with, where they differ. */
    async proposeReset({ settings }: KnownApplication): Promise<{ at: number; settings: Settings }> {
      const defaults = Object.fromEntries(MOVABLE.map((name) => [name, DEFAULT_SETTINGS[name]]));
      return { at: clock.now(), settings: { ...settings, ...defaults } };
    },
    /** Before it is sent: a move that cannot be explained afterwards is not made. */
    async recordMove({ application, ...change }: MoveInput): Promise<void> {
      await history.saveSettingsChange(application, change);
      await ledger.tell({ at: change.at, application, kind: 'operator', text: `settings: ${change.why}` });
    },
    pruneLedger: () => withHeartbeat(() => history.prune(clock.now())),
  };
}
