import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { afterEach, describe, expect, it, test } from 'vitest';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { DOCUMENTED_ERRORS } from '../src/sandbox/faults/documented-errors.ts';
import { Faults } from '../src/sandbox/faults/faults.ts';
import { readFaultsFile } from '../src/sandbox/faults/file.ts';
import { nameCall } from '../src/sandbox/faults/method-names.ts';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import type { Call } from '../src/sandbox/world.ts';

/** Faults do what their rules say, as often as they say, say so in the log, and are refused when wrongly written. */

const ORIGIN = Date.UTC(2026, 0, 5, 12);
const CHECKS = '/compute/v1/projects/p/global/healthChecks';
const open: Sandbox[] = [];

afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

async function start(faults: Record<string, unknown> = {}, seed = 1): Promise<Sandbox> {
  const sandbox = await startSandbox({ seed, speed: 60, originMs: ORIGIN, faults });
  open.push(sandbox);
  return sandbox;
}

/** Status and body of a call; status 0 when the connection broke. */
async function send(sandbox: Sandbox, path: string, method = 'GET', body?: unknown) {
  try {
    const answer = await fetch(`${sandbox.addresses.rest}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, never> };
  } catch {
    return { status: 0, body: {} };
  }
}

const insertCheck = (sandbox: Sandbox, name: string) => send(sandbox, CHECKS, 'POST', { name });
const getCheck = async (sandbox: Sandbox, name: string) => (await send(sandbox, `${CHECKS}/${name}`)).status;
const lastCall = (sandbox: Sandbox): Call => sandbox.world.calls.at(-1)!;

describe('an API call', () => {
  it('is refused with every documented error, in the words of Google, and has then done nothing', async () => {
    const sandbox = await start();
    for (const [reason, { status, message }] of Object.entries(DOCUMENTED_ERRORS)) {
      sandbox.world.faults.set({ rules: [{ name: reason, times: 1, effect: { error: reason } }] });
      const refused = await insertCheck(sandbox, 'refused');
      const errors = [{ domain: 'global', reason, message }];
      expect(refused).toEqual({ status, body: { error: { code: status, message, errors } } });
      expect(lastCall(sandbox)).toMatchObject({ status, faults: [reason] });
      expect(await getCheck(sandbox, 'refused')).toBe(404);
    }
  });

  it('loses its request before anything has happened, or its answer after success only', async () => {
    const effect = (what: string) => ({ rules: [{ match: { access: 'write' }, effect: { lose: what } }] });
    const sandbox = await start(effect('request'));
    expect((await insertCheck(sandbox, 'lost')).status).toBe(0);
    expect(lastCall(sandbox)).toMatchObject({ method: 'POST', status: 0, faults: ['rule 1'] });
    expect(await getCheck(sandbox, 'lost')).toBe(404);
    sandbox.world.faults.set(effect('answer'));
    expect((await insertCheck(sandbox, 'lost')).status).toBe(0);
    expect(await getCheck(sandbox, 'lost')).toBe(200);
    expect((await insertCheck(sandbox, 'lost')).status).toBe(409);
  });

  it('is carried out twice, and answered by the first or the second time', async () => {
    const sandbox = await start({ rules: [{ effect: { duplicate: 'first' } }] });
    expect((await insertCheck(sandbox, 'one')).status).toBe(200);
    sandbox.world.faults.set({ rules: [{ effect: { duplicate: 'second' } }] });
    expect((await insertCheck(sandbox, 'two')).status).toBe(409);
    sandbox.world.faults.set({ rules: [] });
    expect([await getCheck(sandbox, 'one'), await getCheck(sandbox, 'two')]).toEqual([200, 200]);
  });

  it('is delayed before it happens, or after', async () => {
    const sandbox = await start();
    const outcomes = [];
    for (const effect of [{ delay: '60s' }, { delayAnswer: '60s' }]) {
      sandbox.world.faults.set({ rules: [{ match: { access: 'write' }, effect }] });
      const before = sandbox.world.clock.now();
      const name = Object.keys(effect)[0]!.toLowerCase();
      const inserted = insertCheck(sandbox, name);
      let meanwhile = 404;
      // A delayed answer comes after the resource is there; a delayed call is done by when it is there.
      while (meanwhile === 404) meanwhile = await getCheck(sandbox, name);
      const there = sandbox.world.clock.now() - before;
      expect((await inserted).status).toBe(200);
      expect(sandbox.world.clock.now() - before).toBeGreaterThanOrEqual(60_000);
      outcomes.push(there >= 60_000);
    }
    expect(outcomes).toEqual([true, false]);
  });

  it('ends its operation with an error and does nothing, or ends it late', async () => {
    const match = { method: 'compute.healthChecks.insert' };
    const wait = async (name: string) => {
      const { body } = await insertCheck(sandbox, name);
      const path = `/compute/v1/projects/p/global/operations/${body['name']}/wait`;
      return (await send(sandbox, path, 'POST')).body;
    };
    const sandbox = await start({
      rules: [{ match, times: 1, effect: { operation: { error: 'INTERNAL_ERROR', message: 'sorry' } } }],
    });
    expect(await wait('failed')).toMatchObject({
      status: 'DONE',
      error: { errors: [{ code: 'INTERNAL_ERROR', message: 'sorry' }] },
    });
    expect(await getCheck(sandbox, 'failed')).toBe(404);
    sandbox.world.faults.set({ rules: [{ match, effect: { operation: { delay: '40s' } } }] });
    const before = sandbox.world.clock.now();
    expect(await wait('late')).toMatchObject({ status: 'DONE' });
    expect(sandbox.world.clock.now() - before).toBeGreaterThanOrEqual(40_000);
    expect(await getCheck(sandbox, 'late')).toBe(200);
  });

  it('is meant by its name, place and resource only, and in its time only', async () => {
    const manager = (zone: string) => `/compute/v1/projects/p/zones/${zone}/instanceGroupManagers`;
    const rule = {
      match: { method: 'compute.instanceGroupManagers.*', zone: '*-b', resource: ['pm-*', 'x'] },
      effect: { error: 'backendError' },
    };
    const sandbox = await start({ rules: [rule] });
    const statuses = async () => [
      (await send(sandbox, `${manager('us-central1-b')}/pm-shop`)).status,
      (await send(sandbox, `${manager('us-central1-b')}/shop`)).status,
      (await send(sandbox, `${manager('us-central1-a')}/pm-shop`)).status,
      (await send(sandbox, manager('us-central1-b'), 'POST', { name: 'x' })).status,
    ];
    expect(await statuses()).toEqual([503, 404, 404, 503]);
    sandbox.world.faults.set({ rules: [{ ...rule, at: '2000-01-01T00:00:00Z', until: '1ms' }] });
    await sandbox.world.clock.sleep(1);
    expect((await statuses())[0]).toBe(404);
    sandbox.world.faults.set({ rules: [{ ...rule, at: '1h' }] });
    expect((await statuses())[0]).toBe(404);
  });
});

describe('rules', () => {
  const subject = { resources: [], label: 'a call' };
  const faultsOf = (rules: unknown[], seed = 1) => {
    const faults = new Faults(new SandboxClock(ORIGIN, 1), seed);
    faults.set({ rules });
    return faults;
  };
  const strikesOf = (faults: Faults, calls: number) =>
    Array.from({ length: calls }, () => faults.strike('error', subject)?.rule);

  test('strike exactly after and times say, the first that fits first', () => {
    const small = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ after: small, times: small }), { maxLength: 3 }),
        small,
        (given, calls) => {
          const faults = faultsOf(given.map((counts) => ({ ...counts, effect: { error: { status: 503 } } })));
          const left = given.map((counts) => ({ ...counts }));
          const expected = Array.from({ length: calls }, () => {
            for (const [index, counts] of left.entries()) {
              if (counts.after-- > 0 || counts.times <= 0) continue;
              counts.times -= 1;
              return `rule ${index + 1}`;
            }
            return undefined;
          });
          expect(strikesOf(faults, calls)).toEqual(expected);
          expect(faults.strikes.map(({ rule }) => rule)).toEqual(
            expected.filter((rule) => rule !== undefined),
          );
        },
      ),
    );
  });

  test('draw the same under one seed, something else under another, and about as often as they say', () => {
    const rules = [{ probability: 0.3, effect: { error: 'backendError' } }];
    const draw = (seed: number) => strikesOf(faultsOf(rules, seed), 1_000);
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    // 1000 draws at 0.3: 300 ± 4 standard deviations.
    expect(Math.abs(draw(5).filter((rule) => rule !== undefined).length - 300)).toBeLessThan(58);
  });

  test.each([
    [{ rules: [{ efect: {} }] }, 'rules[0].efect is not known: did you mean effect?'],
    [{ rules: [{ effect: { eror: 'notFound' } }] }, 'did you mean error?'],
    [{ rules: [{ effect: { error: 'notfound' } }] }, 'did you mean notFound?'],
    [{ rules: [{ effect: { delay: 5 } }] }, 'rules[0].effect.delay is 5: give a duration such as'],
    [{ rules: [{ effect: { delay: '5s', lose: 'answer' } }] }, 'give exactly one of'],
    [{ rules: [{ effect: {} }] }, 'give exactly one of'],
    [{ rules: [{ match: { zones: 'b' }, effect: { stockOut: true } }] }, 'did you mean zone?'],
    [
      { rules: [{ match: { method: 'x' }, effect: { stockOut: true } }] },
      'rules[0].match.method is not known',
    ],
    [
      { rules: [{ match: { method: 'compute.instanceGroupManager.insert' }, effect: { delay: '1s' } }] },
      'did you mean compute.instanceGroupManagers?',
    ],
    [{ rules: [{ probability: 1.5, effect: { delay: '1s' } }] }, 'rules[0].probability is 1.5'],
    [{ rules: [{ at: '5m', until: '4m', effect: { delay: '1s' } }] }, 'give a time after at'],
    [{ rules: [{ times: 1, effect: { metrics: { missing: true } } }] }, 'rules[0].times is 1'],
    [{ rules: [{ effect: { metrics: { late: '1m', missing: true } } }] }, 'give late, missing: true'],
    [{ stockoutZones: [] }, 'did you mean stockOutZones?'],
    [{ rateLimit: { pathIncludes: '/', time: 1 } }, 'time'],
    [{ seed: 'x' }, 'seed is "x"'],
  ])('%j is refused by field, value and remedy, and changes nothing', (body, words) => {
    const faults = faultsOf([{ effect: { error: 'backendError' } }]);
    const before = faults.view();
    expect(() => faults.set({ slowBootFactor: 7, ...body })).toThrow(words);
    expect(faults.view()).toEqual(before);
  });

  it('are replaced, shown with what they did, and taken away over the control endpoint', async () => {
    const sandbox = await start({ rules: [{ name: 'first', effect: { error: 'conflict' } }] }, 9);
    const control = (verb: string, body?: unknown) =>
      send(sandbox, `/control/${verb}`, body === undefined ? 'GET' : 'POST', body);
    await insertCheck(sandbox, 'a');
    expect((await control('faults')).body).toMatchObject({
      seed: 9,
      stockOutZones: [],
      rules: [{ name: 'first', effect: { error: 'conflict' }, matched: 1, struck: 1 }],
    });
    expect((await control('strikes')).body).toMatchObject([
      { rule: 'first', effect: 'error', on: `POST ${CHECKS}` },
    ]);
    expect((await control('faults', { rules: [{ effect: { lose: 'everything' } }] })).status).toBe(400);
    expect((await insertCheck(sandbox, 'a')).status).toBe(409);
    await control('faults', { rateLimit: { pathIncludes: '/healthChecks', times: 2 } });
    expect((await insertCheck(sandbox, 'a')).status).toBe(429);
    expect((await control('faults')).body).toMatchObject({
      rateLimit: { times: 1 },
      rules: [{ name: 'first' }],
    });
    await control('reset', {});
    expect((await control('faults')).body).toMatchObject({ rules: [] });
    expect((await insertCheck(sandbox, 'a')).status).toBe(200);
  });
});

test('calls are named as the discovery documents name them', () => {
  const names: [string, string, string][] = [
    ['POST', 'compute/v1/projects/p/zones/z/instanceGroupManagers', 'compute.instanceGroupManagers.insert'],
    ['PATCH', 'compute/v1/projects/p/zones/z/instanceGroupManagers/m', 'compute.instanceGroupManagers.patch'],
    [
      'POST',
      'compute/v1/projects/p/zones/z/instanceGroupManagers/m/resize',
      'compute.instanceGroupManagers.resize',
    ],
    [
      'GET',
      'compute/v1/projects/p/regions/r/instanceGroupManagers/m',
      'compute.regionInstanceGroupManagers.get',
    ],
    [
      'POST',
      'compute/v1/projects/p/zones/z/instanceGroupManagers/m/resizeRequests',
      'compute.instanceGroupManagerResizeRequests.insert',
    ],
    ['GET', 'compute/v1/projects/p/aggregated/instances', 'compute.instances.aggregatedList'],
    ['GET', 'compute/v1/projects/p/global/forwardingRules', 'compute.globalForwardingRules.list'],
    ['GET', 'compute/v1/projects/p/regions/r/forwardingRules', 'compute.forwardingRules.list'],
    ['POST', 'compute/v1/projects/p/global/operations/o/wait', 'compute.globalOperations.wait'],
    ['GET', 'compute/v1/projects/p/zones/z/operations', 'compute.zoneOperations.list'],
    ['PATCH', 'compute/v1/projects/p/zones/z/autoscalers', 'compute.autoscalers.patch'],
    ['PUT', 'compute/v1/projects/p/global/urlMaps/u', 'compute.urlMaps.update'],
    ['GET', 'compute/v1/projects/p/regions/r', 'compute.regions.get'],
    ['GET', 'compute/v1/projects/p', 'compute.projects.get'],
    ['POST', 'dns/v1/projects/p/managedZones', 'dns.managedZones.create'],
    ['POST', 'dns/v1/projects/p/managedZones/z/changes', 'dns.changes.create'],
    ['PATCH', 'dns/v1/projects/p/managedZones/z/rrsets/n/A', 'dns.resourceRecordSets.patch'],
    ['GET', 'v3/projects/p/timeSeries', 'monitoring.projects.timeSeries.list'],
    ['POST', 'v3/projects/p/timeSeries:query', 'monitoring.projects.timeSeries.query'],
    ['GET', 'v3/projects/p/metricDescriptors/a.b/c', 'monitoring.projects.metricDescriptors.get'],
  ];
  expect(names.map(([verb, path]) => nameCall(verb, `/${path}`)?.method)).toEqual(
    names.map(([, , name]) => name),
  );
});

test('the example of the documentation is a valid file; a wrong one is refused by its name', () => {
  const example = /```yaml\n(.*?)```/s.exec(readFileSync('docs/sandbox-faults.md', 'utf8'))![1]!;
  const file = join(tmpdir(), `faults-${process.pid}.yaml`);
  writeFileSync(file, example);
  const faults = new Faults(new SandboxClock(ORIGIN, 1), 1);
  faults.set(readFaultsFile(file));
  expect(faults.view()['rules']).toHaveLength((parse(example) as { rules: unknown[] }).rules.length);
  writeFileSync(file, 'rule: []');
  expect(() => readFaultsFile(file)).toThrow(
    `--faults ${file}: faults.rule is not known: did you mean rules?`,
  );
});
