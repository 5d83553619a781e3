import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { computeCaller } from './support/compute-caller.ts';

/** Endpoints of single instances carry traffic as groups do, and health checks really reach what they check. */

const ZONE = 'zones/us-central1-b';
const GROUPS = `${ZONE}/networkEndpointGroups`;
const quick = { medianMs: 500, p99Ms: 1_000 };
/** Waits until it holds; the limit is a safety net, not a measurement. */
const eventually = (holds: () => Promise<void> | void) => vi.waitFor(holds, { timeout: 20_000 });

let sandbox: Sandbox;
const { call, done, refused, expectInForm } = computeCaller(() => sandbox);

const names = () => sandbox.world.instancesOf('p', 'us-central1-b', 'shop').map(({ name }) => name);
const endpoints = (...instances: string[]) => ({
  networkEndpoints: instances.map((instance) => ({ instance: `${ZONE}/instances/${instance}` })),
});

async function balanced(service: string, healthCheck: string, group: string): Promise<void> {
  await done('POST', 'global/backendServices', {
    name: service,
    healthChecks: [`global/healthChecks/${healthCheck}`],
    backends: [{ group, balancingMode: 'RATE', maxRatePerEndpoint: 10 }],
  });
}

async function healthOf(service: string, group: string): Promise<string[]> {
  const { body } = await call('POST', `global/backendServices/${service}/getHealth`, { group });
  return (body['healthStatus'] as { healthState: string }[]).map(({ healthState }) => healthState);
}

/** Names of the instances that answer, sorted; statuses where none does. */
async function answering(service: string, times: number): Promise<string[]> {
  const balancers = (await (await fetch(sandbox.addresses.loadBalancer)).json()) as Record<
    string,
    { host: string; port: number }
  >;
  const { host, port } = balancers[service]!;
  const seen = new Set<string>();
  for (let count = 0; count < times; count += 1) {
    const answer = await fetch(`http://${host}:${port}/`);
    await answer.arrayBuffer();
    seen.add(answer.headers.get('x-sandbox-instance') ?? String(answer.status));
  }
  return [...seen].sort();
}

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 5,
    speed: 100,
    originMs: Date.UTC(2026, 2, 2, 12),
    delays: { create: quick, stop: quick, slowCreateShare: 0 },
    defaultProfile: { initMs: 0, serviceMs: 10 },
  });
  const metadata = { items: [{ key: 'sandbox-init-ms', value: '100000000' }] };
  await done('POST', 'global/instanceTemplates', { name: 'app', properties: { machineType: 'e2-small' } });
  await done('POST', 'global/instanceTemplates', {
    name: 'slow',
    properties: { machineType: 'e2-small', metadata },
  });
  const timing = { checkIntervalSec: 1, timeoutSec: 1 };
  await done('POST', 'global/healthChecks', { name: 'asks', ...timing });
  await done('POST', 'global/healthChecks', {
    name: 'connects',
    type: 'TCP',
    tcpHealthCheck: { port: 80 },
    ...timing,
  });
  const group = (name: string, template: string, targetSize: number) =>
    done('POST', `${ZONE}/instanceGroupManagers`, {
      name,
      instanceTemplate: `global/instanceTemplates/${template}`,
      targetSize,
    });
  await group('shop', 'app', 3);
  await group('boots', 'slow', 1);
});
afterAll(() => sandbox.close());

describe('a network endpoint group', () => {
  it('carries traffic to its endpoints only, tells their health, and loses those of deleted instances', async () => {
    await done('POST', GROUPS, { name: 'chosen', defaultPort: 8080 });
    const [first, second, third] = names() as [string, string, string];
    await done('POST', `${GROUPS}/chosen/attachNetworkEndpoints`, endpoints(first, second, first));
    expect((await call('GET', `${GROUPS}/chosen`)).body).toMatchObject({
      size: 2,
      networkEndpointType: 'GCE_VM_IP_PORT',
    });
    await balanced('by-endpoint', 'asks', `${GROUPS}/chosen`);
    await eventually(async () =>
      expect(await healthOf('by-endpoint', `${GROUPS}/chosen`)).toEqual(['HEALTHY', 'HEALTHY']),
    );
    expect(await answering('by-endpoint', 8)).toEqual([first, second].sort());

    await done('POST', `${GROUPS}/chosen/detachNetworkEndpoints`, endpoints(second));
    expect(await answering('by-endpoint', 4)).toEqual([first]);
    const { body } = await call('POST', `${GROUPS}/chosen/listNetworkEndpoints`, { healthStatus: 'SHOW' });
    expect(body['items']).toMatchObject([
      { networkEndpoint: { port: 8080 }, healths: [{ healthState: 'HEALTHY' }] },
    ]);

    await done('POST', `${ZONE}/instanceGroupManagers/shop/deleteInstances`, {
      instances: [`${ZONE}/instances/${first}`],
    });
    await eventually(() => expect(names()).toEqual([second, third]));
    expect((await call('GET', `${GROUPS}/chosen`)).body['size']).toBe(0);
    expect(await answering('by-endpoint', 1)).toEqual(['503']);
    await refused('resourceInUseByAnotherResource', 400, 'DELETE', `${GROUPS}/chosen`);
    await done('DELETE', 'global/backendServices/by-endpoint');
    await done('DELETE', `${GROUPS}/chosen`);
  });

  it('refuses endpoints that are none, and changes nothing then', async () => {
    await done('POST', GROUPS, { name: 'strict' });
    const attach = (endpoint: object) =>
      ['POST', `${GROUPS}/strict/attachNetworkEndpoints`, { networkEndpoints: [endpoint] }] as const;
    const instance = names()[0]!;
    await refused('notFound', 404, ...attach({ instance: 'nobody', port: 80 }));
    await refused('invalid', 400, ...attach({ instance }));
    await refused('invalid', 400, ...attach({ instance, port: 80, ipAddress: '10.0.0.1' }));
    await refused('invalid', 400, 'POST', `${GROUPS}/strict/detachNetworkEndpoints`, endpoints(instance));
    await refused('invalid', 400, 'POST', GROUPS, { name: 'odd', networkEndpointType: 'SERVERLESS' });
    await refused('invalid', 400, 'POST', 'global/backendServices', {
      name: 'odd',
      backends: [{ group: `${GROUPS}/strict` }],
    });
    expect((await call('GET', `${GROUPS}/strict`)).body['size']).toBe(0);
  });
});

describe('a health check', () => {
  it('by TCP is content with a connection, where one by HTTP wants the application to serve', async () => {
    const group = `${ZONE}/instanceGroups/boots`;
    await balanced('by-connection', 'connects', group);
    await balanced('by-answer', 'asks', group);
    await eventually(async () => expect(await healthOf('by-connection', group)).toEqual(['HEALTHY']));
    expect(await healthOf('by-answer', group)).toEqual(['UNHEALTHY']);
  });

  it('that could not really probe is not taken', async () => {
    for (const type of ['HTTPS', 'HTTP2', 'SSL', 'GRPC'])
      await refused('notImplemented', 501, 'POST', 'global/healthChecks', { name: 'odd', type });
    const slow = { name: 'odd', checkIntervalSec: 2, timeoutSec: 3 };
    await refused('invalid', 400, 'POST', 'global/healthChecks', slow);
  });
});

describe('a backend', () => {
  it('of which maxRate is set takes that much, however many instances it has', async () => {
    const [shop, boots] = ['shop', 'boots'].map((name) => `${ZONE}/instanceGroups/${name}`);
    await done('POST', 'global/backendServices', {
      name: 'rates',
      healthChecks: ['global/healthChecks/connects'],
      backends: [
        { group: shop, balancingMode: 'RATE', maxRate: 30 },
        { group: boots, balancingMode: 'RATE', maxRatePerInstance: 10 },
      ],
    });
    await eventually(async () => {
      expect(await healthOf('rates', shop!)).toEqual(['HEALTHY', 'HEALTHY']);
      expect(await healthOf('rates', boots!)).toEqual(['HEALTHY']);
    });
    const page = await (await fetch(sandbox.addresses.page)).text();
    expect(page.replaceAll(/<[^>]*>|\s+/g, ' ').replaceAll(/ +/g, ' ')).toContain('2 of 2 1 75.0%');
  });
});

it('all of it in the form of the discovery documents', expectInForm, 30_000);
