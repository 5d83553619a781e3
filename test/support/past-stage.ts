import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { createBackfillActivities } from '../../activities/backfill.ts';
import { withFailureTypes } from '../../activities/failures.ts';
import { createFeedbackActivities, type ScoredDay } from '../../activities/feedback.ts';
import type { KnownApplication } from '../../activities/past/known-past.ts';
import { warmUpBest, type Fitter } from '../../models/fitter.ts';
import { seasonalNaive } from '../../models/seasonal-naive.ts';
import { hindsight } from '../../src/backtest/hindsight.ts';
import type { Proposer } from '../../activities/past/proposer.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { StoredLedger } from '../../src/ledger/sql-ledger.ts';
import type { Sample } from '../../src/ports/demand.ts';
import type { MetricName, MetricSample, MetricSource } from '../../src/ports/metrics.ts';
import { createApplications } from '../../src/worker/applications.ts';
import { SHOP } from './fake-cloud.ts';

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
/** As long as the looks lie apart: the least work that shows all. */
export const STEP_MS = 15 * MINUTE_MS;
/** A Monday. */
export const MONDAY = Date.UTC(2026, 9, 5);
export const PRICES = { full: 0.134, warm: 0.0047, shadow: 0.001, currency: 'USD', source: 'test' };
export const SPEC: ApplicationSpec = {
  ...SHOP,
  mode: 'observe',
  demand: { ...SHOP.demand, stepMs: STEP_MS, observationDelayMs: STEP_MS },
};
/** The quickest of the product's own models: the order of things is the same. */
export const FITTER: Fitter = {
  fit: async (history, steps) => seasonalNaive.fit(history, steps),
  warmUp: async (history, coverage, steps) => warmUpBest(seasonalNaive, history, coverage, steps),
};

/** A wave a day, and each day at 20:00 a crowd that the primary cannot carry. */
export function demandAt(at: number): number {
  const ofDay = (at % DAY_MS) / DAY_MS;
  return 300 - 150 * Math.cos(2 * Math.PI * ofDay) + (ofDay > 0.83 && ofDay < 0.85 ? 400 : 0);
}

/** Demand that begins two days before Monday. */
async function readDemand(_: ApplicationSpec, from: number, to: number) {
  const samples = [];
  for (let at = Math.max(from, MONDAY - 2 * DAY_MS) + STEP_MS; at <= to; at += STEP_MS)
    samples.push({ at, value: demandAt(at) });
  return samples;
}

/** CPU as it follows from demand; nothing else is measured. */
function readCpu({ carried }: PastStage, metric: MetricName, from: number, to: number): MetricSample[] {
  const samples: MetricSample[] = [];
  if (metric !== 'cpu') return samples;
  const instances = 6;
  for (let at = from + MINUTE_MS; at <= to; at += MINUTE_MS) {
    const demand = demandAt(Math.ceil(at / STEP_MS) * STEP_MS);
    samples.push({ at, value: Math.min(1, (0.8 * demand) / instances / carried), instances });
  }
  return samples;
}

/** Feedback's look back on yesterday and today as of `now`, on what `ledger` holds and demand that is known at once. */
export function lookBack(
  ledger: StoredLedger,
  known: KnownApplication,
  samples: readonly Sample[],
  now: number,
): Promise<ScoredDay[]> {
  const { scorePast } = createFeedbackActivities({
    demand: {
      read: async (_, from, to) => samples.filter(({ at }) => at > from && at <= Math.min(to, now)),
    },
    ledger,
    history: ledger.history,
    metrics: { read: async () => [] },
    metricStore: ledger.metricStore,
    hindsight,
    clock: { now: () => now, speed: 1 },
  });
  return new MockActivityEnvironment().run(scorePast, known) as Promise<ScoredDay[]>;
}

/** The real workflows and the real activities that look back, over a ledger in memory and demand by formula. */
export interface PastStage {
  ledger: StoredLedger;
  taskQueue: string;
  spec: ApplicationSpec;
  /** What each of six instances carries at a CPU of 80%, in the demand's unit; as declared until it is set. */
  carried: number;
  /** The worker ends, as if its machine were lost, and another takes over. */
  replaceWorker(): Promise<void>;
}

let stages = 0;

/** Each stage has an application of its own; the ledger may be that of others before it. */
export async function onPastStage(
  env: TestWorkflowEnvironment,
  workflowBundle: WorkflowBundle,
  ledger: StoredLedger,
  proposer: Proposer,
  play: (stage: PastStage) => Promise<void>,
): Promise<void> {
  const taskQueue = `past-${process.pid}-${++stages}`;
  const spec = { ...SPEC, application: `past${stages}` };
  const stage: PastStage = {
    ledger,
    taskQueue,
    spec,
    carried: spec.demand.perInstance,
    async replaceWorker() {
      await end();
      current = await start();
    },
  };
  const deps = {
    applications: createApplications(env.client),
    fleet: {
      snapshot: async () => ({ primary: { serving: 6, minimum: 2, maximum: 10, target: 6 }, mirrors: [] }),
    },
    demand: { read: readDemand },
    ledger,
    history: ledger.history,
    metrics: { read: async (...[, ...asked]: Parameters<MetricSource['read']>) => readCpu(stage, ...asked) },
    metricStore: ledger.metricStore,
    hindsight,
    clock: { now: () => MONDAY + 5 * DAY_MS, speed: 1 },
    prices: PRICES,
    fitter: FITTER,
    proposer,
  };
  const start = async () => {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle,
      stickyQueueScheduleToStartTimeout: '1s',
      activities: {
        ...withFailureTypes({ ...createBackfillActivities(deps), ...createFeedbackActivities(deps) }),
        // The application under feedback only observes; what it forecasts does not matter here.
        forecast: () => new Promise((_, reject) => setTimeout(reject, 2_000, new Error('no forecast here'))),
      },
    });
    return { worker, running: worker.run() };
  };
  let current = await start();
  const end = async () => {
    current.worker.shutdown();
    await current.running;
  };
  try {
    await play(stage);
  } finally {
    await end();
  }
}
