import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { computeCaller } from './support/compute-caller.ts';

/** What is reserved is there when the zone is dry, is paid for in quota at once, and never serves two. */

const ZONE = 'zones/us-central1-b';
const HOUR_MS = 3_600_000;
const quick = { medianMs: 2_000, p99Ms: 4_000 };
let sandbox: Sandbox;
const { call, done, refused, expectInForm } = computeCaller(() => sandbox);

interface Reserved {
  specificReservation: { count: string; inUseCount: string; assuredCount: string };
}

const body = (name: string, count: number, more: object = {}) => ({
  name,
  specificReservation: { count: String(count), instanceProperties: { machineType: 'e2-standard-4' } },
  ...more,
});
const reserve = (name: string, count: number, more?: object) =>
  done('POST', `${ZONE}/reservations`, body(name, count, more));
const read = async (name: string) =>
  (await call('GET', `${ZONE}/reservations/${name}`)).body as unknown as Reserved;
const inUse = async (name: string) => (await read(name)).specificReservation.inUseCount;
const instancesOf = (group: string) => sandbox.world.instancesOf('p', 'us-central1-b', group);
const running = (group: string) => instancesOf(group).filter(({ status }) => status === 'RUNNING').length;
const group = (name: string, template: string, targetSize: number) =>
  done('POST', `${ZONE}/instanceGroupManagers`, {
    name,
    instanceTemplate: `global/instanceTemplates/${template}`,
    targetSize,
  });
const verb = (name: string, path: string, given?: unknown) =>
  done('POST', `${ZONE}/instanceGroupManagers/${name}/${path}`, given);
const cpus = async () => {
  const { quotas } = (await call('GET', 'regions/us-central1')).body as {
    quotas: { metric: string; usage: number }[];
  };
  return quotas.find(({ metric }) => metric === 'CPUS')!.usage;
};
const gone = (name: string) =>
  done('DELETE', `${ZONE}/instanceGroupManagers/${name}`).then(() => expect(instancesOf(name)).toEqual([]));

const start = (speed: number) =>
  startSandbox({
    seed: 6,
    speed,
    originMs: Date.UTC(2026, 2, 2, 12),
    delays: { create: quick, start: quick, resume: quick, suspend: quick, stop: quick, slowCreateShare: 0 },
    defaultProfile: { initMs: 0 },
    quotaLimits: { CPUS: 60 },
  });

beforeAll(async () => {
  sandbox = await start(400);
  const template = (name: string, more: object = {}) =>
    done('POST', 'global/instanceTemplates', { name, properties: { machineType: 'e2-standard-4', ...more } });
  const key = 'compute.googleapis.com/reservation-name';
  await template('any');
  await template('named', {
    reservationAffinity: { consumeReservationType: 'SPECIFIC_RESERVATION', key, values: ['own'] },
  });
  await template('none', { reservationAffinity: { consumeReservationType: 'NO_RESERVATION' } });
});
afterAll(() => sandbox.close());

describe('a reservation', () => {
  it('is used while instances run, frees its places when they stop, and is counted in the quota once', async () => {
    await reserve('pool', 2);
    expect(await read('pool')).toMatchObject({
      status: 'READY',
      specificReservation: { count: '2', assuredCount: '2', inUseCount: '0' },
    });
    expect(await cpus()).toBe(8);
    await group('shop', 'any', 3);
    await vi.waitFor(() => expect(running('shop')).toBe(3), { timeout: 20_000 });
    expect(await inUse('pool')).toBe('2');
    expect(await cpus()).toBe(12);
    const user = instancesOf('shop').find(({ reservation }) => reservation === 'pool')!;
    const { name: instance } = user;
    await verb('shop', 'suspendInstances', { instances: [`${ZONE}/instances/${instance}`] });
    await vi.waitFor(async () => expect(await inUse('pool')).toBe('1'), { timeout: 20_000 });
    await group('others', 'none', 1);
    await vi.waitFor(() => expect(running('others')).toBe(1), { timeout: 20_000 });
    expect(await inUse('pool')).toBe('1');
    await gone('shop');
    await gone('others');
    await done('DELETE', `${ZONE}/reservations/pool`);
    expect(await cpus()).toBe(0);
  });

  it('has machines when the zone has none, for those that name it only when it says so', async () => {
    await reserve('own', 1, { specificReservationRequired: true });
    sandbox.world.faults.set({ stockOutZones: ['us-central1-b'] });
    await group('vip', 'named', 2);
    await group('crowd', 'any', 1);
    await vi.waitFor(() => expect(running('vip')).toBe(1), { timeout: 20_000 });
    const errors = (name: string) => instancesOf(name).flatMap(({ lastError }) => lastError?.code ?? []);
    expect(errors('vip')).toEqual(['RESERVATION_NOT_AVAILABLE']);
    expect(errors('crowd')).toEqual(['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS']);
    await refused('resourceInUseByAnotherResource', 400, 'DELETE', `${ZONE}/reservations/own`);

    const failed = await done('POST', `${ZONE}/reservations`, body('dry', 1));
    expect(failed).toMatchObject({
      status: 'DONE',
      error: { errors: [{ code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS' }] },
    });
    await refused('notFound', 404, 'GET', `${ZONE}/reservations/dry`);
    sandbox.world.faults.set({ stockOutZones: [] });
    await gone('vip');
    await gone('crowd');
    await done('DELETE', `${ZONE}/reservations/own`);
  });

  it('is resized between what is used and what the quota has, and refuses the rest unchanged', async () => {
    await reserve('sized', 2);
    await group('users', 'any', 2);
    await vi.waitFor(async () => expect(await inUse('sized')).toBe('2'), { timeout: 20_000 });
    const resize = (specificSkuCount: unknown) =>
      ['POST', `${ZONE}/reservations/sized/resize`, { specificSkuCount }] as const;
    await refused('invalid', 400, ...resize('1'));
    await refused('invalid', 400, ...resize('0'));
    await refused('quotaExceeded', 403, ...resize('16'));
    expect((await read('sized')).specificReservation.count).toBe('2');
    await done(...resize('15'));
    expect(await cpus()).toBe(60);
    await refused('quotaExceeded', 403, 'POST', `${ZONE}/reservations`, body('more', 1));
    // Whoever took any reservation goes on without it.
    await done(...resize('2'));
    await done('DELETE', `${ZONE}/reservations/sized`);
    expect(await cpus()).toBe(8);
    await gone('users');
  });

  it('ends at its time', async () => {
    await reserve('brief', 1, { deleteAfterDuration: { seconds: '120' } });
    await vi.waitFor(() => refused('notFound', 404, 'GET', `${ZONE}/reservations/brief`), {
      timeout: 20_000,
    });
    await refused('notImplemented', 501, 'POST', `${ZONE}/reservations`, {
      ...body('shared', 1),
      shareSettings: { shareType: 'ORGANIZATION' },
    });
  });
});

describe('a future reservation', () => {
  const status = async (name: string) =>
    (await call('GET', `${ZONE}/futureReservations/${name}`)).body['status'] as {
      procurementStatus: string;
      lockTime?: string;
      autoCreatedReservations: string[];
    };
  const request = (name: string, startsInMs: number, hours: number, more: object = {}) => {
    const start = sandbox.world.clock.now() + startsInMs;
    return {
      name,
      planningStatus: 'SUBMITTED',
      specificSkuProperties: { totalCount: '2', instanceProperties: { machineType: 'e2-standard-4' } },
      timeWindow: {
        startTime: new Date(start).toISOString(),
        endTime: new Date(start + hours * HOUR_MS).toISOString(),
      },
      ...more,
    };
  };
  const path = `${ZONE}/futureReservations`;

  it('is reviewed, locked, provisioned and at its start a reservation, all in sandbox time', async () => {
    const slow = sandbox;
    sandbox = await start(6_000);
    await done('POST', path, request('event', 4 * HOUR_MS, 24, { namePrefix: 'event-day' }));
    const seen = new Set<string>();
    await vi.waitFor(
      async () => {
        seen.add((await status('event')).procurementStatus);
        expect([...seen].at(-1)).toBe('FULFILLED');
      },
      { timeout: 30_000, interval: 20 },
    );
    // On a busy machine a short state may be missed; the order may not.
    const order = ['PENDING_APPROVAL', 'APPROVED', 'PROCURING', 'PROVISIONING', 'FULFILLED'];
    expect([...seen]).toEqual(order.filter((state) => seen.has(state)));
    expect(seen.size).toBeGreaterThan(2);
    expect((await status('event')).autoCreatedReservations[0]).toMatch(/reservations\/event-day$/);
    expect((await read('event-day')).specificReservation.count).toBe('2');
    await done('DELETE', `${path}/event`);
    await done('DELETE', `${ZONE}/reservations/event-day`);
    await sandbox.close();
    sandbox = slow;
  });

  it('can be drafted, changed, submitted and cancelled, but not once it is locked', async () => {
    await done('POST', path, request('plan', 48 * HOUR_MS, 24, { planningStatus: 'DRAFT' }));
    expect((await status('plan')).procurementStatus).toBe('DRAFTING');
    const specificSkuProperties = { totalCount: '3' };
    await done('PATCH', `${path}/plan`, { planningStatus: 'SUBMITTED', specificSkuProperties });
    expect((await status('plan')).procurementStatus).toBe('PENDING_APPROVAL');
    await refused('invalid', 400, 'DELETE', `${path}/plan`);
    await done('POST', `${path}/plan/cancel`);
    expect((await status('plan')).procurementStatus).toBe('CANCELLED');
    await done('DELETE', `${path}/plan`);
    await refused('invalid', 400, 'POST', path, request('late', 400 * 24 * HOUR_MS, 24));
    await refused('invalid', 400, 'POST', path, request('short', 48 * HOUR_MS, 23));
    await refused('invalid', 400, 'POST', path, request('past', -HOUR_MS, 48));
  });
});

it('all of it in the form of the discovery documents', expectInForm, 30_000);
