import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedDelays } from './support/delays.ts';
import { groupBench } from './support/group-bench.ts';
import type { GroupBench } from './support/group-bench.ts';

/** What an autoscaler goes by: CPU, metrics, requests, schedules; and how fast it lets go. */

const ZONE = 'zones/us-central1-b';
let bench: GroupBench;
beforeAll(async () => {
  bench = await groupBench({
    speed: 400,
    delays: fixedDelays({ create: 5_000, start: 5_000, resume: 5_000, suspend: 5_000, stop: 5_000 }),
  });
  await bench.template('app', { machineType: 'e2-micro' });
});
afterAll(async () => {
  await bench.expectInForm();
  await bench.close();
});

/** A group under an autoscaler of that policy, and what the autoscaler says. */
async function scaled(name: string, policy: Record<string, unknown>, targetSize = 1) {
  const group = await bench.group(ZONE, { name, targetSize });
  const target = `${ZONE}/instanceGroupManagers/${name}`;
  const bounds = { minNumReplicas: 1, maxNumReplicas: 10, coolDownPeriodSec: 0, stabilizationPeriodSec: 60 };
  const autoscalingPolicy = { ...bounds, ...policy };
  await bench.succeed('POST', `/${ZONE}/autoscalers`, { name, target, autoscalingPolicy });
  return {
    size: async () => (await group.get())['targetSize'] as number,
    get: () => bench.succeed('GET', `/${ZONE}/autoscalers/${name}`),
    patch: (changes: Record<string, unknown>) =>
      bench.succeed('PATCH', `/${ZONE}/autoscalers?autoscaler=${name}`, { autoscalingPolicy: changes }),
    reaches: (size: number) =>
      bench.until(`${name} of ${size}`, async () => (await group.get())['targetSize'] === size),
  };
}

/** Cron of a moment to come, with its year: once only. */
function cronOf(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} * ${at.getUTCFullYear()}`;
}

async function passes(ms: number): Promise<void> {
  const from = bench.world.clock.now();
  await bench.until(`${ms} ms`, () => bench.world.clock.now() - from > ms);
}

describe('a scaling schedule', () => {
  it('holds its minimum for its duration, whatever the load, and is obsolete when its year is over', async () => {
    const start = Math.ceil(bench.world.clock.now() / 60_000) * 60_000 + 600_000;
    const scaler = await scaled('scheduled', {
      scalingSchedules: {
        crowd: { schedule: cronOf(start), durationSec: 300, minRequiredReplicas: 4 },
        less: { schedule: cronOf(start), durationSec: 600, minRequiredReplicas: 2 },
        off: { schedule: '* * * * *', durationSec: 300, minRequiredReplicas: 9, disabled: true },
      },
    });
    expect(await scaler.size()).toBe(1);
    expect((await scaler.get())['scalingScheduleStatus']).toMatchObject({
      crowd: { state: 'READY', nextStartTime: new Date(start).toISOString() },
      off: { state: 'DISABLED' },
    });
    await scaler.reaches(4);
    expect(bench.world.clock.now()).toBeGreaterThanOrEqual(start);
    await scaler.reaches(2);
    expect(bench.world.clock.now()).toBeGreaterThanOrEqual(start + 300_000);
    await scaler.reaches(1);
    expect(bench.world.clock.now()).toBeGreaterThanOrEqual(start + 600_000);
    expect((await scaler.get())['scalingScheduleStatus']).toMatchObject({ crowd: { state: 'OBSOLETE' } });
  });

  it('goes by its own time zone', async () => {
    // Half past nine in Berlin is half past seven in August, universal time: the sandbox begins at midnight.
    const scaler = await scaled('zoned', {
      scalingSchedules: {
        morning: {
          schedule: '30 9 * * *',
          timeZone: 'Europe/Berlin',
          durationSec: 300,
          minRequiredReplicas: 4,
        },
      },
    });
    expect((await scaler.get())['scalingScheduleStatus']).toMatchObject({
      morning: { state: 'READY', nextStartTime: '1995-08-30T07:30:00.000Z' },
    });
  });

  it.each([
    ['no cron', { schedule: 'tomorrow', durationSec: 300, minRequiredReplicas: 1 }],
    ['no minute', { schedule: '61 * * * *', durationSec: 300, minRequiredReplicas: 1 }],
    [
      'no time zone',
      { schedule: '0 9 * * *', timeZone: 'Mars/Base', durationSec: 300, minRequiredReplicas: 1 },
    ],
    ['too short', { schedule: '0 9 * * *', durationSec: 299, minRequiredReplicas: 1 }],
  ])('is refused with 400: %s', async (_, schedule) => {
    const autoscalingPolicy = { maxNumReplicas: 3, scalingSchedules: { wrong: schedule } };
    const target = `${ZONE}/instanceGroupManagers/scheduled`;
    const body = { name: 'never', target, autoscalingPolicy };
    expect((await bench.call('POST', `/${ZONE}/autoscalers`, body)).status).toBe(400);
  });
});

describe('a metric of the whole group', () => {
  const write = async (value: number) => {
    const now = bench.world.clock.now();
    const timeSeries = [
      {
        metric: { type: 'custom.googleapis.com/backlog' },
        resource: { type: 'global', labels: { project_id: 'p' } },
        points: [
          { interval: { endTime: new Date(now).toISOString() }, value: { int64Value: String(value) } },
        ],
      },
    ];
    expect(await bench.monitoring('timeSeries', { timeSeries })).toBe(200);
  };

  it('is divided among the instances, and says so while there is none of it', async () => {
    const scaler = await scaled('metered', {
      customMetricUtilizations: [
        {
          metric: 'custom.googleapis.com/backlog',
          filter: 'resource.type = "global"',
          singleInstanceAssignment: 100,
        },
      ],
    });
    expect(await scaler.get()).toMatchObject({
      status: 'ERROR',
      statusDetails: [{ type: 'CUSTOM_METRIC_INVALID' }],
    });
    await write(420);
    await scaler.reaches(5);
    expect(await scaler.get()).toMatchObject({ recommendedSize: 5, status: 'ACTIVE' });
    await passes(300_000);
    expect(await scaler.get()).toMatchObject({
      statusDetails: [{ type: 'MISSING_CUSTOM_METRIC_DATA_POINTS' }],
    });
    // What cannot be measured never scales in.
    expect(await scaler.size()).toBe(5);
  });
});

describe('requests', () => {
  it('are divided by what an instance may be sent, at the target utilisation', async () => {
    const scaler = await scaled('served', { loadBalancingUtilization: { utilizationTarget: 0.5 } });
    expect(await scaler.get()).toMatchObject({ statusDetails: [{ type: 'BACKEND_SERVICE_DOES_NOT_EXIST' }] });
    const group = `projects/p/${ZONE}/instanceGroups/served`;
    await bench.succeed('POST', '/global/backendServices', {
      name: 'served',
      backends: [{ group, balancingMode: 'RATE', maxRatePerInstance: 10 }],
    });
    const address = await bench.loadBalancer('served');
    let done = false;
    // Every request stands for so many that they make 20 to 30 a second, whatever the machine's pace.
    const load = (async () => {
      let sentAt = bench.world.clock.now();
      while (!done) {
        await passes(2_000);
        const now = bench.world.clock.now();
        const weight = Math.round(((now - sentAt) / 1000) * 25);
        sentAt = now;
        const headers = { 'x-sandbox-stands-for': String(weight) };
        await fetch(address, { headers }).then((response) => response.arrayBuffer());
      }
    })();
    // 25 requests/s over 10 each at half of that: 5 instances, 4 or 6 where a minute was cut unevenly.
    await bench.until('scaled out', async () => [4, 5, 6].includes(await scaler.size()));
    done = true;
    await load;
  });
});

describe('scaling in', () => {
  it('takes no more than allowed below the peak of the window', async () => {
    const scaler = await scaled('careful', {
      minNumReplicas: 6,
      stabilizationPeriodSec: 0,
      scaleInControl: { maxScaledInReplicas: { fixed: 2 }, timeWindowSec: 600 },
    });
    await scaler.reaches(6);
    const from = bench.world.clock.now();
    await scaler.patch({ minNumReplicas: 1 });
    await scaler.reaches(4);
    await passes(300_000);
    expect(await scaler.size()).toBe(4);
    await bench.until('in further', async () => (await scaler.size()) < 4);
    expect(bench.world.clock.now() - from).toBeGreaterThanOrEqual(570_000);
  });

  it('is left to others in the modes OFF and ONLY_SCALE_OUT, and recommended all the same', async () => {
    const scaler = await scaled(
      'watching',
      { mode: 'OFF', stabilizationPeriodSec: 0, cpuUtilization: {} },
      3,
    );
    await bench.until('recommends', async () => (await scaler.get())['recommendedSize'] === 1);
    expect(await scaler.size()).toBe(3);
    expect(await scaler.get()).toMatchObject({ statusDetails: [{ type: 'MODE_OFF' }] });
    await scaler.patch({ mode: 'ONLY_SCALE_OUT', minNumReplicas: 4 });
    await scaler.reaches(4);
    await scaler.patch({ minNumReplicas: 1 });
    await passes(120_000);
    expect(await scaler.size()).toBe(4);
    await scaler.patch({ mode: 'ON' });
    await scaler.reaches(1);
  });
});
