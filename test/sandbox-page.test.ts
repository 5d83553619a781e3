import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';

/** A person sees on one page what exists, whatever it is called; looking changes nothing and is no API call. */

const quick = { medianMs: 1_000, p99Ms: 2_000 };
const ZONE = 'zones/us-central1-b';
let sandbox: Sandbox;

async function create(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${sandbox.addresses.rest}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(200);
}
const compute = (path: string, body: unknown) => create(`/compute/v1/projects/p/${path}`, body);
const page = async () => (await fetch(sandbox.addresses.page)).text();
/** The page's text, cells apart by one space. */
const read = async () =>
  (await page())
    .replaceAll(/<style>.*?<\/style>|<script>.*?<\/script>|<[^>]*>|\s+/gs, ' ')
    .replaceAll(/ +/g, ' ');

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 1,
    speed: 100,
    originMs: Date.UTC(2026, 2, 2, 12),
    delays: { create: quick, slowCreateShare: 0 },
    defaultProfile: { initMs: 0 },
    faults: { stockOutZones: ['us-east1-b'] },
  });
  await compute('global/instanceTemplates', { name: 'app', properties: { machineType: 'e2-small' } });
  await compute('global/healthChecks', { name: 'alive', checkIntervalSec: 1, timeoutSec: 1 });
  const instanceTemplate = 'global/instanceTemplates/app';
  await compute(`${ZONE}/instanceGroupManagers`, { name: 'shop', instanceTemplate, targetSize: 3 });
  await compute(`${ZONE}/instanceGroupManagers`, { name: 'standby', instanceTemplate, targetSize: 0 });
  await compute('global/backendServices', {
    name: 'front',
    healthChecks: ['global/healthChecks/alive'],
    backends: ['shop', 'standby'].map((group) => ({ group: `${ZONE}/instanceGroups/${group}` })),
  });
  await compute('global/urlMaps', { name: 'web', defaultService: 'global/backendServices/front' });
  await compute('global/targetHttpProxies', { name: 'plain', urlMap: 'global/urlMaps/web' });
  const target = 'global/targetHttpProxies/plain';
  await compute('global/forwardingRules', { name: 'door', portRange: '80', target });
  const instanceProperties = { machineType: 'e2-medium' };
  await compute(`${ZONE}/reservations`, {
    name: 'kept',
    specificReservation: { count: '4', instanceProperties },
  });
  await create('/dns/v1/projects/p/managedZones', { name: 'example', dnsName: 'example.com.' });
  const additions = [
    { name: '_odd.example.com.', type: 'TXT', ttl: 60, rrdatas: ['"<script>alert(1)</script>"'] },
  ];
  await create('/dns/v1/projects/p/managedZones/example/changes', { additions });
});
afterAll(() => sandbox.close());

describe("the sandbox's page", () => {
  it('shows groups by state, backends with health, records, faults and the bill', async () => {
    await expect.poll(read, { timeout: 20_000 }).toContain('3 of 3');
    const text = await read();
    expect(text).toContain('shop us-central1-b 3 / 0 / 0 3 RUNNING 3');
    expect(text).toContain('shop (us-central1-b) 3 of 3 1 100.0%');
    expect(text).toContain('standby (us-central1-b) none runs 1 0.0%');
    expect(text).toMatch(/door http:\/\/127\.[\d.]+:80 plain web front/);
    expect(text).toContain('kept us-central1-b 4 × e2-medium 0 of 4 in use');
    expect(text).toContain('example.com. SOA');
    expect(text).toContain('stockOutZones');
    expect(text).toContain('Instance-hours');
    expect(text).toContain('at 100 × real time');
  });

  it('writes what others named as text, never as markup', async () => {
    const text = await page();
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('&#60;script&#62;alert(1)');
  });

  it('is neither logged nor disturbed by faults', async () => {
    const calls = sandbox.world.calls.length;
    sandbox.world.faults.set({ rateLimit: { pathIncludes: '/', times: 5 } });
    expect((await fetch(sandbox.addresses.page)).headers.get('content-type')).toContain('text/html');
    expect(sandbox.world.calls.length).toBe(calls);
  });
});
