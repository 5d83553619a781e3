import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, existingServer, targetOf } from '../src/temporal/connection.ts';
import { startEmbeddedServer } from '../src/temporal/embedded-server.ts';
import type { EmbeddedServer } from '../src/temporal/embedded-server.ts';
import { findTestServer } from '../src/temporal/find-binary.ts';
import { SWEEP_SCHEDULE_ID } from '../src/temporal/ids.ts';
import { registerSearchAttributes } from '../src/temporal/register.ts';
import { ensureSweepSchedule } from '../src/temporal/schedules.ts';
import { APPLICATION_KEY, ZONES_KEY } from '../src/temporal/search-attributes.ts';
import { SHOP } from './support/fake-cloud.ts';
import { eventually } from './support/temporal-side.ts';

describe('the embedded Temporal server', () => {
  let folder: string;
  let server: EmbeddedServer;
  const start = (options: { port?: number; uiPort?: number } = {}) =>
    startEmbeddedServer({
      databaseFile: join(folder, 'temporal.db'),
      logFile: join(folder, 'temporal.log'),
      namespace: 'life-1',
      ...options,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'premirror-'));
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  it('has a process group of its own, so that Ctrl-C in the terminal does not reach it', () => {
    expect(process.kill(-server.pid, 0)).toBe(true);
  });

  it('serves its UI', async () => {
    expect((await fetch(`${server.uiUrl}/namespaces/life-1/workflows`)).status).toBe(200);
  });

  it('goes on with workflows, search attributes and schedules after it was killed', async () => {
    const { client, connection } = await connect(server);
    await client.workflow.start('application', {
      workflowId: 'application/shop',
      taskQueue: 'nobody',
      typedSearchAttributes: [
        { key: APPLICATION_KEY, value: 'shop' },
        { key: ZONES_KEY, value: ['us-central1-b'] },
      ],
    });
    await ensureSweepSchedule(client, { spec: SHOP, speed: 1 });
    await ensureSweepSchedule(client, { spec: { ...SHOP, application: 'other' }, speed: 1 });
    await ensureSweepSchedule(client, { spec: SHOP, speed: 2 });
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    const [, port] = server.address.split(':');
    server = await start({ port: Number(port), uiPort: Number(new URL(server.uiUrl).port) });
    const found = await eventually('found by its search attribute', async () => {
      const all = client.workflow.list({ query: 'PremirrorZones IN ("us-central1-b")' });
      for await (const workflow of all) return workflow;
      return undefined;
    });
    expect(found.workflowId).toBe('application/shop');
    const { action, policies } = await client.schedule.getHandle(SWEEP_SCHEDULE_ID).describe();
    const [input] = action.args as [{ specs: { application: string }[]; speed: number }];
    expect(input.specs.map((s) => s.application)).toEqual(['other', 'shop']);
    expect(input.speed).toBe(2);
    expect(policies.catchupWindow).toBe(300_000);
    await connection.close();
  });

  it('refuses a namespace whose search attribute has another type, with the remedy', async () => {
    const { connection } = await connect(server);
    const namespace = 'default';
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { PremirrorZones: 2 },
    });
    await expect(registerSearchAttributes(connection, namespace)).rejects.toThrow(
      /PremirrorZones in namespace default is INDEXED_VALUE_TYPE_KEYWORD, but must be .*KEYWORD_LIST: remove it with/,
    );
    await connection.close();
  });
});

describe('the time-skipping test server', () => {
  it('is found or obtained, and skips a month', async () => {
    const executable = { type: 'existing-path' as const, path: await findTestServer() };
    const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    const before = await env.currentTimeMs();
    await env.sleep('30 days');
    expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(30 * 86_400_000);
    await env.teardown();
  });
});

describe('a server of the user’s own', () => {
  it('is used when TEMPORAL_ADDRESS or a profile names it', () => {
    const given = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'ops' };
    expect(existingServer(given)).toMatchObject({ address: 'temporal.example:7233', namespace: 'ops' });
    expect(existingServer({ TEMPORAL_CONFIG_FILE: '/nonexistent' })).toBeUndefined();
  });

  it('gives its credentials to a process that is configured with the same address only', () => {
    expect(targetOf({ address: '127.0.0.1:1', namespace: 'n' })).toEqual({
      address: '127.0.0.1:1',
      namespace: 'n',
    });
  });
});
