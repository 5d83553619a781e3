import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployExample } from '../src/cli/up/deploy-example.ts';
import { SandboxControl, type InventoryItem } from '../src/cli/up/sandbox-control.ts';
import type { Status } from '../src/cli/status.ts';
import { environmentWith } from '../src/config/config.ts';
import { createGcpClients } from '../src/gcp/clients.ts';
import { startSandbox, type Sandbox } from '../src/sandbox/server.ts';
import { startEmbeddedServer, type EmbeddedServer } from '../src/temporal/embedded-server.ts';
import { freePort } from '../src/temporal/free-port.ts';
import { premirror as runPremirror } from './support/command.ts';
import { SMALL_EXAMPLE } from './support/small-example.ts';

/**
 * The worker as the process that it is in production, driven by the command alone: over a real Temporal server and a
 * real sandbox, through Google's own clients. Needs `npm run build`, as `npm test` does first.
 */
const ENTRY = 'dist/src/worker/main.js';
const ORIGIN_MS = Date.UTC(2026, 0, 5, 12);
const SPEED = 60;

const folder = mkdtempSync(join(tmpdir(), 'premirror-worker-'));
const config = join(folder, 'config.json');
const spec = join(folder, 'shop.yaml');
let temporal: EmbeddedServer;
let sandbox: Sandbox;
let control: SandboxControl;
let inventoryBefore: InventoryItem[];
let worker: ChildProcess;
let api: string;
let metricsPort: number;

beforeAll(async () => {
  [temporal, sandbox] = await Promise.all([
    startEmbeddedServer({
      databaseFile: join(folder, 'temporal.db'),
      logFile: join(folder, 'temporal.log'),
      namespace: 'worker-test',
    }),
    startSandbox({ seed: 1, speed: SPEED, originMs: ORIGIN_MS }),
  ]);
  control = new SandboxControl(sandbox.addresses.control);
  await deploy();
  writeFileSync(spec, readFileSync('examples/shop.yaml', 'utf8'));
  const { originMs, wallOriginMs, speed } = await control.clock();
  metricsPort = await freePort();
  writeFileSync(
    config,
    JSON.stringify({
      google: { endpoint: sandbox.addresses.rest },
      temporal: { address: temporal.address, namespace: temporal.namespace, ui: temporal.uiUrl },
      ledger: { directory: join(folder, 'ledger') },
      clock: { originMs, wallOriginMs, speed },
      api: { port: 0 },
      metrics: { port: metricsPort },
    }),
  );
  ({ worker, api } = await startWorker());
  inventoryBefore = await comparable();
});

afterAll(async () => {
  worker?.kill('SIGKILL');
  await sandbox?.close();
  await temporal?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the worker says where its API is, and the API knows the sandbox time', async () => {
  const health = (await (await fetch(`${api}/healthz`)).json()) as { ok: boolean; now: number };
  expect(health).toMatchObject({ ok: true, speed: SPEED });
  expect(Math.abs(health.now - (await control.clock()).now)).toBeLessThan(60_000);
});

test('Prometheus finds how the worker fares with Temporal', async () => {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(await answer.text()).toMatch(/^temporal_worker_start_total\{.*task_queue="premirror".*\} \d/m);
});

test('from apply to remove: everything is answered, and nothing is left', async () => {
  const applied = await premirror('apply', spec);
  expect(applied).toMatchObject({ exitCode: 0, out: expect.stringMatching(/configured, mode auto/) });
  const [before] = await status('shop');
  await premirror('apply', spec);
  const [after] = await status('shop');
  expect(after?.workflowId).toBe('application/shop');
  expect(after?.runId).toBe(before?.runId);
  expect((await fetch(after!.link)).status).toBe(200);

  const refused = await premirror('force', 'shop', '--zone', 'us-central1-a', '--full', '1');
  expect(refused).toMatchObject({ exitCode: 1, err: expect.stringMatching(/zone is "us-central1-a"/) });
  expect(await premirror('force', 'shop', '--zone', 'us-central1-b', '--full', '1')).toMatchObject({
    exitCode: 0,
  });
  await expect
    .poll(async () => (await status('shop'))[0]?.view?.runs, { timeout: 45_000, interval: 500 })
    .toEqual([expect.objectContaining({ zone: 'us-central1-b', phase: 'serving', serving: 1 })]);
  const happenings = (await (await fetch(`${api}/happenings`)).json()) as { kind: string }[];
  expect(happenings.map((happening) => happening.kind)).toContain('mirror');

  expect(await premirror('pause', 'shop', '--reason', 'maintenance')).toMatchObject({ exitCode: 0 });
  expect((await premirror('status')).out).toMatch(/shop: paused, mode auto \(paused: maintenance\)/);
  expect(await premirror('resume', 'shop')).toMatchObject({ exitCode: 0 });
  expect(await premirror('resume', 'shop')).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/not paused/),
  });
  expect(await premirror('release', 'shop', '--zone', 'us-central1-b')).toMatchObject({ exitCode: 0 });

  expect(await premirror('remove', 'shop', '--wait', '45')).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/shop is removed/),
  });
  expect(await comparable()).toEqual(inventoryBefore);
  expect(await premirror('pause', 'shop')).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/no such application runs in namespace worker-test/),
  });
});

test('a cap in another currency than the prices is refused before anything starts', async () => {
  const euro = join(folder, 'euro.yaml');
  writeFileSync(
    euro,
    readFileSync(spec, 'utf8').replace('12 USD', '12 EUR').replace('application: shop', 'application: euro'),
  );
  expect(await premirror('apply', euro)).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/mirrors\.limits\.spendPerHour: write it in USD/),
  });
  expect((await status()).map((each) => each.workflowId)).not.toContain('application/euro');
});

test('supervised, a Ctrl-C does not reach it; SIGTERM ends it, and then the command says that no worker answers', async () => {
  worker.kill('SIGINT');
  expect((await fetch(`${api}/healthz`)).ok).toBe(true);
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(folder, 'ledger', 'owner.pid'))).toBe(false);
  const { exitCode, err } = await premirror('apply', spec);
  expect(exitCode).toBe(1);
  expect(err).toMatch(/no worker answers on task queue premirror of namespace worker-test/);
});

async function deploy(): Promise<void> {
  const project = 'premirror-sandbox';
  const clients = await createGcpClients({ endpoint: sandbox.addresses.rest, project });
  await deployExample(clients, { ...SMALL_EXAMPLE, project });
  await clients.close();
  const points = Array.from({ length: 24 * 60 }, (_, i) => ({
    at: ORIGIN_MS - i * 60_000,
    value: 5,
  })).toReversed();
  await control.importHistory({ project, backendService: 'shop', stepMs: 60_000, points });
}

async function startWorker(): Promise<{ worker: ChildProcess; api: string }> {
  if (!existsSync(ENTRY)) throw new Error(`${ENTRY} is missing: run npm run build first`);
  const child = spawn(process.execPath, [ENTRY, '--supervised'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentWith({ PREMIRROR_CONFIG: config }),
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const first = once(createInterface({ input: child.stdout }), 'line');
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`the worker ended:\n${log}`)));
  const [line] = (await Promise.race([first, died])) as [string];
  died.catch(() => undefined);
  const ready = JSON.parse(line) as { ready: boolean; api: string };
  expect(ready.ready).toBe(true);
  return { worker: child, api: ready.api };
}

const premirror = (...argv: string[]) => runPremirror(...argv, '--config', config);

async function status(...application: string[]): Promise<Status[]> {
  const { out, err } = await premirror('status', ...application, '--json');
  expect(err).toBe('');
  return JSON.parse(out) as Status[];
}

/** What exists, without the instances' random names. */
async function comparable(): Promise<InventoryItem[]> {
  return (await control.inventory()).filter((item) => !/instance$/i.test(item.kind));
}
