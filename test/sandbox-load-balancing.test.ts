import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { computeCaller } from './support/compute-caller.ts';
import { CERTIFICATE, PRIVATE_KEY } from './support/test-certificate.ts';

/** A request to a forwarding rule's address goes where proxy and URL map say; what is in use cannot go away. */

const ZONE = 'zones/us-central1-b';
const SERVICES = ['blue', 'green', 'red'];
const quick = { medianMs: 500, p99Ms: 1_000 };
let sandbox: Sandbox;

const { call, done, refused, expectInForm } = computeCaller(() => sandbox);

interface Asked {
  host?: string;
  path?: string;
  headers?: Record<string, string>;
}

async function addressOf(rule: string): Promise<{ host: string; port: number }> {
  const url = `${sandbox.addresses.control}/forwarding-rules`;
  const rules = (await (await fetch(url)).json()) as Record<string, { host: string; port: number }>;
  return rules[`p/${rule}`]!;
}

/** Group of the instance that answers at the rule's address; the status where none does. */
async function answering(rule: string, { host = 'x.example', path = '/', headers = {} }: Asked = {}) {
  const address = await addressOf(rule);
  return new Promise<string>((resolve, reject) => {
    get({ ...address, path, headers: { ...headers, host } }, (response) => {
      response.resume();
      const instance = response.headers['x-sandbox-instance'] as string | undefined;
      resolve(instance?.split('-')[0] ?? String(response.statusCode));
    }).once('error', reject);
  });
}

async function front(name: string, map: Record<string, unknown>): Promise<void> {
  await done('POST', 'global/urlMaps', { name, ...map });
  await done('POST', 'global/targetHttpProxies', { name, urlMap: `global/urlMaps/${name}` });
  const target = `global/targetHttpProxies/${name}`;
  await done('POST', 'global/forwardingRules', { name, portRange: '80', target });
}

const service = (name: string) => `global/backendServices/${name}`;
const weights = (blue: number, green: number) => ({
  weightedBackendServices: [
    { backendService: service('blue'), weight: blue },
    { backendService: service('green'), weight: green },
  ],
});

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 4,
    speed: 100,
    originMs: Date.UTC(2026, 2, 2, 12),
    delays: { create: quick, slowCreateShare: 0 },
    defaultProfile: { initMs: 0, serviceMs: 10 },
  });
  await done('POST', 'global/instanceTemplates', { name: 'app', properties: { machineType: 'e2-small' } });
  await done('POST', 'global/healthChecks', { name: 'alive', checkIntervalSec: 1, timeoutSec: 1 });
  const instanceTemplate = 'global/instanceTemplates/app';
  for (const name of SERVICES) {
    await done('POST', `${ZONE}/instanceGroupManagers`, { name, instanceTemplate, targetSize: 1 });
    const backends = [{ group: `${ZONE}/instanceGroups/${name}` }];
    await done('POST', 'global/backendServices', {
      name,
      healthChecks: ['global/healthChecks/alive'],
      backends,
    });
  }
  const healthy = async (name: string) => {
    const group = `${ZONE}/instanceGroups/${name}`;
    const { body } = await call('POST', `${service(name)}/getHealth`, { group });
    return (body['healthStatus'] as { healthState: string }[])[0]?.healthState;
  };
  for (const name of SERVICES)
    await vi.waitFor(async () => expect(await healthy(name)).toBe('HEALTHY'), { timeout: 20_000 });
});
afterAll(() => sandbox.close());

describe('a forwarding rule', () => {
  it('sends by host, path and rule, each to its backend service', async () => {
    const routeRules = [
      {
        priority: 2,
        matchRules: [{ prefixMatch: '/', headerMatches: [{ headerName: 'x-beta', exactMatch: 'yes' }] }],
        service: service('green'),
      },
      { priority: 1, matchRules: [{ fullPathMatch: '/first', ignoreCase: true }], service: service('red') },
      {
        priority: 3,
        matchRules: [{ regexMatch: '/n/\\d+', queryParameterMatches: [{ name: 'v', exactMatch: '2' }] }],
        service: service('red'),
      },
    ];
    await front('web', {
      defaultService: service('blue'),
      hostRules: [
        { hosts: ['shop.example', '*.shop.example'], pathMatcher: 'paths' },
        { hosts: ['beta.example'], pathMatcher: 'rules' },
      ],
      pathMatchers: [
        {
          name: 'paths',
          defaultService: service('blue'),
          pathRules: [
            { paths: ['/a/*'], service: service('green') },
            { paths: ['/a/b/*', '/exact'], service: service('red') },
          ],
        },
        { name: 'rules', defaultService: service('blue'), routeRules },
      ],
    });
    const expected: [Asked, string][] = [
      [{}, 'blue'],
      [{ host: 'shop.example', path: '/a/x' }, 'green'],
      [{ host: 'SHOP.example:8080', path: '/a/b/x?y=1' }, 'red'],
      [{ host: 'de.shop.example', path: '/exact' }, 'red'],
      [{ host: 'de.shop.example', path: '/exact/not' }, 'blue'],
      [{ host: 'other.example', path: '/a/x' }, 'blue'],
      [{ host: 'beta.example', path: '/' }, 'blue'],
      [{ host: 'beta.example', path: '/', headers: { 'X-Beta': 'yes' } }, 'green'],
      [{ host: 'beta.example', path: '/First', headers: { 'X-Beta': 'yes' } }, 'red'],
      [{ host: 'beta.example', path: '/n/12?v=2' }, 'red'],
      [{ host: 'beta.example', path: '/n/12?v=3' }, 'blue'],
    ];
    for (const [asked, group] of expected)
      expect(await answering('web', asked), JSON.stringify(asked)).toBe(group);
  });

  it('shares by weights, and by new ones after a change that carried the fingerprint', async () => {
    const shares = async () => {
      const groups: string[] = [];
      for (let count = 0; count < 20; count += 1) groups.push(await answering('split'));
      return SERVICES.map((name) => groups.filter((group) => group === name).length);
    };
    await front('split', { defaultRouteAction: weights(300, 100) });
    expect(await shares()).toEqual([15, 5, 0]);
    const change = { defaultRouteAction: weights(0, 1) };
    await refused('conditionNotMet', 412, 'PATCH', 'global/urlMaps/split', change);
    const { fingerprint } = (await call('GET', 'global/urlMaps/split')).body;
    await done('PATCH', 'global/urlMaps/split', { ...change, fingerprint });
    await expect.poll(shares, { timeout: 20_000 }).toEqual([0, 20, 0]);
  });

  it('follows its proxy to another URL map, and falls silent when it is deleted', async () => {
    await front('moved', { defaultService: service('blue') });
    await done('POST', 'global/urlMaps', { name: 'next', defaultService: service('red') });
    // Google's path of this verb has no `global`.
    await done('POST', 'targetHttpProxies/moved/setUrlMap', { urlMap: 'global/urlMaps/next' });
    await expect.poll(() => answering('moved'), { timeout: 20_000 }).toBe('red');
    await done('POST', 'global/targetHttpProxies', { name: 'second', urlMap: 'global/urlMaps/moved' });
    await done('POST', 'global/forwardingRules/moved/setTarget', {
      target: 'global/targetHttpProxies/second',
    });
    await expect.poll(() => answering('moved'), { timeout: 20_000 }).toBe('blue');
    const address = sandbox.world.forwardingRules.get('p/global/moved')!['IPAddress'] as string;
    expect(address).toMatch(/^127\./);
    await done('DELETE', 'global/forwardingRules/moved');
    await expect.poll(() => answering('moved').catch(() => 'gone'), { timeout: 20_000 }).toBe('gone');
  });
});

describe('a target HTTPS proxy', () => {
  it('speaks TLS with the certificate that was brought along, and shows no private key', async () => {
    const certificate = { name: 'own', certificate: CERTIFICATE, privateKey: PRIVATE_KEY };
    await done('POST', 'global/sslCertificates', certificate);
    const shown = (await call('GET', 'global/sslCertificates/own')).body;
    expect(shown).toMatchObject({ subjectAlternativeNames: ['shop.example', 'www.shop.example'] });
    expect(JSON.stringify(shown)).not.toContain('PRIVATE KEY');
    await done('POST', 'global/urlMaps', { name: 'secure', defaultService: service('green') });
    const proxy = { name: 'secure', urlMap: 'global/urlMaps/secure' };
    await refused('invalid', 400, 'POST', 'global/targetHttpsProxies', proxy);
    const sslCertificates = ['global/sslCertificates/own'];
    await done('POST', 'global/targetHttpsProxies', { ...proxy, sslCertificates });
    const target = 'global/targetHttpsProxies/secure';
    await done('POST', 'global/forwardingRules', { name: 'secure', portRange: '443', target });
    await refused('resourceInUseByAnotherResource', 400, 'DELETE', 'global/sslCertificates/own');
    const address = await addressOf('secure');
    const instance = await new Promise((resolve, reject) => {
      const trust = { ca: CERTIFICATE, servername: 'www.shop.example' };
      getSecurely({ ...address, ...trust, path: '/' }, (response) => {
        response.resume();
        resolve(response.headers['x-sandbox-instance']);
      }).once('error', reject);
    });
    expect(instance).toMatch(/^green-/);
    const plain = { target: 'global/targetHttpProxies/web' };
    await refused('invalid', 400, 'POST', 'global/forwardingRules/secure/setTarget', plain);
  });

  it('takes no certificate without its key', async () => {
    const odd = { name: 'odd', certificate: CERTIFICATE };
    await refused('invalid', 400, 'POST', 'global/sslCertificates', odd);
    await refused('invalid', 400, 'POST', 'global/sslCertificates', { ...odd, privateKey: 'none' });
    const managed = { name: 'odd', type: 'MANAGED', managed: { domains: ['shop.example'] } };
    await refused('notImplemented', 501, 'POST', 'global/sslCertificates', managed);
  });
});

describe('the chain of load balancing', () => {
  it('refuses to delete whatever the next part up uses, and lets it go from the top', async () => {
    await front('chain', { defaultService: service('red') });
    const inUse = 'resourceInUseByAnotherResource';
    for (const path of ['backendServices/red', 'urlMaps/chain', 'targetHttpProxies/chain'])
      await refused(inUse, 400, 'DELETE', `global/${path}`);
    for (const kind of ['forwardingRules', 'targetHttpProxies', 'urlMaps'])
      await done('DELETE', `global/${kind}/chain`);
  });

  it('refuses what refers to nothing, says two things at once, or is not emulated', async () => {
    const map = (fields: Record<string, unknown>) =>
      ['POST', 'global/urlMaps', { name: 'odd', ...fields }] as const;
    const before = sandbox.world.urlMaps.size;
    await refused('notFound', 404, ...map({ defaultService: service('none') }));
    await refused('invalid', 400, ...map({}));
    await refused(
      'invalid',
      400,
      ...map({ defaultService: service('red'), defaultRouteAction: weights(1, 1) }),
    );
    await refused('invalid', 400, ...map({ defaultRouteAction: weights(1, 1001) }));
    const hostRules = [{ hosts: ['a.example'], pathMatcher: 'none' }];
    await refused('invalid', 400, ...map({ defaultService: service('red'), hostRules }));
    await refused('invalid', 400, ...map({ defaultService: service('red'), surprise: 1 }));
    const defaultRouteAction = { ...weights(1, 1), timeout: { seconds: '3' } };
    await refused('notImplemented', 501, ...map({ defaultRouteAction }));
    await refused('notFound', 404, 'POST', 'global/targetHttpProxies', {
      name: 'odd',
      urlMap: 'global/urlMaps/none',
    });
    const rule = { name: 'odd', portRange: '80', target: 'global/targetHttpProxies/none' };
    await refused('notFound', 404, 'POST', 'global/forwardingRules', rule);
    await refused('invalid', 400, 'POST', 'global/forwardingRules', { ...rule, portRange: '80-90' });
    expect(sandbox.world.urlMaps.size).toBe(before);
    expect(sandbox.world.forwardingRules.has('p/global/odd')).toBe(false);
  });
});

it('all of it in the form of the discovery documents', expectInForm, 30_000);
