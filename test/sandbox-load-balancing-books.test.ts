import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import type { Resource } from '../src/sandbox/world.ts';
import { computeCaller } from './support/compute-caller.ts';

/**
 * Whatever calls come in whatever order: what exists, who uses whom, what answers and what the quota counts is what a
 * small model says, and a refused call changes nothing.
 */

const ZONE = 'zones/us-central1-b';
const CPUS_EACH = 4;
const CPU_LIMIT = 44;
const TEMPLATE = { name: 'app', properties: { machineType: 'e2-small' } };
const GROUP_CPUS = 4;

/** Waits until it holds; the limit is a safety net, not a measurement. */
const eventually = (holds: () => Promise<void> | void) => vi.waitFor(holds, { timeout: 20_000 });

let sandbox: Sandbox;
let runs = 0;
const project = () => `p${runs}`;
const { call } = computeCaller(() => sandbox, project);

/** The chain of load balancing: each kind and what it names. */
const KINDS = ['endpoints', 'service', 'map', 'proxy', 'rule'] as const;
type KindName = (typeof KINDS)[number];
const PATHS: Record<KindName, string> = {
  endpoints: `${ZONE}/networkEndpointGroups`,
  service: 'global/backendServices',
  map: 'global/urlMaps',
  proxy: 'global/targetHttpProxies',
  rule: 'global/forwardingRules',
};
const usedBy = (kind: KindName): KindName | undefined => KINDS[KINDS.indexOf(kind) + 1];
const uses = (kind: KindName): KindName | undefined => KINDS[KINDS.indexOf(kind) - 1];

/** The fields with which a resource of the kind names another. */
function naming(kind: KindName, target: string): object {
  if (kind === 'service')
    return { backends: [{ group: `${PATHS.endpoints}/${target}`, balancingMode: 'RATE', maxRate: 5 }] };
  if (kind === 'map') return { defaultService: `${PATHS.service}/${target}` };
  if (kind === 'proxy') return { urlMap: `${PATHS.map}/${target}` };
  if (kind === 'rule') return { target: `${PATHS.proxy}/${target}` };
  return {};
}

const OTHERS: Partial<Record<KindName, object>> = {
  rule: { portRange: '80' },
  endpoints: { defaultPort: 80 },
};

const NAMES = ['one', 'two'];
const name = fc.constantFrom(...NAMES);
const kind = fc.constantFrom(...KINDS);
const Command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('create' as const), kind, name, target: name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('retarget' as const), kind, name, target: name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), kind, name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('attach' as const, 'detach' as const),
      name,
      instance: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('reserve' as const, 'resize' as const, 'release' as const),
      name,
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
);
type Step = typeof Command extends fc.Arbitrary<infer T> ? T : never;

class Model {
  readonly links = new Map<string, string>();
  readonly endpoints = new Map<string, Set<number>>();
  readonly reserved = new Map<string, number>();

  has(of: KindName, called: string): boolean {
    return this.links.has(`${of}/${called}`);
  }

  isUsed(of: KindName, called: string): boolean {
    const user = usedBy(of);
    return NAMES.some((other) => user && this.links.get(`${user}/${other}`) === called);
  }

  reservedCpus(): number {
    return CPUS_EACH * [...this.reserved.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** What the API must answer, the model moved along when it is 200. */
function expected(model: Model, step: Step): number {
  if ('instance' in step) {
    const attached = model.endpoints.get(step.name);
    if (!attached) return 404;
    if (step.type === 'detach') return attached.delete(step.instance) ? 200 : 400;
    attached.add(step.instance);
    return 200;
  }
  if ('count' in step) return expectedOfReservation(model, step.type, step.name, step.count);
  const key = `${step.kind}/${step.name}`;
  if (step.type === 'create' && model.links.has(key)) return 409;
  if (step.type !== 'create' && !model.links.has(key)) return 404;
  if (!('target' in step)) {
    if (model.isUsed(step.kind, step.name)) return 400;
    model.links.delete(key);
    if (step.kind === 'endpoints') model.endpoints.delete(step.name);
    return 200;
  }
  const needed = uses(step.kind);
  if (needed && !model.has(needed, step.target)) return 404;
  model.links.set(key, step.target);
  if (step.kind === 'endpoints') model.endpoints.set(step.name, new Set());
  return 200;
}

function expectedOfReservation(model: Model, type: string, called: string, count: number): number {
  const before = model.reserved.get(called);
  if (type === 'reserve' && before !== undefined) return 409;
  if (type !== 'reserve' && before === undefined) return 404;
  if (type === 'release') return model.reserved.delete(called) ? 200 : 404;
  const more = count - (before ?? 0);
  if (more > 0 && GROUP_CPUS + model.reservedCpus() + more * CPUS_EACH > CPU_LIMIT) return 403;
  model.reserved.set(called, count);
  return 200;
}

async function take(step: Step, instances: string[]): Promise<number> {
  if ('instance' in step) {
    const networkEndpoints = [{ instance: `${ZONE}/instances/${instances[step.instance]}` }];
    const path = `${PATHS.endpoints}/${step.name}/${step.type}NetworkEndpoints`;
    return (await call('POST', path, { networkEndpoints })).status;
  }
  if ('count' in step) return takeOfReservation(step.type, step.name, String(step.count));
  const path = PATHS[step.kind];
  if (!('target' in step)) return (await call('DELETE', `${path}/${step.name}`)).status;
  const fields = naming(step.kind, step.target);
  if (step.type === 'create')
    return (await call('POST', path, { name: step.name, ...OTHERS[step.kind], ...fields })).status;
  const { status, body } = await call('GET', `${path}/${step.name}`);
  if (status !== 200) return status;
  return (await call('PATCH', `${path}/${step.name}`, { ...fields, fingerprint: body['fingerprint'] }))
    .status;
}

async function takeOfReservation(type: string, called: string, count: string): Promise<number> {
  const path = `${ZONE}/reservations`;
  if (type === 'release') return (await call('DELETE', `${path}/${called}`)).status;
  if (type === 'resize')
    return (await call('POST', `${path}/${called}/resize`, { specificSkuCount: count })).status;
  const specificReservation = { count, instanceProperties: { machineType: 'e2-standard-4' } };
  return (await call('POST', path, { name: called, specificReservation })).status;
}

/** Network endpoint groups cannot be changed. */
const isPossible = (step: Step) => !(step.type === 'retarget' && step.kind === 'endpoints');

/** All that a call could change but time itself. */
function snapshot(): string {
  const {
    networkEndpointGroups,
    backendServices,
    urlMaps,
    targetHttpProxies,
    forwardingRules,
    reservations,
  } = sandbox.world;
  const maps = [
    networkEndpointGroups,
    backendServices,
    urlMaps,
    targetHttpProxies,
    forwardingRules,
    reservations,
  ];
  return JSON.stringify(maps.map((map) => [...map].filter(([key]) => key.startsWith(`${project()}/`))));
}

const namesIn = (map: ReadonlyMap<string, Resource>) =>
  [...map].filter(([key]) => key.startsWith(`${project()}/`)).map(([, resource]) => resource.name);
const linked = (model: Model, of: KindName) => NAMES.filter((called) => model.has(of, called));

async function expectBooks(model: Model): Promise<void> {
  const { world, addresses } = sandbox;
  const maps = [
    world.networkEndpointGroups,
    world.backendServices,
    world.urlMaps,
    world.targetHttpProxies,
    world.forwardingRules,
  ];
  for (const [index, map] of maps.entries())
    expect(namesIn(map).toSorted()).toEqual(linked(model, KINDS[index]!));
  for (const [called, attached] of model.endpoints)
    expect((await call('GET', `${PATHS.endpoints}/${called}`)).body['size']).toBe(attached.size);
  await eventually(async () => {
    const fronts = Object.keys(
      (await (await fetch(`${addresses.control}/forwarding-rules`)).json()) as object,
    ).filter((key) => key.startsWith(`${project()}/`));
    expect(fronts.toSorted()).toEqual(linked(model, 'rule').map((called) => `${project()}/${called}`));
  });
  const { quotas } = (await call('GET', 'regions/us-central1')).body as {
    quotas: { metric: string; usage: number }[];
  };
  const usage = (metric: string) => quotas.find((quota) => quota.metric === metric)!.usage;
  expect(usage('CPUS')).toBe(GROUP_CPUS + model.reservedCpus());
  expect(usage('RESERVATIONS')).toBe(model.reserved.size);
}

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 7,
    speed: 100,
    originMs: Date.UTC(2026, 2, 2, 12),
    quotaLimits: { CPUS: CPU_LIMIT },
  });
});
afterAll(() => sandbox.close());

async function newProject(): Promise<string[]> {
  runs += 1;
  await call('POST', 'global/instanceTemplates', TEMPLATE);
  const instanceTemplate = 'global/instanceTemplates/app';
  await call('POST', `${ZONE}/instanceGroupManagers`, { name: 'shop', instanceTemplate, targetSize: 2 });
  return sandbox.world.instancesOf(project(), 'us-central1-b', 'shop').map((instance) => instance.name);
}

describe('the books of load balancing and reservations', () => {
  it('balance after every sequence of calls; what is refused changes nothing', async () => {
    const answers = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(Command, { minLength: 30, maxLength: 50 }), async (steps) => {
        const instances = await newProject();
        const model = new Model();
        for (const step of steps.filter(isPossible)) {
          const before = snapshot();
          const wanted = expected(model, step);
          expect(await take(step, instances), JSON.stringify(step)).toBe(wanted);
          if (wanted !== 200) expect(snapshot()).toBe(before);
          answers.add(wanted);
        }
        await expectBooks(model);
      }),
      { numRuns: 7, seed: 20 },
    );
    // Sequences that never meet a refusal would prove little.
    expect([...answers].toSorted((a, b) => a - b)).toEqual([200, 400, 403, 404, 409]);
  }, 60_000);

  it('are untouched by what no such resource can be', async () => {
    await newProject();
    const Odd = fc.oneof(
      fc.record({ name: fc.constantFrom('Upper', '-dash', 'x'.repeat(64), '') }),
      fc.record({ name: fc.constant('odd'), surprise: fc.anything() }),
      fc.record({ name: fc.constant('odd'), description: fc.constantFrom(7, {}, ['x']) }),
      fc.record({ name: fc.integer() }),
    );
    const paths = [...Object.values(PATHS), `${ZONE}/reservations`, `${ZONE}/futureReservations`];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), Odd, async (path, body) => {
        const before = snapshot();
        expect((await call('POST', path, body)).status).toBe(400);
        expect(snapshot()).toBe(before);
      }),
      { numRuns: 40, seed: 21 },
    );
  });
});
