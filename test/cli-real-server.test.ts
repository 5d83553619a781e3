import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReplayResult } from '../src/cli/replay.ts';
import { runCommand } from '../src/cli/program.ts';
import { createApplications } from '../src/worker/applications.ts';
import { createPreview } from '../src/worker/preview.ts';
import { stateQuery } from '../workflows/messages.ts';
import { PRICES, forecast } from './support/decide-inputs.ts';
import type { Stage } from './support/temporal-side.ts';
import { bundleWorkflows, eventually, onStage, startDevServer } from './support/temporal-side.ts';

/** What verbs ask of a real server: a workflow's past, through all its runs, and what would be decided now. */

let env: TestWorkflowEnvironment;
let config: string;
let bundle: Awaited<ReturnType<typeof bundleWorkflows>>;

beforeAll(async () => {
  [env, bundle] = await Promise.all([startDevServer(), bundleWorkflows()]);
  config = join(mkdtempSync(join(tmpdir(), 'premirror-replay-')), 'config.json');
  const temporal = { address: env.address, namespace: env.client.options.namespace };
  writeFileSync(config, JSON.stringify({ temporal, ledger: {}, api: {} }));
});
afterAll(async () => {
  await env?.teardown();
});

async function command(...argv: string[]) {
  let [out, err] = ['', ''];
  const streams = { out: (text: string) => (out += text), err: (text: string) => (err += text) };
  const code = await runCommand([...argv, '--config', config], streams);
  return { code, out, err };
}

async function replayed(workflowId: string, ...options: string[]): Promise<ReplayResult> {
  const { code, out, err } = await command('replay', workflowId, ...options, '--json');
  expect(code, err).toBe(0);
  return JSON.parse(out) as ReplayResult;
}

it('decides every look of a chain of runs again, and tells what would have been raised, when, at what cost', () =>
  onStage(env, bundle, async ({ start, looks, spec, script }: Stage) => {
    script.nextLookMs = 100;
    const handle = await start({ maxHistoryLength: 20 });
    const id = handle.workflowId;
    const runIds = new Set<string>();
    const run = async () => runIds.add((await handle.describe()).runId).size;
    await eventually('a second run', async () => (await run()) >= 2);
    const since = new Date().toISOString();
    await eventually('a third run', async () => (await run()) >= 3);
    const before = looks.length;
    const { looks: again, cost, raises, application } = await replayed(id, '--set', 'thresholdFactor=0.5');
    expect(application).toBe(spec.application);
    expect(again.length).toBeGreaterThanOrEqual(before);
    expect(again.map(({ at }) => at)).toEqual(again.map(({ at }) => at).toSorted());
    // Whatever was scripted then: each recorded plan stands beside what is decided now.
    expect(again.filter(({ recorded }) => recorded).length).toBeGreaterThanOrEqual(before);
    // 100 req/s, 110 at most: by the defaults nothing is raised, at half the threshold shadows are.
    expect(raises.before).toEqual([]);
    expect(raises.after[0]).toEqual({ at: again[0]!.at, mirrors: again[0]!.after.mirrors });
    expect(cost.after.instances).toBeGreaterThan(cost.before.instances);

    const { looks: newest } = await replayed(id, '--since', since);
    expect(newest[0]!.at > again[0]!.at).toBe(true);
    await handle.terminate();
  }));

it('previews with the minimum that the primary had before it was raised, and falls back to no less', () =>
  onStage(env, bundle, async ({ start, script, cloud, spec }: Stage) => {
    script.primaryMinimum = 5;
    const handle = await start();
    await eventually("the primary's minimum is raised", () => cloud.primaryMinimum === 5);
    const around = { lower: 90, median: 100, upper: 110 };
    const windows = { full: around, warm: around, shadow: around };
    const said = forecast({ observed: 100, sustained: 100, windows });
    const preview = createPreview({
      client: env.client,
      applications: createApplications(env.client),
      fleet: cloud.fleet,
      capacity: { read: async () => spec.mirrors.zones.map((zone) => ({ zone, quotaLeft: 9 })) },
      ledger: {
        latestForecast: async () => said,
        latestDecision: async () => undefined,
        timesToServe: async () => ({ warmMs: 40_000, shadowMs: 90_000, coldMs: 150_000 }),
      },
      clock: { now: () => said.issuedAt, speed: 1 },
      prices: PRICES,
    });
    // The workflow notes what was there when its step has answered.
    await eventually('the workflow knows', async () => (await handle.query(stateQuery)).primaryMinimumBefore);
    expect((await preview(spec.application))!.effect.primaryMinimum).toEqual({ before: 2, now: 5, after: 2 });
    await handle.terminate();
  }));

it('says what is wrong where nothing of that id is there', async () => {
  const { code, err } = await command('replay', 'application/nobody');
  expect(code).toBe(2);
  expect(err).toMatch(/application\/nobody: no workflow of that id is known; give application\/NAME/);
});
