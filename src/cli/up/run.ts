import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { createGcpClients } from '../../gcp/clients.ts';
import type { GcpClients } from '../../gcp/clients.ts';
import { applySpec } from '../apply.ts';
import { listLink } from '../links.ts';
import { removeApplication } from './application.ts';
import { deployExample } from './deploy-example.ts';
import { serveFeeds } from './feed-server.ts';
import { generatorConfig, GeneratorProcess } from './generator-process.ts';
import { buildReport, comparableInventory } from './measure.ts';
import type { Span } from './measure.ts';
import type { UpOptions } from './options.ts';
import { compiledEntry, createRunDirectory } from './paths.ts';
import type { RunDirectory } from './paths.ts';
import { Progress } from './progress.ts';
import { TWINS } from './report.ts';
import type { UpReport } from './report.ts';
import { publishConfig, runConfig } from './run-config.ts';
import type { InventoryItem, SandboxClockState } from './sandbox-control.ts';
import { SandboxLoss } from './sandbox-loss.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import type { SandboxProcess } from './sandbox-process.ts';
import type { Scene } from './scene.ts';
import type { StopRequest } from './stop-request.ts';
import type { Teardown } from './teardown.ts';
import type { Teller } from './teller.ts';
import { startTemporal } from './temporal-side.ts';
import type { TemporalSide } from './temporal-side.ts';
import { latestTickMs } from './tick-lateness.ts';
import { WorkerProcess } from './worker-process.ts';

/** Wall time between the generator's start and its first request: it must be up by then. */
const GENERATOR_LEAD_MS = 1_500;
const REMOVAL_LIMIT_MS = 180_000;

export interface RunContext {
  options: UpOptions;
  scene: Scene;
  teller: Teller;
  stop: StopRequest;
  teardown: Teardown;
  /** Wall time of the command, ms. */
  startedAt: number;
}

/** What `start` has brought up so far; `finish` works with whatever there is. */
interface Stage {
  sandbox?: SandboxProcess;
  clock?: SandboxClockState;
  config?: Config;
  client?: Client;
  inventoryBefore?: InventoryItem[];
  applied?: boolean;
  generator?: GeneratorProcess;
  span?: Span;
  progress?: Progress;
}

/** One run of `premirror up`, from the first process to the report. */
export class Run {
  readonly #context: RunContext;
  readonly #stage: Stage = {};
  readonly #loss = new SandboxLoss();
  #ending: string | undefined;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** Brings everything up. Throws StoppedError when somebody asks for a stop, or the sandbox dies, meanwhile. */
  start(): Promise<void> {
    return this.#loss.unless(this.#bringUp());
  }

  async #bringUp(): Promise<void> {
    const { options, teller, stop } = this.#context;
    const directory = await createRunDirectory(options.dataDirectory);
    teller.say(`Logs and configuration of this run: ${directory.path}`);
    // First, since obtaining the Temporal CLI may take a while, and the sandbox's clock runs from its start on.
    const temporal = await this.#startTemporal(directory);
    stop.check();
    const sandbox = await this.#startSandbox(directory);
    stop.check();
    await this.#serveFeeds();
    const config = await this.#writeConfig(directory, temporal, sandbox);
    stop.check();
    const worker = this.#startWorker(directory);
    const clients = await createGcpClients({ endpoint: sandbox.addresses.rest, project: this.#project });
    const api = worker.ready();
    api.catch(() => undefined);
    await deployExample(clients, this.#context.scene.deployment);
    stop.check();
    await this.#importHistory(sandbox);
    this.#stage.inventoryBefore = await comparableInventory(sandbox.control);
    this.#tellAddresses(config, sandbox, await api);
    stop.check();
    await this.#apply(temporal, config);
    stop.check();
    await this.#startRequests(directory, worker, clients);
  }

  /**
   * Removes the application, stops the requests and measures. Undefined when it did not come that far, or when there is
   * no sandbox any more to remove anything from or to measure.
   */
  async finish(): Promise<UpReport | undefined> {
    const { teller } = this.#context;
    const { sandbox, client, applied, inventoryBefore, generator, progress, span } = this.#stage;
    this.#ending = `mirrors of ${this.#context.scene.spec.application}`;
    if (client && applied && !this.#loss.signal.aborted) await this.#remove(client);
    const gone = this.#now();
    this.#ending = 'the generator';
    const final = await generator?.finish();
    progress?.stop();
    this.#ending = undefined;
    if (this.#loss.signal.aborted) {
      this.#loss.tell(teller, this.#stage.config?.temporal.namespace);
      return undefined;
    }
    if (generator && !final) teller.say('The generator gave no final account: its figures are missing');
    if (!sandbox || !inventoryBefore) return undefined;
    try {
      const { options, scene } = this.#context;
      return await buildReport({
        control: sandbox.control,
        scene,
        options,
        prices: this.#stage.config!.prices,
        inventoryBefore,
        span,
        nowMs: this.#now(),
        mirrorsGoneMs: gone,
        final,
        firstMirrorAfterSeconds: progress?.firstMirrorAfterSeconds ?? null,
        latestTickMs: await this.#latestTickMs(client),
      });
    } catch (error) {
      teller.say(`The report could not be made: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** What `finish` is taking down now. */
  get ending(): string | undefined {
    return this.#ending;
  }

  get #project(): string {
    return this.#context.scene.spec.primary.project;
  }

  /** Sandbox time, ms since the epoch. */
  #now(): number {
    const clock = this.#stage.clock;
    if (!clock) return this.#context.scene.series.startMs;
    return clock.originMs + (Date.now() - clock.wallOriginMs) * clock.speed;
  }

  async #startTemporal(directory: RunDirectory): Promise<TemporalSide> {
    const { teller, teardown } = this.#context;
    const temporal = await startTemporal({
      namespace: `sandbox-${directory.life}`,
      databaseFile: join(directory.dataDirectory, 'temporal.db'),
      logFile: directory.file('temporal.log'),
      say: (text) => teller.say(text),
    });
    teardown.add('the Temporal server', () => temporal.stop());
    return temporal;
  }

  async #startSandbox(directory: RunDirectory): Promise<SandboxProcess> {
    const { options, scene, teardown, stop } = this.#context;
    const sandbox = await startSandboxProcess({
      entry: compiledEntry('src/sandbox/main'),
      logFile: directory.file('sandbox.log'),
      speed: options.speed,
      seed: options.seed,
      originMs: scene.series.startMs,
      onDeath: (why) => {
        const reason = `the sandbox died (${why}); see ${directory.file('sandbox.log')}`;
        stop.ask(reason);
        this.#loss.note(reason);
      },
    });
    teardown.add('the sandbox', () => sandbox.stop());
    this.#stage.sandbox = sandbox;
    this.#stage.clock = await sandbox.control.clock();
    return sandbox;
  }

  /** From the sandbox's clock on, so that the worker's first look finds them. */
  async #serveFeeds(): Promise<void> {
    const { options, scene, teller, teardown } = this.#context;
    if (!scene.feeds) return;
    const untilMs = scene.series.live.at(-1)?.at ?? scene.untilMs;
    const feeds = await serveFeeds(scene.feeds, { seed: options.seed, untilMs, now: () => this.#now() });
    teardown.add('the feeds', () => feeds.stop());
    teller.say(`Feeds: ${scene.feeds.feeds.length} at ${feeds.address}`);
  }

  async #writeConfig(
    directory: RunDirectory,
    temporal: TemporalSide,
    { addresses }: SandboxProcess,
  ): Promise<Config> {
    const config = await runConfig(directory, temporal, addresses, this.#stage.clock!);
    const withdraw = await publishConfig(config, directory, directory.dataDirectory);
    this.#context.teardown.add('the published configuration', withdraw);
    this.#stage.config = config;
    return config;
  }

  /** Undefined where nothing was looked after, and when the server does not answer any more. */
  async #latestTickMs(client: Client | undefined): Promise<number | undefined> {
    const { application } = this.#context.scene.spec;
    return client && latestTickMs(client, application, this.#stage.clock!.speed).catch(() => undefined);
  }

  #startWorker(directory: RunDirectory): WorkerProcess {
    const { teller, teardown } = this.#context;
    const worker = new WorkerProcess({
      entry: compiledEntry('src/worker/main'),
      configFile: directory.file('worker.json'),
      logFile: directory.file('worker.log'),
      say: (text) => teller.say(text),
    });
    teardown.add('the worker', () => worker.stop());
    return worker;
  }

  async #importHistory({ control }: SandboxProcess): Promise<void> {
    const { stepMs, history } = this.#context.scene.series;
    for (const backendService of Object.values(TWINS))
      await control.importHistory({ project: this.#project, backendService, stepMs, points: history });
  }

  async #apply(temporal: TemporalSide, config: Config): Promise<void> {
    const { client, connection } = await temporal.connect();
    this.#context.teardown.add('the connection to Temporal', () => connection.close());
    this.#stage.client = client;
    this.#stage.applied = true;
    await client.withAbortSignal(this.#loss.signal, () =>
      applySpec({ client, config }, this.#context.scene.spec),
    );
  }

  async #startRequests(directory: RunDirectory, worker: WorkerProcess, clients: GcpClients): Promise<void> {
    const { options, scene, teller, stop, startedAt } = this.#context;
    const { control } = this.#stage.sandbox!;
    const clock = this.#stage.clock!;
    const fromMs = this.#now() + GENERATOR_LEAD_MS * clock.speed;
    if (fromMs >= scene.untilMs)
      return stop.ask(`at speed ${clock.speed} the run was over before it was set up; use a lower --speed`);
    const generator = await GeneratorProcess.start({
      entry: compiledEntry('src/sandbox/generator/main'),
      configFile: directory.file('generator.json'),
      logFile: directory.file('generator.log'),
      config: generatorConfig(scene, options.seed, clock, fromMs, await control.loadBalancers()),
      onEnd: (why) => stop.ask(why),
    });
    this.#stage.generator = generator;
    this.#stage.span = { fromMs, toMs: scene.untilMs };
    this.#stage.progress = new Progress({
      teller,
      worker,
      control,
      clients,
      generator,
      scene,
      prices: this.#stage.config!.prices,
      fromMs,
      startedAt,
      now: () => this.#now(),
    });
  }

  #tellAddresses({ temporal }: Config, { addresses }: SandboxProcess, api: string): void {
    const ui = listLink(temporal, this.#context.scene.spec.application);
    this.#context.teller.tell(
      'addresses',
      { temporalUi: ui, namespace: temporal.namespace, api, sandbox: addresses },
      `Temporal UI: ${ui}\nWorker API:  ${api}/happenings\nSandbox:     ${addresses.page}`,
    );
  }

  async #remove(client: Client): Promise<void> {
    const { scene, teller } = this.#context;
    const { signal } = this.#loss;
    try {
      await removeApplication(client, scene.spec.application, 'premirror up ends', REMOVAL_LIMIT_MS, signal);
    } catch (error) {
      if (!signal.aborted)
        teller.say(`Removing ${scene.spec.application} did not end well: ${(error as Error).message}`);
    }
  }
}
