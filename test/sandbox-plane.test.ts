import { Agent, get } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { createPlane } from '../src/sandbox/plane/plane.ts';
import { seededRandom } from '../src/sandbox/random.ts';
import { World } from '../src/sandbox/world.ts';
import type { Instance } from '../src/sandbox/world.ts';

const ORIGIN = Date.UTC(2026, 0, 5, 12);
const NO_DELAY = { medianMs: 1, p99Ms: 1 };
const PROFILE = { workers: 2, serviceMs: 40, queue: 10, initMs: 0 };
const open: { close(): Promise<void> }[] = [];
const agent = new Agent({ keepAlive: true });

afterEach(async () => {
  for (const plane of open.splice(0)) await plane.close();
});

function sandbox(speed: number) {
  const delays = {
    create: NO_DELAY,
    start: NO_DELAY,
    resume: NO_DELAY,
    suspend: NO_DELAY,
    stop: NO_DELAY,
    slowCreateShare: 0,
  };
  const clock = new SandboxClock(ORIGIN, speed);
  const world = new World({ clock, random: seededRandom(3), delays, defaultProfile: PROFILE });
  const plane = createPlane(world, { servicePort: 0, propagationMs: 2_000 });
  open.push(plane);
  return { world, plane };
}

let lastId = 0;
function instance(world: World, group: string): Instance {
  const id = String(++lastId);
  const made: Instance = {
    id,
    project: 'p',
    zone: 'us-a',
    name: `${group}-${id}`,
    machineType: 'e2-standard-4',
    group,
    status: 'RUNNING',
    currentAction: 'NONE',
    ip: `127.77.0.${lastId}`,
    createdAt: ORIGIN,
    spans: [],
    metadata: {},
    labels: {},
  };
  world.instances.set(`p/us-a/${made.name}`, made);
  return made;
}

function backend(group: string, capacityScaler = 1) {
  return { group: `projects/p/zones/us-a/instanceGroups/${group}`, capacityScaler, maxRatePerInstance: 10 };
}

function reference(name: string) {
  return { collection: 'instanceGroups', project: 'p', location: 'us-a', name } as const;
}

function service(world: World, backends: ReturnType<typeof backend>[]) {
  world.healthChecks.set('p/global/check', { name: 'check', id: '1', checkIntervalSec: 1 });
  const healthChecks = ['projects/p/global/healthChecks/check'];
  const connectionDraining = { drainingTimeoutSec: 5 };
  world.backendServices.set('p/global/shop', {
    name: 'shop',
    id: '2',
    backends,
    healthChecks,
    connectionDraining,
  });
}

function ask(address: { host: string; port: number }, headers: Record<string, string> = {}, path = '/') {
  const began = performance.now();
  return new Promise<{ status: number; headers: IncomingHttpHeaders; wallMs: number }>((resolve, reject) => {
    get({ ...address, path, headers, agent }, (response) => {
      response.resume().once('end', () => {
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          wallMs: performance.now() - began,
        });
      });
    }).once('error', reject);
  });
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe('an instance', () => {
  it('refuses work until it is initialised, and its log tells', async () => {
    const { world, plane } = sandbox(60);
    const booting = instance(world, 'shop');
    await plane.powerOn(booting, 60_000);
    const address = plane.addressOf(booting)!;
    expect((await ask(address, {}, '/healthz')).status).toBe(503);
    expect((await ask(address, { 'x-sandbox-stands-for': '7' })).status).toBe(503);
    await until(() => booting.servingSince !== undefined);
    expect(booting.servingSince! - ORIGIN).toBeGreaterThanOrEqual(59_700); // timers and clock tick in whole ms of wall time
    expect((await ask(address, {}, '/healthz')).status).toBe(200);
    expect((await ask(address)).status).toBe(200);
    const record = plane.accessSummary()[0]!;
    expect(record).toMatchObject({ name: booting.name, wireRequests: 2, requests: 8, unreadyRequests: 7 });
    expect(record.unready).toHaveLength(1);
    await plane.powerOff(booting);
    expect(booting.servingSince).toBeUndefined();
    await expect(ask(address)).rejects.toThrow(/ECONNREFUSED|socket hang up|ECONNRESET/);
  });

  it('at speed 1 reports the latency that a client measures, within 10%', async () => {
    const { world, plane } = sandbox(1);
    const serving = instance(world, 'shop');
    serving.metadata = { 'sandbox-service-ms': '120' };
    await plane.powerOn(serving, 0);
    await until(() => serving.servingSince !== undefined);
    const random = seededRandom(5);
    const answers: ReturnType<typeof ask>[] = [];
    for (let sent = 0; sent < 60; sent++) {
      answers.push(ask(plane.addressOf(serving)!, { 'x-sandbox-scheduled': String(world.clock.now()) }));
      await new Promise((resolve) => setTimeout(resolve, -Math.log(1 - random()) * 80));
    }
    const served = (await Promise.all(answers)).filter((answer) => answer.status === 200);
    const reported = median(served.map((answer) => Number(answer.headers['x-sandbox-latency-ms'])));
    const ratio = median(served.map((answer) => answer.wallMs)) / reported;
    expect(served.length).toBeGreaterThan(30);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it('shows the utilisation of the load that it carries, also when requests stand for many', async () => {
    const { world, plane } = sandbox(60);
    const serving = instance(world, 'shop');
    await plane.powerOn(serving, 0);
    await until(() => serving.servingSince !== undefined);
    const from = world.clock.now();
    // 25 requests/s × 40 ms / 2 workers = 50%: 50 requests every 2 s.
    for (let at = from + 2_000; at <= from + 60_000; at += 2_000) {
      await until(() => world.clock.now() >= at);
      await ask(plane.addressOf(serving)!, {
        'x-sandbox-scheduled': String(at),
        'x-sandbox-stands-for': '50',
      });
    }
    expect(plane.cpu(serving, from, from + 60_000)).toBeGreaterThan(0.45);
    expect(plane.cpu(serving, from, from + 60_000)).toBeLessThan(0.59);
    expect(plane.cpu(serving, from - 60_000, from - 50_000)).toBeUndefined();
  });
});

describe('the load balancer', () => {
  async function twoGroups() {
    const { world, plane } = sandbox(20);
    const primary = instance(world, 'shop');
    const mirror = instance(world, 'mirror');
    service(world, [backend('shop'), backend('mirror', 0)]);
    const address = await plane.expose('p', 'shop');
    await plane.powerOn(primary, 0);
    await plane.powerOn(mirror, 0);
    const healthy = (group: string) => plane.health('shop', reference(group)).every((h) => h.healthy);
    await until(() => healthy('shop') && healthy('mirror'));
    const by = (name: string) => plane.accessSummary().find((record) => record.name === name)!.requests;
    return { world, plane, primary, mirror, address, by };
  }

  it('answers 503 before anything is healthy, and sends nothing to an instance that is not', async () => {
    const { world, plane } = sandbox(60);
    const booting = instance(world, 'shop');
    service(world, [backend('shop')]);
    const address = await plane.expose('p', 'shop');
    await plane.powerOn(booting, 20_000);
    expect((await ask(address)).status).toBe(503);
    await until(() => plane.health('shop', reference('shop'))[0]!.healthy);
    expect(booting.servingSince).toBeDefined();
    expect((await ask(address)).status).toBe(200);
    expect(plane.accessSummary()[0]).toMatchObject({ requests: 1, unreadyRequests: 0 });
  });

  it('keeps a scaler of 0 free of traffic, then shares by the scalers once a change has propagated', async () => {
    const { world, plane, primary, mirror, address, by } = await twoGroups();
    for (let sent = 0; sent < 10; sent++) expect((await ask(address)).status).toBe(200);
    expect(by(mirror.name)).toBe(0);
    service(world, [backend('shop'), backend('mirror', 0.5)]);
    await plane.expose('p', 'shop');
    while (by(mirror.name) === 0) await ask(address);
    const before = [by(primary.name), by(mirror.name)];
    for (let sent = 0; sent < 30; sent++) expect((await ask(address)).status).toBe(200);
    expect(by(primary.name) - before[0]!).toBeGreaterThanOrEqual(18);
    expect(by(mirror.name) - before[1]!).toBeGreaterThanOrEqual(8);
  });

  it('drains a removed backend: what it has in hand ends well, new requests go elsewhere', async () => {
    const { world, plane, mirror, address, by } = await twoGroups();
    service(world, [backend('mirror'), backend('shop', 0)]);
    await plane.expose('p', 'shop');
    while (by(mirror.name) === 0) await ask(address);
    const slow = Array.from({ length: 4 }, () => ask(address));
    service(world, [backend('shop')]);
    await plane.expose('p', 'shop');
    for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const settled = by(mirror.name);
    for (let sent = 0; sent < 10; sent++) expect((await ask(address)).status).toBe(200);
    expect(by(mirror.name)).toBe(settled);
  });

  it('answers 502 for an instance that died, and nothing more goes there once the prober has seen it', async () => {
    const { plane, primary, address } = await twoGroups();
    await plane.powerOff(primary);
    expect((await ask(address)).status).toBe(502);
    await until(() => !plane.health('shop', reference('shop'))[0]!.healthy);
    expect((await ask(address)).status).toBe(503);
  });

  it('counts what it answers with what each request stands for, by backend and class', async () => {
    const { plane, primary, address } = await twoGroups();
    for (let sent = 0; sent < 5; sent++) await ask(address, { 'x-sandbox-stands-for': '3' });
    primary.currentAction = 'STOPPING';
    await ask(address, { 'x-sandbox-stands-for': '7' });
    const meter = plane.meter('p', 'shop');
    const total = (backend: string, responseClass: number) =>
      meter
        .minutes(backend, responseClass, ORIGIN, ORIGIN + 3_600_000)
        .reduce((sum, minute) => sum + minute.requests, 0);
    expect(total('shop', 200)).toBe(15);
    expect(total('NO_BACKEND_SELECTED', 500)).toBe(7);
    expect(total('mirror', 200)).toBe(0);
  });

  it('gives no new request to an instance that is about to leave', async () => {
    const { primary, address } = await twoGroups();
    primary.currentAction = 'SUSPENDING';
    expect((await ask(address)).status).toBe(503);
  });
});
