import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { deployExample } from '../../src/cli/up/deploy-example.ts';
import { GeneratorProcess } from '../../src/cli/up/generator-process.ts';
import type { GeneratorFinal } from '../../src/cli/up/generator-process.ts';
import { compiledEntry, createRunDirectory } from '../../src/cli/up/paths.ts';
import type { RunDirectory } from '../../src/cli/up/paths.ts';
import { publishConfig, runConfig } from '../../src/cli/up/run-config.ts';
import { startSandboxProcess } from '../../src/cli/up/sandbox-process.ts';
import type { SandboxProcess } from '../../src/cli/up/sandbox-process.ts';
import { Teardown } from '../../src/cli/up/teardown.ts';
import { WorkerProcess } from '../../src/cli/up/worker-process.ts';
import type { Config } from '../../src/config/config.ts';
import { createGcpClients } from '../../src/gcp/clients.ts';
import type { GcpClients } from '../../src/gcp/clients.ts';
import { connect } from '../../src/temporal/connection.ts';
import { startEmbeddedServer } from '../../src/temporal/embedded-server.ts';
import type { EmbeddedServer, EmbeddedServerOptions } from '../../src/temporal/embedded-server.ts';
import { deployDecoys, PROJECT } from './faults-decoys.ts';
import { SMALL_EXAMPLE } from './small-example.ts';

const SPEED = 60;
const SEED = 1;
const ORIGIN_MS = Date.UTC(2026, 0, 5, 12);
const MINUTE_MS = 60_000;
/** Light: the primary's two instances carry 20. Requests/s. */
const DEMAND = 5;
const STANDS_FOR = 10;

/** The whole chain, each part a process of its own, as `premirror up` runs it. */
export interface Processes {
  config: Config;
  client: Client;
  clients: GcpClients;
  sandbox: SandboxProcess;
  /** Ends the worker at once; its supervisor starts it again. */
  killWorker(): void;
  /** Ends the Temporal server at once and starts it again on its database and port. */
  killTemporal(): Promise<void>;
  /** Ends the requests and tells what became of them. */
  finishRequests(): Promise<GeneratorFinal | undefined>;
  stop(): Promise<void>;
}

/** Starts it all with the example deployed, decoys beside it, a flat history and light steady traffic. */
export async function startProcesses(): Promise<Processes> {
  const teardown = new Teardown((text) => console.log(text));
  const folder = await mkdtemp(join(tmpdir(), 'premirror-faults-'));
  teardown.add('the logs', () => rm(folder, { recursive: true, force: true }));
  try {
    return await start(await createRunDirectory(folder), teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function start(directory: RunDirectory, teardown: Teardown): Promise<Processes> {
  const [temporal, sandbox] = await Promise.all([
    startTemporal(directory, teardown),
    startSandboxProcess({
      entry: compiledEntry('src/sandbox/main'),
      logFile: directory.file('sandbox.log'),
      speed: SPEED,
      seed: SEED,
      originMs: ORIGIN_MS,
      onDeath: (why) => console.log(`the sandbox died (${why})`),
    }),
  ]);
  teardown.add('the sandbox', () => sandbox.stop());
  const clients = await createGcpClients({ endpoint: sandbox.addresses.rest, project: PROJECT });
  teardown.add('the clients', () => clients.close());
  await deploy(clients, sandbox);

  const config = await runConfig(directory, temporal.side, sandbox.addresses, await sandbox.control.clock());
  await publishConfig(config, directory, directory.dataDirectory);
  const worker = new WorkerProcess({
    entry: compiledEntry('src/worker/main'),
    configFile: directory.file('worker.json'),
    logFile: directory.file('worker.log'),
    say: () => undefined,
  });
  teardown.add('the worker', () => worker.stop());
  await worker.ready();
  const { client, connection } = await temporal.side.connect();
  teardown.add('the connection to Temporal', () => connection.close());
  const generator = await startRequests(directory, sandbox);
  teardown.add('the generator', async () => void (await generator.finish()));
  return {
    config,
    client,
    clients,
    sandbox,
    killWorker: () =>
      process.kill(Number(readFileSync(directory.file('ledger/owner.pid'), 'utf8')), 'SIGKILL'),
    killTemporal: () => temporal.kill(),
    finishRequests: () => generator.finish(),
    stop: () => teardown.run(),
  };
}

async function startTemporal(directory: RunDirectory, teardown: Teardown) {
  const options: EmbeddedServerOptions = {
    namespace: 'faults',
    databaseFile: directory.file('temporal.db'),
    logFile: directory.file('temporal.log'),
  };
  let server: EmbeddedServer = await startEmbeddedServer(options);
  teardown.add('the Temporal server', () => server.stop());
  const { address, namespace, uiUrl } = server;
  const port = Number(new URL(`http://${address}`).port);
  const uiPort = Number(new URL(uiUrl).port);
  const target = { address, namespace };
  return {
    side: { target, uiUrl, connect: () => connect(target), stop: () => server.stop() },
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      server = await startEmbeddedServer({ ...options, port, uiPort });
    },
  };
}

async function deploy(clients: GcpClients, { control }: SandboxProcess): Promise<void> {
  await deployExample(clients, { ...SMALL_EXAMPLE, project: PROJECT });
  await deployDecoys(clients);
  const points = Array.from({ length: 24 * 60 }, (_, i) => ({
    at: ORIGIN_MS - (24 * 60 - 1 - i) * MINUTE_MS,
    value: DEMAND,
  }));
  await control.importHistory({ project: PROJECT, backendService: 'shop', stepMs: MINUTE_MS, points });
}

async function startRequests(directory: RunDirectory, sandbox: SandboxProcess): Promise<GeneratorProcess> {
  const { originMs, wallOriginMs, speed, now } = await sandbox.control.clock();
  const { host, port } = (await sandbox.control.loadBalancers())['shop']!;
  const lengthMs = 48 * 60 * MINUTE_MS;
  return GeneratorProcess.start({
    entry: compiledEntry('src/sandbox/generator/main'),
    configFile: directory.file('generator.json'),
    logFile: directory.file('generator.log'),
    config: {
      seed: SEED,
      clock: { originMs, wallOriginMs, speed },
      fromMs: now + MINUTE_MS,
      untilMs: now + lengthMs,
      objectiveLatencyMs: 2_000,
      standsFor: STANDS_FOR,
      series: [{ at: now + lengthMs, value: DEMAND }],
      stepMs: lengthMs,
      targets: [{ name: 'shop', url: `http://${host}:${port}/` }],
    },
    onEnd: (why) => console.log(why),
  });
}
