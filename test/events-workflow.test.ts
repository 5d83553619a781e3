import { createServer } from 'node:http';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEventActivities } from '../activities/events.ts';
import { holidaysOf } from '../models/features/holidays.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { createEventSources } from '../src/events/sources.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { UnknownApplicationError } from '../src/ports/errors.ts';
import { ensureEventSchedule } from '../src/temporal/event-schedule.ts';
import { eventsId } from '../src/temporal/ids.ts';
import { removeSchedules } from '../src/temporal/schedules.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { SHOP } from './support/fake-cloud.ts';
import { bundleWorkflows, detailsOf, eventually, startDevServer } from './support/temporal-side.ts';

/** The Schedule of a real server has each source looked at; one that is dead costs the others nothing. */

const NOW = Date.parse('2026-11-20T00:00:00Z');
const TASK_QUEUE = 'events';
let env: TestWorkflowEnvironment;
let ledger: StoredLedger;
let worker: Worker;
let running: Promise<void>;
let found: ApplicationSpec | undefined;
const dead = createServer((_, response) => void response.writeHead(503).end());

beforeAll(async () => {
  const [server, workflowBundle] = await Promise.all([startDevServer(), bundleWorkflows()]);
  env = server;
  ledger = await openEmptyLedger();
  await new Promise<void>((resolve) => void dead.listen(0, '127.0.0.1', resolve));
  const find = async () => {
    if (!found) throw new UnknownApplicationError('gone');
    return { spec: found, settings: DEFAULT_SETTINGS };
  };
  worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: TASK_QUEUE,
    workflowBundle,
    activities: createEventActivities({
      applications: { find },
      events: ledger.eventStore,
      eventSources: createEventSources(holidaysOf),
      demand: { read: async () => [] },
      clock: { now: () => NOW, speed: 1 },
    }),
  });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await ledger?.close();
  dead.close();
  await env?.teardown();
});

it('looks at every source when it is applied, again when the specification changes, and no more when it is removed', async () => {
  const { client } = env;
  const { port } = dead.address() as { port: number };
  const holidays = { id: 'holidays-us', type: 'holidays' as const, everyMs: 86_400_000, region: 'US' };
  const news = {
    id: 'news-rss',
    type: 'news' as const,
    everyMs: 60_000,
    shape: 'rss' as const,
    url: `http://127.0.0.1:${port}/`,
  };
  found = { ...SHOP, events: [holidays, news] };
  await ensureEventSchedule(client, { spec: found, speed: 1, taskQueue: TASK_QUEUE });
  const schedule = client.schedule.getHandle(eventsId('shop'));
  const newest = async () => {
    const { info } = await schedule.describe();
    const action = info.recentActions.at(-1)?.action;
    return action?.type === 'startWorkflow'
      ? client.workflow.getHandle(action.workflow.workflowId)
      : undefined;
  };
  const first = await eventually('a run of the Schedule', newest);
  expect(await first.result()).toMatch(
    /^holidays-us: \d+ events, \d+ changed; news-rss: no answer: it answers 503; measured: 0 events/,
  );
  const details = await detailsOf(first);
  expect(details).toMatch(/^holidays-us +\d+ events/m);
  expect(details).toMatch(/^news-rss +no answer: it answers 503/m);
  expect(details).toMatch(/^measured +0 events/m);
  expect(await ledger.eventStore.events('shop', NOW, NOW + 1e10, NOW)).toContainEqual(
    expect.objectContaining({ name: 'Thanksgiving Day', source: 'holidays-us' }),
  );

  found = { ...SHOP, events: [holidays] };
  await ensureEventSchedule(client, { spec: found, speed: 1, taskQueue: TASK_QUEUE });
  expect((await schedule.describe()).spec.intervals).toMatchObject([{ every: holidays.everyMs }]);
  await schedule.trigger();
  await eventually(
    'the state of the dropped source is gone',
    async () => (await ledger.eventStore.sourceStates('shop')).size === 1,
  );

  await removeSchedules(client, 'shop');
  await expect(schedule.describe()).rejects.toThrow(/not found/i);
  found = undefined;
  const after = await client.workflow.start('events', {
    workflowId: 'events/shop/by-hand',
    taskQueue: TASK_QUEUE,
    args: [{ application: 'shop' }],
  });
  expect(await after.result()).toMatch(/gone/);
});
