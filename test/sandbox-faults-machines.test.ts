import { afterEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import type { Instance } from '../src/sandbox/world.ts';

/** Zones run dry, drain and come back; instances boot slowly, never, or flap; metrics lie. */

const ORIGIN = Date.UTC(2026, 0, 5, 12);
const ZONE = 'us-central1-b';
const MINUTE_MS = 60_000;
/** Without chance: what is slow here is slow by a fault. */
const EVEN = { medianMs: 10_000, p99Ms: 10_001 };
const DELAYS = { create: EVEN, start: EVEN, resume: EVEN, suspend: EVEN, stop: EVEN, slowCreateShare: 0 };
const open: Sandbox[] = [];

afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

/** A group `shop` of so many instances, and the faults that hold from the start. */
async function start(size: number, rules: unknown[]) {
  const sandbox = await startSandbox({
    seed: 1,
    speed: 60,
    originMs: ORIGIN,
    delays: DELAYS,
    defaultProfile: { initMs: 5_000 },
    faults: { rules },
  });
  open.push(sandbox);
  const post = (path: string, body: unknown) =>
    fetch(`${sandbox.addresses.rest}/compute/v1/projects/p/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
  await post('global/instanceTemplates', { name: 't', properties: { machineType: 'e2-small' } });
  const group = { name: 'shop', instanceTemplate: 'global/instanceTemplates/t', targetSize: size };
  await post(`zones/${ZONE}/instanceGroupManagers`, group);
  const instances = () => sandbox.world.instancesOf('p', ZONE, 'shop');
  /** Polls in sandbox time until it holds. */
  const until = async (holds: () => boolean) => {
    while (!holds()) await sandbox.world.clock.sleep(500);
    return sandbox.world.clock.now() - ORIGIN;
  };
  return { sandbox, instances, until };
}

const serves = ({ servingSince }: Instance) => servingSince !== undefined;

describe('a zone', () => {
  it('gives so many machines, is dry for a while, and comes back', async () => {
    const dry = { name: 'dry', match: { zone: ZONE }, after: 2, until: '90s', effect: { stockOut: true } };
    const { sandbox, instances, until } = await start(4, [dry]);
    expect(instances().map(({ lastError }) => lastError?.code)).toEqual([
      undefined,
      undefined,
      'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
      'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
    ]);
    expect(await until(() => instances().filter(serves).length === 2)).toBeLessThan(90_000);
    expect(await until(() => instances().every(serves))).toBeGreaterThan(90_000);
    expect(sandbox.world.faults.strikes.map(({ rule }) => rule)).toContain('dry');
  });

  it('drains: its machines leave the network one by one, and come back', async () => {
    const { sandbox, instances, until } = await start(6, []);
    await until(() => instances().every(serves));
    const drain = { match: { zone: ZONE }, until: '150s', effect: { drain: '120s' } };
    sandbox.world.faults.set({ rules: [drain] });
    const from = sandbox.world.clock.now();
    const seen = new Set<number>();
    let back = false;
    while (!back) {
      const answers = await Promise.all(instances().map(healthOf));
      const reached = answers.filter((status) => status === 200).length;
      expect(answers.every((status) => status === 200 || status === 0)).toBe(true);
      seen.add(reached);
      back = reached === 6 && sandbox.world.clock.now() - from > 150_000;
    }
    expect([...seen]).toContain(0);
    expect(seen.size).toBeGreaterThan(3);
  });
});

describe('an instance', () => {
  it('boots slowly, or never', async () => {
    const { sandbox, instances, until } = await start(3, [
      { name: 'stuck', match: { resource: 'shop' }, times: 1, effect: { boot: 'never' } },
    ]);
    expect(await until(() => instances().filter(serves).length === 2)).toBeLessThan(60_000);
    sandbox.world.faults.set({ rules: [{ effect: { boot: 8 } }] });
    const before = sandbox.world.clock.now() - ORIGIN;
    await fetch(
      `${sandbox.addresses.rest}/compute/v1/projects/p/zones/${ZONE}/instanceGroupManagers/shop/resize?size=4`,
      { method: 'POST' },
    );
    // 10 s to create and 5 s to initialise, eight times over.
    expect((await until(() => instances().filter(serves).length === 3)) - before).toBeGreaterThan(115_000);
    expect(instances().filter(({ status }) => status === 'PROVISIONING')).toHaveLength(1);
  });

  it('flaps: refuses everything for a while, again and again, and only the one that is meant', async () => {
    const flap = { match: { resource: 'shop' }, times: 1, effect: { flap: { up: '10s', down: '10s' } } };
    const { instances, until } = await start(2, [flap]);
    await until(() => instances().every(serves));
    const seen = new Map<string, number[]>();
    // On a busy machine a turn may be missed: it is looked at until there were enough.
    while (![...seen.values()].some((statuses) => statuses.length >= 5)) {
      for (const instance of instances()) {
        const known = seen.get(instance.name) ?? [];
        const status = await healthOf(instance);
        if (known.at(-1) !== status) seen.set(instance.name, [...known, status]);
      }
    }
    const [steady, flapping] = [...seen.values()].toSorted((a, b) => a.length - b.length);
    expect(steady).toEqual([200]);
    expect(new Set(flapping)).toEqual(new Set([200, 503]));
  });
});

describe('a metric', () => {
  const METRIC = 'loadbalancing.googleapis.com/https/request_count';

  /** Sum and minutes of the request counts of one hour, as read with these effects. */
  async function read(sandbox: Sandbox, ...rules: unknown[]) {
    sandbox.world.faults.set({ rules });
    const query = new URLSearchParams({
      filter: `metric.type = "${METRIC}"`,
      'interval.startTime': new Date(ORIGIN - 60 * MINUTE_MS).toISOString(),
      'interval.endTime': new Date(ORIGIN).toISOString(),
    });
    const answer = await fetch(
      `${sandbox.addresses.monitoring}/v3/projects/p/timeSeries?${query.toString()}`,
    );
    const { timeSeries = [] } = (await answer.json()) as {
      timeSeries?: { points: { interval: { endTime: string }; value: { int64Value: string } }[] }[];
    };
    const points = timeSeries.flatMap((series) => series.points);
    return {
      sum: points.reduce((sum, { value }) => sum + Number(value.int64Value), 0),
      ends: points.map(({ interval }) => interval.endTime),
    };
  }

  it('is late, missing, doubled or wrong, the same in every reading', async () => {
    const { sandbox } = await start(0, []);
    const points = Array.from({ length: 61 }, (_, minute) => ({ at: ORIGIN - minute * MINUTE_MS, value: 1 }));
    await fetch(`${sandbox.addresses.control}/history`, {
      method: 'POST',
      body: JSON.stringify({ project: 'p', backendService: 'shop', stepMs: MINUTE_MS, points }),
    });
    const metrics = (effect: object, more: object = {}) => ({
      match: { metric: 'loadbalancing.*', resource: 'shop' },
      ...more,
      effect: { metrics: effect },
    });
    const right = await read(sandbox);
    expect(right.sum).toBe(right.ends.length * 60);
    expect((await read(sandbox, metrics({ factor: 3, offset: 1 }))).sum).toBe(right.ends.length * 181);
    expect((await read(sandbox, metrics({ doubled: true }))).sum).toBe(2 * right.sum);
    const late = await read(sandbox, metrics({ late: '10m' }));
    expect(right.ends.length - late.ends.length).toBeGreaterThanOrEqual(9);
    expect(late.ends[0]! < right.ends[0]!).toBe(true);
    const missing = metrics({ missing: true }, { probability: 0.5 });
    const some = await read(sandbox, missing);
    expect(some.ends.length).toBeGreaterThan(0);
    expect(some.ends.length).toBeLessThan(right.ends.length);
    const again = await read(sandbox, missing);
    // Time goes on between the readings: a newer point may have come.
    expect(again.ends.filter((end) => end <= some.ends[0]!)).toEqual(some.ends);
    const others = await read(sandbox, { ...missing, match: { resource: 'other' } });
    expect(others.ends).toEqual(expect.arrayContaining(right.ends));
    await read(sandbox, missing);
    expect(sandbox.world.calls.findLast(({ faults }) => faults)?.faults).toEqual(['rule 1']);
  });
});

/** Status of its health check; 0 when it cannot be reached. */
async function healthOf({ ip }: Instance): Promise<number> {
  try {
    return (await fetch(`http://${ip}:8080/healthz`)).status;
  } catch {
    return 0;
  }
}
