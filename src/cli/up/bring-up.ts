import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { createGcpClients } from '../../gcp/clients.ts';
import type { GcpClients } from '../../gcp/clients.ts';
import { applySpec } from '../apply.ts';
import { listLink } from '../links.ts';
import { deployExample } from './deploy-example.ts';
import { serveFeeds } from './feed-server.ts';
import { generatorConfig, GeneratorProcess } from './generator-process.ts';
import { comparableInventory } from './measure.ts';
import { compiledEntry, createRunDirectory } from './paths.ts';
import type { RunDirectory } from './paths.ts';
import { Progress } from './progress.ts';
import { TWINS } from './report.ts';
import { publishConfig, runConfig } from './run-config.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import type { SandboxProcess } from './sandbox-process.ts';
import { sandboxNow, type RunContext, type Stage } from './stage.ts';
import { startTemporal } from './temporal-side.ts';
import type { TemporalSide } from './temporal-side.ts';
import { WorkerProcess } from './worker-process.ts';

/** Wall time between the generator's start and its first request: it must be up by then. */
const GENERATOR_LEAD_MS = 1_500;

/** Brings everything up, from the first process to the first request. Throws StoppedError when somebody asks for a stop meanwhile. */
export async function bringUp(context: RunContext, stage: Stage): Promise<void> {
  const { options, scene, teller, stop } = context;
  const { project } = scene.spec.primary;
  const directory = await createRunDirectory(options.dataDirectory);
  teller.say(`Logs and configuration of this run: ${directory.path}`);
  // First, since obtaining the Temporal CLI may take a while, and the sandbox's clock runs from its start on.
  const temporal = await startTemporalSide(context, directory);
  stop.check();
  const sandbox = await startSandbox(context, stage, directory);
  stop.check();
  await serveSceneFeeds(context, stage);
  const config = await writeConfig(context, stage, directory, temporal, sandbox);
  stop.check();
  const worker = startWorker(context, directory);
  const clients = await createGcpClients({ endpoint: sandbox.addresses.rest, project });
  const api = worker.ready();
  api.catch(() => undefined);
  await deployExample(clients, scene.deployment);
  stop.check();
  await importHistory(context, sandbox);
  stage.inventoryBefore = await comparableInventory(sandbox.control);
  tellAddresses(context, config, sandbox, await api);
  stop.check();
  await applyScene(context, stage, temporal, config);
  stop.check();
  await startRequests(context, stage, directory, worker, clients);
}

async function startTemporalSide(
  { teller, teardown }: RunContext,
  directory: RunDirectory,
): Promise<TemporalSide> {
  const temporal = await startTemporal({
    namespace: `sandbox-${directory.life}`,
    databaseFile: join(directory.dataDirectory, 'temporal.db'),
    logFile: directory.file('temporal.log'),
    say: (text) => teller.say(text),
  });
  teardown.add('the Temporal server', () => temporal.stop());
  return temporal;
}

async function startSandbox(
  { options, scene, teardown, stop }: RunContext,
  stage: Stage,
  directory: RunDirectory,
): Promise<SandboxProcess> {
  const sandbox = await startSandboxProcess({
    entry: compiledEntry('src/sandbox/main'),
    logFile: directory.file('sandbox.log'),
    speed: options.speed,
    seed: options.seed,
    originMs: scene.series.startMs,
    onDeath: (why) => {
      const reason = `the sandbox died (${why}); see ${directory.file('sandbox.log')}`;
      stop.ask(reason);
      stage.loss.note(reason);
    },
  });
  teardown.add('the sandbox', () => sandbox.stop());
  stage.sandbox = sandbox;
  stage.clock = await sandbox.control.clock();
  return sandbox;
}

/** From the sandbox's clock on, so that the worker's first look finds them. */
async function serveSceneFeeds(
  { options, scene, teller, teardown }: RunContext,
  stage: Stage,
): Promise<void> {
  if (!scene.feeds) return;
  const untilMs = scene.series.live.at(-1)?.at ?? scene.untilMs;
  const now = () => sandboxNow(stage, scene);
  const feeds = await serveFeeds(scene.feeds, { seed: options.seed, untilMs, now });
  teardown.add('the feeds', () => feeds.stop());
  teller.say(`Feeds: ${scene.feeds.feeds.length} at ${feeds.address}`);
}

async function writeConfig(
  { teardown }: RunContext,
  stage: Stage,
  directory: RunDirectory,
  temporal: TemporalSide,
  { addresses }: SandboxProcess,
): Promise<Config> {
  const config = await runConfig(directory, temporal, addresses, stage.clock!);
  const withdraw = await publishConfig(config, directory, directory.dataDirectory);
  teardown.add('the published configuration', withdraw);
  stage.config = config;
  return config;
}

function startWorker({ teller, teardown }: RunContext, directory: RunDirectory): WorkerProcess {
  const worker = new WorkerProcess({
    entry: compiledEntry('src/worker/main'),
    configFile: directory.file('worker.json'),
    logFile: directory.file('worker.log'),
    say: (text) => teller.say(text),
  });
  teardown.add('the worker', () => worker.stop());
  return worker;
}

async function importHistory({ scene }: RunContext, { control }: SandboxProcess): Promise<void> {
  const { stepMs, history } = scene.series;
  const { project } = scene.spec.primary;
  for (const backendService of Object.values(TWINS))
    await control.importHistory({ project, backendService, stepMs, points: history });
}

function tellAddresses(
  { scene, teller }: RunContext,
  { temporal }: Config,
  { addresses }: SandboxProcess,
  api: string,
): void {
  const ui = listLink(temporal, scene.spec.application);
  teller.tell(
    'addresses',
    { temporalUi: ui, namespace: temporal.namespace, api, sandbox: addresses },
    `Temporal UI: ${ui}\nWorker API:  ${api}/happenings\nSandbox:     ${addresses.page}`,
  );
}

async function applyScene(
  { scene, teardown }: RunContext,
  stage: Stage,
  temporal: TemporalSide,
  config: Config,
): Promise<void> {
  const { client, connection } = await temporal.connect();
  teardown.add('the connection to Temporal', () => connection.close());
  stage.client = client;
  stage.applied = true;
  await client.withAbortSignal(stage.loss.signal, () => applySpec({ client, config }, scene.spec));
}

async function startRequests(
  { options, scene, teller, stop, startedAt }: RunContext,
  stage: Stage,
  directory: RunDirectory,
  worker: WorkerProcess,
  clients: GcpClients,
): Promise<void> {
  const { control } = stage.sandbox!;
  const clock = stage.clock!;
  const fromMs = sandboxNow(stage, scene) + GENERATOR_LEAD_MS * clock.speed;
  if (fromMs >= scene.untilMs)
    return stop.ask(`at speed ${clock.speed} the run was over before it was set up; use a lower --speed`);
  const generator = await GeneratorProcess.start({
    entry: compiledEntry('src/sandbox/generator/main'),
    configFile: directory.file('generator.json'),
    logFile: directory.file('generator.log'),
    config: generatorConfig(scene, options.seed, clock, fromMs, await control.loadBalancers()),
    onEnd: (why) => stop.ask(why),
  });
  stage.generator = generator;
  stage.span = { fromMs, toMs: scene.untilMs };
  stage.progress = new Progress({
    teller,
    worker,
    control,
    clients,
    generator,
    scene,
    prices: stage.config!.prices,
    fromMs,
    startedAt,
    now: () => sandboxNow(stage, scene),
  });
}
