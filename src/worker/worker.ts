import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  NativeConnection,
  Worker,
  type NativeConnectionOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createActivities } from '../../activities/index.ts';
import type { Config } from '../config/config.ts';
import { createEventSources } from '../events/sources.ts';
import { holidaysOf } from '../../models/features/holidays.ts';
import { hindsight } from '../backtest/hindsight.ts';
import { openLedger } from '../ledger/open.ts';
import type { StoredLedger } from '../ledger/sql-ledger.ts';
import type { CapacitySource } from '../ports/capacity.ts';
import type { Clock } from '../ports/clock.ts';
import type { DemandSource } from '../ports/demand.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { MetricSource } from '../ports/metrics.ts';
import type { Router } from '../ports/router.ts';
import { createNoneReplicator } from '../state/none.ts';
import { connect, targetOf } from '../temporal/connection.ts';
import { registerSearchAttributes } from '../temporal/register.ts';
import { createApi, type ApiSources } from './api.ts';
import { createApplications } from './applications.ts';
import { createClock } from './clock.ts';
import { createPreview } from './preview.ts';
import { guardFleet, guardRouter } from './read-only.ts';
import { createRuns } from './runs.ts';

/** The ports on the cloud, before the read-only guard is put on. */
export interface Cloud {
  fleet: Fleet;
  router: Router;
  demand: DemandSource;
  capacity: CapacitySource;
  metrics: MetricSource;
  close(): Promise<void>;
}

/** What a person should know of an application's demand. */
export type Tell = (application: string, text: string) => void;

export interface RunningWorker {
  /** Base URL of the API. */
  api: string;
  /** Settles when the worker has stopped; rejects when it failed. */
  stopped: Promise<void>;
  /** Finishes what is running (5 s), cancels the rest, closes everything. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * The worker's composition root: every client is built here once and handed down. Resolves when the worker polls and
 * its API answers.
 */
export async function createWorker(
  config: Config,
  createCloud: (config: Config, clock: Clock, tell: Tell) => Promise<Cloud>,
  logger: Logger,
): Promise<RunningWorker> {
  const clock = createClock(config.clock);
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    const ledger = await openLedger(config.ledger);
    closers.push(() => ledger.close());
    const cloud = await createCloud(config, clock, createTell(ledger, clock, logger));
    closers.push(() => cloud.close());
    const target = targetOf(config.temporal);
    const { client, connection } = await connect(target);
    closers.push(() => connection.close());
    await registerSearchAttributes(connection, target.namespace);
    // envconfig's options fit both kinds of connection; only their declared types differ.
    const options = { ...target.options, address: target.address } as NativeConnectionOptions;
    const native = await NativeConnection.connect(options);
    closers.push(() => native.close());

    const worker = await Worker.create({
      connection: native,
      namespace: target.namespace,
      taskQueue: config.temporal.taskQueue,
      ...workflowSource(),
      activities: createActivities({
        fleet: guardFleet(cloud.fleet),
        router: guardRouter(cloud.router),
        demand: cloud.demand,
        capacity: cloud.capacity,
        replicator: createNoneReplicator(),
        runs: createRuns(client),
        applications: createApplications(client),
        ledger,
        events: ledger.eventStore,
        eventSources: createEventSources(holidaysOf),
        history: ledger.history,
        metrics: cloud.metrics,
        metricStore: ledger.metricStore,
        hindsight,
        clock,
        prices: config.prices,
      }),
      // How long workflow tasks wait for a worker that was killed before another takes them; 10 s by default.
      stickyQueueScheduleToStartTimeout: '2s',
      // An activity hears that it was cancelled with the next heartbeat that is sent: within 2 s, not over 6 s as by default.
      maxHeartbeatThrottleInterval: '2s',
      shutdownGraceTime: '5s',
      shutdownForceTime: '10s',
    });
    const applications = createApplications(client);
    const preview = createPreview({ client, applications, ...cloud, ledger, clock, prices: config.prices });
    const api = await listen(config, { ledger, clock, preview, applications }, closers);
    return supervise(worker, api, closeAll, logger);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Tells in the log, and in the ledger among what happened. Nothing waits for that: demand is read whether it was told or not. */
function createTell(ledger: Pick<StoredLedger, 'tell'>, clock: Clock, logger: Logger): Tell {
  return (application, text) => {
    logger.warn({ application }, text);
    ledger
      .tell({ at: clock.now(), application, kind: 'forecast', text })
      .catch((error: unknown) => logger.error(error, 'what was found could not be told'));
  };
}

async function listen(
  config: Config,
  sources: Pick<ApiSources, 'ledger' | 'clock' | 'preview' | 'applications'>,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  const api: FastifyInstance = createApi({ ...sources, eventToken: config.events.token });
  closers.push(() => api.close());
  return api.listen({ host: config.api.host, port: config.api.port });
}

function supervise(
  worker: Worker,
  api: string,
  closeAll: () => Promise<void>,
  logger: Logger,
): RunningWorker {
  const stopped = runThen(worker, closeAll);
  return {
    api,
    stopped,
    async stop() {
      if (worker.getState() === 'RUNNING') {
        logger.info('stopping: no new work is taken');
        worker.shutdown();
      }
      await stopped;
    },
  };
}

async function runThen(worker: Worker, closeAll: () => Promise<void>): Promise<void> {
  try {
    await worker.run();
  } finally {
    await closeAll();
  }
}

/** Beside the compiled code lies the prebuilt bundle; from source the workflows are bundled at start (seconds). */
function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const root = new URL('../../', import.meta.url);
  const codePath = fileURLToPath(new URL('workflow-bundle.js', root));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const compiled = fileURLToPath(new URL('workflows/index.js', root));
  return {
    workflowsPath: existsSync(compiled) ? compiled : fileURLToPath(new URL('workflows/index.ts', root)),
  };
}
