import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { findTemporalCli } from '../src/temporal/find-binary.ts';
import { forceMirroringUpdate, pauseUpdate, removeUpdate, resumeUpdate } from '../workflows/messages.ts';
import { bundleWorkflows, eventually, onStage, startDevServer } from './support/temporal-side.ts';

/**
 * Histories of workflows that ran once must replay on today's code, or a deployment would wedge what is running.
 * `<workflow>-<what>.json` is what `temporal workflow show --output json` printed. After a change that is not
 * compatible on purpose, take new ones from FRESH, where this test leaves those that it has just recorded, and
 * backfill-workflow.test.ts those of the workflows that look back.
 */
const GOLDEN = fileURLToPath(new URL('golden/', import.meta.url));
const FRESH = fileURLToPath(new URL('../.premirror/golden/', import.meta.url));

let bundle: WorkflowBundle;
let incompatible: WorkflowBundle;

beforeAll(async () => {
  bundle = await bundleWorkflows();
  incompatible = await bundleWorkflows(`${GOLDEN}incompatible.ts`);
});

async function histories(folder: string): Promise<{ workflowId: string; history: unknown }[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
  return Promise.all(
    files.map(async (name) => ({
      workflowId: name,
      history: JSON.parse(await readFile(`${folder}${name}`, 'utf8')),
    })),
  );
}

/** Per history, why it did not replay; undefined when it did. */
async function replay(workflowBundle: WorkflowBundle, folder: string): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for (const { workflowId, history } of await histories(folder)) {
    try {
      await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history), workflowId);
      results[workflowId] = 'replays';
    } catch (error) {
      results[workflowId] = (error as Error).name;
    }
  }
  return results;
}

describe('histories recorded earlier', () => {
  it('replay on the workflows of today', async () => {
    expect(await replay(bundle, GOLDEN)).toEqual({
      'application-continued.json': 'replays',
      'application-removed.json': 'replays',
      'backfill-days.json': 'replays',
      'feedback-moved.json': 'replays',
      'mirrorRun-retired.json': 'replays',
    });
  });

  it('do not replay on incompatible workflows: the guard works', async () => {
    expect(await replay(incompatible, GOLDEN)).toEqual({
      'application-continued.json': 'DeterminismViolationError',
      'application-removed.json': 'DeterminismViolationError',
      'backfill-days.json': 'DeterminismViolationError',
      'feedback-moved.json': 'DeterminismViolationError',
      'mirrorRun-retired.json': 'DeterminismViolationError',
    });
  });
});

describe('what a stranger sees in the timeline', () => {
  it('says on every activity, timer and child why it is there', async () => {
    for (const { workflowId, history } of await histories(GOLDEN))
      for (const event of (history as { events: RecordedEvent[] }).events)
        if (/ACTIVITY_TASK_SCHEDULED|TIMER_STARTED|START_CHILD.*INITIATED|MARKER/.test(event.eventType))
          expect(event.userMetadata?.summary, `${workflowId}, event ${event.eventId}`).toBeDefined();
  });
});

interface RecordedEvent {
  eventId: string;
  eventType: string;
  userMetadata?: { summary?: unknown };
}

describe('a history recorded now', () => {
  it('is exported by the temporal command and replays', async () => {
    const env = await startDevServer();
    try {
      await onStage(env, bundle, async ({ cloud, script, start, spec }) => {
        const zone = 'us-central1-b';
        script.mirrors = [{ zone, full: 2, warm: 1, shadow: 0 }];
        script.primaryMinimum = 4;
        const handle = await start({ maxHistoryLength: 60 });
        const firstRun = (handle as unknown as { firstExecutionRunId: string }).firstExecutionRunId;
        const force = { zone: 'us-central1-c', full: 1, warm: 0, shadow: 0, reason: 'test' };
        await handle.executeUpdate(forceMirroringUpdate, { args: [force] });
        await eventually('both serve', () => cloud.timesToServe.length === 2);
        await handle.executeUpdate(pauseUpdate, { args: [{ reason: 'test' }] });
        await handle.executeUpdate(resumeUpdate);
        const latest = env.client.workflow.getHandle(handle.workflowId);
        await eventually('another run', async () => (await latest.describe()).runId !== firstRun);
        await latest.executeUpdate(removeUpdate, { args: [{ reason: 'test' }] });
        await latest.result();
        await mkdir(FRESH, { recursive: true });
        const record = async (name: string, workflowId: string, runId?: string) =>
          writeFile(`${FRESH}${name}.json`, await exported(env.address, workflowId, runId));
        await record('application-continued', handle.workflowId, firstRun);
        await record('application-removed', handle.workflowId);
        await record('mirrorRun-retired', `mirror/${spec.application}/${zone}/1`);
      });
    } finally {
      await env.teardown();
    }
    expect(new Set(Object.values(await replay(bundle, FRESH)))).toEqual(new Set(['replays']));
  });
});

async function exported(address: string, workflowId: string, runId?: string): Promise<string> {
  const args = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json', '--address', address];
  const cli = await findTemporalCli();
  const { stdout } = await promisify(execFile)(cli, runId ? [...args, '--run-id', runId] : args, {
    maxBuffer: 32 * 1024 * 1024,
  });
  // Who ran it does not matter to a replay.
  return stdout.replaceAll(/"identity": "\d+@[^"]*"/g, '"identity": "worker"');
}
