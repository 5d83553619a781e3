import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from './find-binary.ts';
import { freePort } from './free-port.ts';
import { ensureNamespace, registerSearchAttributes } from './register.ts';

const HOST = '127.0.0.1';
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const SERVING = 1;

export interface EmbeddedServerOptions {
  /** SQLite file; it and its -wal and -shm companions survive a restart. */
  databaseFile: string;
  logFile: string;
  /** Each life of the embedded sandbox has its own, so that yesterday's workflows never act on today's empty cloud. */
  namespace: string;
  /** Free ones are taken when absent. */
  port?: number;
  uiPort?: number;
  cliPath?: string;
}

export interface EmbeddedServer {
  address: string;
  namespace: string;
  /** Base URL of the Temporal UI, without a trailing slash. */
  uiUrl: string;
  pid: number;
  /** SIGTERM, then SIGKILL after 10 s; resolves when the process is gone. */
  stop(): Promise<void>;
  /** Resolves when the process is gone, for whatever reason. */
  exited: Promise<void>;
}

/** Starts `temporal server start-dev` and resolves when it serves and knows the namespace and search attributes. */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const cli = options.cliPath ?? (await findTemporalCli());
  const port = options.port ?? (await freePort(HOST));
  const uiPort = options.uiPort ?? (await freePort(HOST));
  const address = `${HOST}:${port}`;
  const child = spawnServer(cli, port, uiPort, options);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = () => stopProcess(child, exited);
  try {
    const connection = await untilServing(address, child, options.logFile);
    try {
      await ensureNamespace(connection, options.namespace);
      await untilAccepted(() => registerSearchAttributes(connection, options.namespace));
    } finally {
      await connection.close();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const { namespace } = options;
  return { address, namespace, uiUrl: `http://${HOST}:${uiPort}`, pid: child.pid!, stop, exited };
}

/** In a process group of its own: Ctrl-C in the terminal must not reach it before teardown is through. */
function spawnServer(
  cli: string,
  port: number,
  uiPort: number,
  { databaseFile, logFile, namespace }: EmbeddedServerOptions,
): ChildProcess {
  mkdirSync(dirname(databaseFile), { recursive: true });
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(
    cli,
    [
      'server',
      'start-dev',
      `--ip=${HOST}`,
      `--port=${port}`,
      `--ui-port=${uiPort}`,
      `--db-filename=${databaseFile}`,
      `--namespace=${namespace}`,
      // The two pragmas make the file database four times as fast; only a power cut can lose the last transactions.
      '--sqlite-pragma=journal_mode=WAL',
      '--sqlite-pragma=synchronous=NORMAL',
      // Else a workflow task that failed on a bug waits up to 10 min after the fixed worker is up.
      '--dynamic-config-value=history.workflowTaskRetryMaxInterval="10s"',
      '--log-level=error',
      '--log-format=json',
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return child;
}

async function untilServing(address: string, child: ChildProcess, logFile: string): Promise<Connection> {
  let failure = '';
  child.once('error', (error) => (failure = error.message));
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline && !failure && child.exitCode === null && child.signalCode === null) {
    const connection = await healthyConnection(address);
    if (connection) return connection;
    await delay(100);
  }
  throw new Error(
    `the Temporal server did not serve on ${address} within ${START_LIMIT_MS / 1000} s` +
      `${child.exitCode === null ? '' : ` (it exited with ${child.exitCode})`}: ` +
      `${failure || readFileSync(logFile, 'utf8').trim().split('\n').at(-1)}; see ${logFile}`,
  );
}

async function healthyConnection(address: string): Promise<Connection | undefined> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: '1s' });
    const health = await connection.withDeadline(Date.now() + 2000, () =>
      connection!.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
    );
    if (health.status === SERVING) return connection;
  } catch {
    // Not up yet.
  }
  await connection?.close();
  return undefined;
}

/** A namespace that has just been created is unknown to some of the server's caches for a moment. */
async function untilAccepted(register: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      return await register();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

async function stopProcess(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}
