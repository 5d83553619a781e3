import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { propose } from '../activities/past/proposer.ts';
import type { ProposeRequest } from '../activities/past/proposer.ts';
import { runCommand } from '../src/cli/program.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import { findTemporalCli } from '../src/temporal/find-binary.ts';
import { backfillId, feedbackId } from '../src/temporal/ids.ts';
import {
  ensureBackfillSchedule,
  ensureFeedbackSchedule,
  removeSchedules,
} from '../src/temporal/schedules.ts';
import { configureUpdate, retuneUpdate, specificationQuery } from '../workflows/messages.ts';
import { backfillProgressQuery } from '../workflows/past-messages.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { INTERVAL, forecastAt } from './support/ledger-rows.ts';
import { DAY_MS, MONDAY, onPastStage, type PastStage } from './support/past-stage.ts';
import { bundleWorkflows, eventually, startDevServer } from './support/temporal-side.ts';

/**
 * The workflows that look back, on a real server. Leaves the histories that it records in FRESH: the golden ones are
 * copies of them.
 */
const FRESH = fileURLToPath(new URL('../.premirror/golden/', import.meta.url));

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
let ledger: StoredLedger;

beforeAll(async () => {
  [env, bundle, ledger] = await Promise.all([startDevServer(), bundleWorkflows(), openEmptyLedger()]);
});
afterAll(async () => {
  await env?.teardown();
  await ledger?.close();
});

const day = (n: number) => new Date(MONDAY + n * DAY_MS).toISOString().slice(0, 10);
const stage =
  (play: (stage: PastStage) => Promise<void>, proposer = calmProposer) =>
  () =>
    onPastStage(env, bundle, ledger, proposer, play);
const calmProposer = async (request: ProposeRequest) => propose(request);
/** As if the last days had asked for a lower threshold. */
const movingProposer = async ({ settings }: ProposeRequest) => ({
  settings: { ...settings, thresholdFactor: 1.05 },
  move: { setting: 'thresholdFactor' as const, from: settings.thresholdFactor, to: 1.05 },
  why: 'thresholdFactor from 1.15 to 1.05: the last 48 hours would have cost 4% less',
  evidence: { hours: 48, cost: 10, candidates: [] },
});

async function temporal(...args: string[]): Promise<string> {
  const cli = await findTemporalCli();
  const { stdout } = await promisify(execFile)(cli, [...args, '--address', env.address], {
    maxBuffer: 32 * 1024 * 1024,
  });
  return stdout;
}

async function record(name: string, workflowId: string): Promise<void> {
  const history = await temporal('workflow', 'show', '--workflow-id', workflowId, '--output', 'json');
  await mkdir(FRESH, { recursive: true });
  // Who ran it does not matter to a replay.
  await writeFile(`${FRESH}${name}.json`, history.replaceAll(/\d+@[\w.-]+/g, 'worker@host'));
}

async function observed({ taskQueue, spec }: PastStage) {
  const workflowId = `application/${spec.application}`;
  return env.client.workflow.start('application', { workflowId, taskQueue, args: [{ spec, speed: 1 }] });
}

describe('a backfill', () => {
  it(
    'by hand works day by day, says how far it is, survives its worker, and comes out the same again',
    stage(async (on) => {
      await observed(on);
      const { application } = on.spec;
      const input = { application, from: day(0), to: day(2) };
      const workflowId = `${backfillId(application)}/by-hand`;
      const run = () =>
        env.client.workflow.start('backfill', { workflowId, taskQueue: on.taskQueue, args: [input] });
      const handle = await run();
      await eventually('a day done', async () => (await handle.query(backfillProgressQuery)).daysDone > 0);
      await on.replaceWorker();
      const summary = (await handle.result()) as string;
      expect(summary).toMatch(/^2 days, 192 looks; [\d.]+% within the interval an hour ahead; cost/);
      const rows = await on.ledger.history.backfilled(application, MONDAY, MONDAY + 2 * DAY_MS);
      expect(rows).toHaveLength(192);
      await record('backfill-days', workflowId);
      expect(await (await run()).result()).toBe(summary);
      expect(await on.ledger.history.backfilled(application, MONDAY, MONDAY + 2 * DAY_MS)).toEqual(rows);
    }),
  );

  it(
    'of the paused Schedule covers the day of its nominal time, not of now',
    stage(async (on) => {
      await observed(on);
      const { application } = on.spec;
      await ensureBackfillSchedule(env.client, application, on.taskQueue);
      await ensureBackfillSchedule(env.client, application, on.taskQueue);
      const span = ['--start-time', `${day(0)}T00:00:00Z`, '--end-time', `${day(1)}T00:00:00Z`];
      const which = ['-s', backfillId(application), '--overlap-policy', 'BufferAll'];
      await temporal('schedule', 'backfill', ...which, ...span);
      const { history } = on.ledger;
      await eventually(
        'two days',
        async () =>
          (await history.balances(application, 'backfill', MONDAY, MONDAY + 9 * DAY_MS)).length === 2,
      );
      const looks = await history.backfilled(application, 0, MONDAY + 9 * DAY_MS);
      expect(looks).toHaveLength(2 * 96);
      expect(looks[0]?.forecast.issuedAt).toBe(MONDAY);
      await removeSchedules(env.client, application);
      await removeSchedules(env.client, application);
    }),
  );

  it(
    'refuses what makes no sense, with a remedy, and an application that nobody looks after',
    stage(async (on) => {
      const failure = async (input: object) => {
        const workflowId = `${backfillId('nobody')}/${JSON.stringify(input)}`;
        const options = { workflowId, taskQueue: on.taskQueue, args: [input] };
        const error = await env.client.workflow.execute('backfill', options).catch((e: Error) => e);
        let text = '';
        for (let e: unknown = error; e instanceof Error; e = e.cause) text += ` ${e.message}`;
        return text;
      };
      expect(await failure({ application: 'nobody' })).toContain('start it by a Schedule');
      expect(await failure({ application: 'nobody', from: 'today', to: day(1) })).toContain(
        'from is "today": write a day such as',
      );
      expect(await failure({ application: 'nobody', from: day(1), to: day(1) })).toContain('later than from');
      expect(await failure({ application: 'nobody', from: day(0), to: day(1) })).toContain(
        'none of that name runs',
      );
    }),
  );
});

describe('feedback', () => {
  it(
    'records a move with its evidence, tells the application, and takes it back when asked',
    stage(async (on) => {
      const app = await observed(on);
      const { application } = on.spec;
      await on.ledger.saveForecast({ ...forecastAt(MONDAY + 4 * DAY_MS), application }, []);
      const workflowId = feedbackId(application);
      const run = (input: object) =>
        env.client.workflow.execute('feedback', {
          workflowId,
          taskQueue: on.taskQueue,
          args: [{ application, ...input }],
        });
      const outcome = await run({});
      expect(outcome).toContain('thresholdFactor from 1.15 to 1.05');
      await record('feedback-moved', workflowId);
      const factor = async () => (await app.query(specificationQuery)).settings.thresholdFactor;
      await eventually('retuned', async () => (await factor()) === 1.05);
      const metadata = await temporal('workflow', 'metadata', '-w', app.workflowId);
      expect(metadata).toMatch(/settings +thresholdFactor from 1.15 to 1.05/);
      const [change] = await on.ledger.history.settingsChanges(application, 1);
      expect(change).toMatchObject({
        before: DEFAULT_SETTINGS,
        after: { ...DEFAULT_SETTINGS, thresholdFactor: 1.05 },
        evidence: { replay: { hours: 48 }, capacity: { byCpu: { carried: 50 } } },
      });
      expect(await run({ reset: true })).toBe('reset to the defaults');
      await eventually('reset', async () => (await factor()) === DEFAULT_SETTINGS.thresholdFactor);
      expect(await run({ reset: true })).toBe('the settings are so already');
      const refusal = await app
        .executeUpdate(retuneUpdate, { args: [{ settings: { thresholdFactor: 9 }, why: 'test' }] })
        .catch((error: Error) => (error.cause as Error).message);
      expect(refusal).toBe('settings.thresholdFactor is 9: give a number from 0.5 to 1.5');
    }, movingProposer),
  );

  it(
    'shows drift on its own page and on that of the application, once however often it looks back',
    stage(async (on) => {
      const app = await observed(on);
      const { application } = on.spec;
      const quarter = 15 * 60_000;
      // A night of forecasts far below what came.
      for (let asOf = MONDAY + 4 * DAY_MS; asOf < MONDAY + 4.2 * DAY_MS; asOf += quarter)
        await on.ledger.saveForecast({ ...forecastAt(asOf), application, fan: `${application}@${asOf}` }, [
          { ...INTERVAL, at: asOf + quarter },
        ]);
      const workflowId = feedbackId(application);
      const options = { workflowId, taskQueue: on.taskQueue, args: [{ application }] };
      await env.client.workflow.execute('feedback', options);
      await env.client.workflow.execute('feedback', options);
      const shown = /drift +2026-10-09 [\d:]+: demand runs higher than forecast/g;
      await eventually('told', async () =>
        shown.test(await temporal('workflow', 'metadata', '-w', app.workflowId)),
      );
      expect((await temporal('workflow', 'metadata', '-w', app.workflowId)).match(shown)).toHaveLength(1);
      expect(await temporal('workflow', 'metadata', '-w', workflowId)).toMatch(
        /drift +[\d:]+: demand runs higher/,
      );
    }),
  );

  it(
    'learns what an instance carries in bounded steps, says so, and forgets it when another is declared',
    stage(async (on) => {
      const app = await observed(on);
      const { application } = on.spec;
      on.carried = 0.7 * on.spec.demand.perInstance;
      const workflowId = feedbackId(application);
      const options = { workflowId, taskQueue: on.taskQueue, args: [{ application }] };
      const run = () => env.client.workflow.execute('feedback', options);
      const works = async () => app.query(specificationQuery);
      expect(await run()).toBe(
        'capacityFactor from 1 to 0.909: by its CPU an instance carries 35, declared 50',
      );
      await eventually('told', async () => (await works()).settings.capacityFactor === 0.909);
      expect((await works()).spec.demand).toMatchObject({ perInstance: 45.45, declaredPerInstance: 50 });
      expect(await temporal('workflow', 'metadata', '-w', app.workflowId)).toMatch(
        /an instance +carries 45.5 as measured, 50.0 as declared/,
      );
      const [change] = await on.ledger.history.settingsChanges(application, 1);
      expect(change).toMatchObject({
        before: { capacityFactor: 1 },
        after: { capacityFactor: 0.909 },
        evidence: { capacity: { byCpu: { carried: 35 }, factor: { measured: 0.7 } } },
      });
      const spec = { ...on.spec, demand: { ...on.spec.demand, perInstance: 35 } };
      await app.executeUpdate(configureUpdate, { args: [{ spec }] });
      await eventually('declared anew', async () => (await works()).spec.demand.perInstance === 35);
      expect((await works()).settings.capacityFactor).toBe(1);
    }),
  );

  it(
    'of its Schedule runs at once when triggered, and ends in words when the application is gone',
    stage(async (on) => {
      const { application } = on.spec;
      await ensureFeedbackSchedule(env.client, application, 1, on.taskQueue);
      await env.client.schedule.getHandle(feedbackId(application)).trigger();
      const result = await eventually('a run', async () => {
        const query = `WorkflowType = 'feedback' AND PremirrorApplication = '${application}'`;
        for await (const { workflowId, status } of env.client.workflow.list({ query }))
          if (status.name === 'COMPLETED') return env.client.workflow.getHandle(workflowId).result();
        return undefined;
      });
      expect(result).toContain('gone');
      await removeSchedules(env.client, application);
    }),
  );
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'premirror-past-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function premirror(taskQueue: string, ...argv: string[]) {
    const config = join(folder, 'config.json');
    const temporalAt = { address: env.address, namespace: 'default', taskQueue };
    writeFileSync(config, JSON.stringify({ temporal: temporalAt, ledger: {}, api: {} }));
    let [out, err] = ['', ''];
    const streams = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
    return { exitCode: await runCommand([...argv, '--config', config], streams), out, err };
  }

  it(
    'applies with its Schedules, backfills, tunes, and removes them again',
    stage(async ({ taskQueue, spec }) => {
      const { application } = spec;
      const file = join(folder, 'shop.yaml');
      const example = await readFile('examples/shop.yaml', 'utf8');
      const yaml = example
        .replace(/^application: .*/m, `application: ${application}`)
        .replace(/^mode: .*/m, 'mode: observe');
      await writeFile(file, yaml);
      const say = (...argv: string[]) => premirror(taskQueue, ...argv);
      expect(await say('apply', file)).toMatchObject({ exitCode: 0 });
      const schedules = async () => {
        const ids: string[] = [];
        for await (const { scheduleId } of env.client.schedule.list()) ids.push(scheduleId);
        return ids.filter((id) => id.endsWith(`/${application}`)).toSorted();
      };
      await eventually('both Schedules', async () => (await schedules()).length === 2);
      const past = await say('backfill', application, '--from', day(0), '--to', day(1));
      expect(past).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^1 day, 96 looks/) });
      expect(await say('tune', application)).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining('nothing was forecast in the last two days'),
      });
      expect(await say('backfill', application, '--from', 'today', '--to', day(1))).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining('--from is today: write a UTC day'),
      });
      expect(await say('remove', application)).toMatchObject({ exitCode: 0 });
      await eventually('no Schedule', async () => (await schedules()).length === 0);
    }),
  );
});
