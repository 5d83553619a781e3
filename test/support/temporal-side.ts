import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { createActingActivities } from '../../activities/acting.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { CountedEvent } from '../../src/domain/counted-event.ts';
import type { ForecastDigest } from '../../src/domain/forecast.ts';
import type { Decision, DecisionMemory, ZonePlan } from '../../src/domain/plan.ts';
import type { TierCounts } from '../../src/domain/tier.ts';
import { findTemporalCli } from '../../src/temporal/find-binary.ts';
import { SEARCH_ATTRIBUTES } from '../../src/temporal/search-attributes.ts';
import { updateRetry } from '../../src/temporal/update-retry.ts';
import { createRuns } from '../../src/worker/runs.ts';
import type { ApplicationInput } from '../../workflows/messages.ts';
import { FakeCloud, SHOP } from './fake-cloud.ts';

const WORKFLOWS = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

// Once per process, before anything starts the runtime. What a test provokes is not worth a warning.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR' } },
});

export async function bundleWorkflows(workflowsPath = WORKFLOWS): Promise<WorkflowBundle> {
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/** The real dev server; it suggests continuing as new at 100 events, so that tests see it do so. */
export async function startDevServer(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    client: { interceptors: { workflow: [updateRetry] } },
    server: {
      executable: { type: 'existing-path', path: await findTemporalCli() },
      searchAttributes: SEARCH_ATTRIBUTES,
      log: { format: 'pretty', level: 'error' },
      extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=100'],
    },
  });
}

/** What the Temporal UI shows as current details. */
export async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const query = '__temporal_workflow_metadata';
  return (await handle.query<{ currentDetails: string }, []>(query)).currentDetails;
}

/** What the fake decision says until told otherwise. */
export interface Script {
  mirrors: ZonePlan[];
  primaryMinimum: number;
  nextLookMs: number;
  forecast: () => Promise<void> | void;
  /** What the decision counts with. */
  events?: CountedEvent[];
}

/** One application on its own task queue, with a cloud of its own. */
export interface Stage {
  cloud: FakeCloud;
  script: Script;
  taskQueue: string;
  looks: { forced: Record<string, TierCounts>; paused: boolean; memory: DecisionMemory }[];
  start(input?: Partial<ApplicationInput>): Promise<WorkflowHandle>;
  spec: ApplicationSpec;
}

let stages = 0;

/** Runs a worker around `play`. */
export async function onStage(
  env: TestWorkflowEnvironment,
  workflowBundle: WorkflowBundle,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const cloud = new FakeCloud();
  const script: Script = { mirrors: [], primaryMinimum: 2, nextLookMs: 200, forecast: () => undefined };
  const looks: Stage['looks'] = [];
  const taskQueue = `stage-${process.pid}-${++stages}`;
  const spec = { ...SHOP, application: `shop${stages}` };
  const clock = { now: () => Date.now(), speed: 20 };
  const { fleet, router, replicator, ledger } = cloud;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle,
    stickyQueueScheduleToStartTimeout: '2s',
    maxHeartbeatThrottleInterval: '500ms',
    activities: {
      ...createActingActivities({ fleet, router, replicator, ledger, clock, runs: createRuns(env.client) }),
      forecast: async () => {
        await script.forecast();
        return forecastNow(spec.application);
      },
      evaluate: async (input: Stage['looks'][number]): Promise<Decision> => {
        looks.push(structuredClone(input));
        return decide(spec.application, script, input, cloud);
      },
    },
  });
  const start = async (input: Partial<ApplicationInput> = {}) =>
    env.client.workflow.start('application', {
      workflowId: `application/${spec.application}`,
      taskQueue,
      args: [{ spec, speed: 1, ...input }],
    });
  await worker.runUntil(() => play({ cloud, script, taskQueue, looks, start, spec }));
}

function forecastNow(application: string): ForecastDigest {
  const now = Date.now();
  const around = { lower: 90, median: 100, upper: 110 };
  return {
    application,
    asOf: now,
    issuedAt: now,
    model: 'script',
    quality: 'calibrated',
    nominalCoverage: 0.95,
    observed: 100,
    sustained: 100,
    fan: 'none',
    windows: { full: around, warm: around, shadow: around },
    peak: { ...around, at: now + 600_000 },
  };
}

/** As scripted; a zone that ran dry keeps what it has and is asked for no more. */
function decide(
  application: string,
  script: Script,
  input: Stage['looks'][number],
  cloud: FakeCloud,
): Decision {
  const asOf = Date.now();
  const forced = Object.entries(input.forced).map(([zone, counts]) => ({ zone, ...counts }));
  const mirrors = [...script.mirrors.filter((m) => !input.forced[m.zone]), ...forced].flatMap((m) => {
    if (!(input.memory.dryUntil[m.zone]! > asOf)) return [m];
    const held = cloud.groups.get(m.zone)?.counts;
    return held ? [{ zone: m.zone, ...held }] : [];
  });
  const id = `${application}@${asOf}`;
  return {
    plan: { id, application, asOf, mirrors, primaryMinimum: script.primaryMinimum },
    reasons: {
      headline: 'as scripted',
      policy: 'interval',
      observed: 100,
      ...(script.events && { events: script.events }),
      threshold: 90,
      thresholdFactor: 0.9,
      wanted: { full: 0, fullAndWarm: 0, fullWarmAndShadow: 0, reactive: 0 },
      bindings: [],
      rejected: [],
      zones: [],
      spendPerHour: 0,
    },
    nextLookMs: script.nextLookMs,
    memory: input.memory,
  };
}

/** Waits until the answer is truthy; says what for when it never is. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  limitMs = 20_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await delay(50);
  }
}
