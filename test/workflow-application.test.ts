import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  configureUpdate,
  forceMirroringUpdate,
  mirrorStateQuery,
  pauseSignal,
  pauseUpdate,
  releaseUpdate,
  removeUpdate,
  resumeUpdate,
  stateQuery,
} from '../workflows/messages.ts';
import { bundleWorkflows, detailsOf, eventually, onStage, startDevServer } from './support/temporal-side.ts';
import type { Stage } from './support/temporal-side.ts';

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;

beforeAll(async () => {
  [env, bundle] = await Promise.all([startDevServer(), bundleWorkflows()]);
});
afterAll(async () => {
  await env?.teardown();
});

const B = { zone: 'us-central1-b', full: 4, warm: 0, shadow: 0 };
const C = { zone: 'us-central1-c', full: 2, warm: 0, shadow: 0 };
const scene = (play: (stage: Stage) => Promise<void>) => () => onStage(env, bundle, play);
const fullIn = ({ cloud }: Stage, zone: string) => cloud.groups.get(zone)?.counts.full ?? 0;
const reason = { reason: 'test' };

describe('an application on a real Temporal server', () => {
  it(
    'raises a mirror, adjusts it, and takes it down when the plan says so',
    scene(async (stage) => {
      const { cloud, script, start } = stage;
      script.mirrors = [B];
      script.primaryMinimum = 5;
      const handle = await start();
      await eventually('all 4 full under traffic', () => cloud.timesToServe.length > 0);
      expect(cloud.order.filter((call) => call !== 'setPrimaryMinimum').slice(0, 6)).toEqual([
        'ensureGroup',
        'setTiers',
        'prepare',
        'attach',
        'shift',
        'setTiers',
      ]);
      expect(cloud.timesToServe).toEqual([`${B.zone} from cold`]);
      expect(cloud.primaryMinimum).toBe(5);
      const burst = { name: 'more is said', kind: 'news', start: 0, end: 1, uplift: 2, probability: 0.25 };
      script.events = [{ ...burst, source: 'feed' }];
      script.mirrors = [{ ...B, full: 6, warm: 1 }];
      await eventually('6 full', () => fullIn(stage, B.zone) === 6);
      await eventually('6 serving', async () => (await handle.query(stateQuery)).runs[0]?.serving === 6);
      expect(await detailsOf(handle)).toMatch(
        /^mirror +us-central1-b: serving, 6 serving of 6 full, 1 warm$/m,
      );
      expect(await detailsOf(handle)).toMatch(/^event +feed at 00:00: more is said; demand believed x2/m);
      script.mirrors = [];
      script.primaryMinimum = 2;
      await eventually('nothing left', () => cloud.leftovers.length === 0);
      expect(cloud.violations).toEqual([]);
      await handle.terminate();
    }),
  );

  it(
    'keeps a standby without traffic, and lets traffic leave before the last full instance does',
    scene(async (stage) => {
      const { cloud, script, start, spec } = stage;
      script.mirrors = [{ ...B, full: 0, warm: 3 }];
      const handle = await start();
      await eventually('3 warm', () => cloud.groups.get(B.zone)?.counts.warm === 3);
      expect(cloud.backends.size).toBe(0);
      script.mirrors = [{ ...B, full: 3 }];
      await eventually('serving', () => cloud.timesToServe.length > 0);
      expect(cloud.timesToServe).toEqual([`${B.zone} from warm`]);
      script.mirrors = [{ ...B, full: 0, warm: 3 }];
      await eventually('3 warm again', () => cloud.groups.get(B.zone)?.counts.warm === 3);
      expect([...cloud.backends.values()]).toEqual([0]);
      expect(cloud.violations).toEqual([]);
      const run = env.client.workflow.getHandle(`mirror/${spec.application}/${B.zone}/1`);
      await eventually('standby', async () => (await run.query(mirrorStateQuery)).phase === 'standby');
      await handle.executeUpdate(removeUpdate, { args: [reason] });
      await handle.result();
      expect(cloud.leftovers).toEqual([]);
    }),
  );

  it(
    'pauses at once, still answers, and keeps what serves until it resumes',
    scene(async (stage) => {
      const { cloud, script, start, looks } = stage;
      script.mirrors = [B];
      const handle = await start();
      await eventually('4 full', () => fullIn(stage, B.zone) === 4);
      await handle.executeUpdate(pauseUpdate, { args: [reason] });
      script.mirrors = [];
      const seen = looks.length;
      await eventually('two more looks', () => looks.length > seen + 2);
      expect(fullIn(stage, B.zone)).toBe(4);
      expect(looks.at(-1)?.paused).toBe(true);
      expect(await handle.query(stateQuery)).toMatchObject({ phase: 'paused', paused: reason });
      await handle.executeUpdate(resumeUpdate);
      await eventually('nothing left', () => cloud.leftovers.length === 0);
      await handle.terminate();
    }),
  );

  it(
    'holds what is forced until it is released, and refuses what makes no sense with a remedy',
    scene(async (stage) => {
      const { cloud, start } = stage;
      const handle = await start();
      await handle.executeUpdate(forceMirroringUpdate, { args: [{ ...B, ...reason }] });
      await eventually('4 full', () => fullIn(stage, B.zone) === 4);
      const refused = async (input: { zone: string; full: number; warm: number; shadow: number }) =>
        handle.executeUpdate(forceMirroringUpdate, { args: [{ ...input, ...reason }] }).then(
          () => 'accepted',
          (error: Error) => `${(error.cause as Error).message}`,
        );
      expect(await refused({ ...B, zone: 'mars' })).toContain('choose one of mirrors.zones (us-central1-b');
      expect(await refused({ ...B, full: 0.5 })).toContain('whole number');
      expect(await refused({ ...B, full: 41 })).toContain('mirrors.limits.instances (40)');
      await handle.signal('forceMirroring', { ...B, zone: 'mars', ...reason });
      expect((await handle.query(stateQuery)).forced).toEqual({ [B.zone]: { full: 4, warm: 0, shadow: 0 } });
      await handle.executeUpdate(releaseUpdate, { args: [{ zone: B.zone }] });
      await eventually('nothing left', () => cloud.leftovers.length === 0);
      await handle.terminate();
    }),
  );

  it(
    'goes to another zone when one has run dry, and keeps what the dry one gave',
    scene(async (stage) => {
      const { cloud, script, start } = stage;
      cloud.stock[B.zone] = 0;
      script.mirrors = [B];
      const handle = await start();
      await eventually('taken down again', () => cloud.calls.some((call) => call.startsWith('removeGroup')));
      cloud.stock[C.zone] = 1;
      script.mirrors = [B, C];
      await eventually('1 full in c', () => cloud.backends.get(`${stage.spec.application}-${C.zone}`) === 1);
      expect(fullIn(stage, C.zone)).toBe(1);
      expect(cloud.groups.has(B.zone)).toBe(false);
      await handle.executeUpdate(removeUpdate, { args: [reason] });
      await handle.result();
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }),
  );

  it(
    'changes nothing in preview, and takes down what it raised when it stops acting',
    scene(async (stage) => {
      const { cloud, script, start, looks, spec } = stage;
      script.mirrors = [B];
      script.primaryMinimum = 7;
      const handle = await start({ spec: { ...spec, mode: 'preview' } });
      await eventually('three looks', () => looks.length > 2);
      expect(cloud.calls).toEqual([]);
      await handle.executeUpdate(configureUpdate, { args: [{ spec }] });
      await eventually('4 full', () => fullIn(stage, B.zone) === 4 && cloud.primaryMinimum === 7);
      await handle.executeUpdate(configureUpdate, { args: [{ spec: { ...spec, mode: 'observe' } }] });
      await eventually('nothing left', () => cloud.leftovers.length === 0);
      await eventually('observing', async () => (await handle.query(stateQuery)).phase === 'observing');
      await handle.terminate();
    }),
  );

  it(
    'keeps what is up when the forecast fails',
    scene(async (stage) => {
      const { script, start } = stage;
      script.mirrors = [B];
      const handle = await start();
      await eventually('4 full', () => fullIn(stage, B.zone) === 4);
      let failures = 0;
      script.forecast = () => {
        failures++;
        throw new Error('no metrics today');
      };
      script.mirrors = [];
      await eventually('a failed look, all of its attempts', () => failures === 4);
      expect(fullIn(stage, B.zone)).toBe(4);
      script.forecast = () => undefined;
      // The next look after a failed one comes in a minute; a message brings it forward.
      await handle.signal(pauseSignal, reason);
      await handle.executeUpdate(resumeUpdate);
      await eventually('nothing left', () => stage.cloud.leftovers.length === 0);
      await handle.terminate();
    }),
  );

  it(
    'continues as new on the server’s suggestion with its mirrors alive and its state whole',
    scene(async (stage) => {
      const { cloud, script, start, looks, spec } = stage;
      script.mirrors = [B];
      script.nextLookMs = 20;
      const handle = await start();
      const { firstExecutionRunId } = handle as unknown as { firstExecutionRunId: string };
      await handle.executeUpdate(forceMirroringUpdate, { args: [{ ...C, ...reason }] });
      await eventually('another run', async () => (await runIdOf(spec.application)) !== firstExecutionRunId);
      const seen = looks.length;
      await eventually('looks by the new run', () => looks.length > seen + 3);
      expect(fullIn(stage, B.zone)).toBe(4);
      expect(cloud.calls.filter((call) => call.startsWith('ensureGroup'))).toHaveLength(2);
      expect((await handle.query(stateQuery)).forced).toHaveProperty(C.zone);
      script.mirrors = [{ ...B, full: 5 }];
      await eventually('adjusted by the new run', () => fullIn(stage, B.zone) === 5);
      const latest = env.client.workflow.getHandle(handle.workflowId);
      await latest.executeUpdate(removeUpdate, { args: [reason] });
      expect(await latest.result()).toBe('removed: test');
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }),
  );
});

async function runIdOf(application: string): Promise<string> {
  return (await env.client.workflow.getHandle(`application/${application}`).describe()).runId;
}
