import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QuotaError } from '../src/ports/errors.ts';
import { mirrorStateQuery, stateQuery } from '../workflows/messages.ts';
import type { MirrorRunInput } from '../workflows/messages.ts';
import { bundleWorkflows, eventually, onStage, startDevServer } from './support/temporal-side.ts';
import type { Stage } from './support/temporal-side.ts';

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;

beforeAll(async () => {
  [env, bundle] = await Promise.all([startDevServer(), bundleWorkflows()]);
});
afterAll(async () => {
  await env?.teardown();
});

const ZONE = 'us-central1-b';
const STEPS = ['ensureGroup', 'setTiers', 'prepare', 'attach', 'shift'];

/** A mirror run by itself: its application does not exist, which it must bear. */
function startRun({ spec, taskQueue }: Stage, input: Partial<MirrorRunInput> = {}): Promise<WorkflowHandle> {
  const wanted = { full: 2, warm: 1, shadow: 0 };
  const parent = `application/${spec.application}`;
  return env.client.workflow.start('mirrorRun', {
    workflowId: `mirror/${spec.application}/${ZONE}/1`,
    taskQueue,
    args: [{ spec, zone: ZONE, plan: 'p1', wanted, speed: 1, parent, ...input }],
  });
}

async function serving({ cloud }: Stage, handle: WorkflowHandle): Promise<void> {
  await eventually('serving', async () => (await handle.query(mirrorStateQuery)).phase === 'serving');
  expect(cloud.violations).toEqual([]);
}

async function statusAtTheEnd(handle: WorkflowHandle): Promise<string> {
  await handle.result().catch(() => undefined);
  return (await handle.describe()).status.name;
}

describe('a mirror run takes down what it raised', () => {
  it.each(STEPS)('when cancelled during %s', (step) =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      let reached = false;
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      cloud.before = async (call) => {
        if (call !== step || reached) return;
        reached = true;
        await gate;
      };
      const handle = await startRun(stage);
      await eventually(step, () => reached);
      await handle.cancel();
      release();
      expect(await statusAtTheEnd(handle)).toBe('CANCELLED');
      expect(cloud.calls.at(-1)).toBe(`removeGroup ${ZONE}`);
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }),
  );

  it.each(STEPS)('when %s fails for good, after its effect', (step) =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      cloud.after = (call, what) => {
        if (call === step && !what.endsWith(' 0')) throw new QuotaError('no more');
      };
      const handle = await startRun(stage);
      expect(await statusAtTheEnd(handle)).toBe('FAILED');
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'QuotaError' } });
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }),
  );

  it('when cancelled while it serves, traffic first', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      const handle = await startRun(stage);
      await serving(stage, handle);
      await handle.cancel();
      expect(await statusAtTheEnd(handle)).toBe('CANCELLED');
      expect(cloud.calls.slice(-4).map((call) => call.split(' ')[0])).toEqual([
        'shift',
        'detach',
        'release',
        'removeGroup',
      ]);
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }));

  it('when a later plan retires it in the middle of raising', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      cloud.slowness = Infinity;
      const handle = await startRun(stage);
      await eventually('raising', () => cloud.order.includes('setTiers'));
      await handle.signal('adjust', { plan: 'p2', wanted: { full: 0, warm: 0, shadow: 0 } });
      expect(await statusAtTheEnd(handle)).toBe('COMPLETED');
      expect(cloud.order).not.toContain('attach');
      expect(cloud.leftovers).toEqual([]);
    }));

  it('when a later plan wants standby while traffic is about to be let in', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      let adjusted: Promise<void> | undefined;
      const handle = await startRun(stage);
      cloud.before = (call) => {
        if (call !== 'shift' || adjusted) return undefined;
        adjusted = handle.signal('adjust', { plan: 'p2', wanted: { full: 0, warm: 2, shadow: 0 } });
        return adjusted;
      };
      await eventually('standby', async () => (await handle.query(mirrorStateQuery)).phase === 'standby');
      expect([...cloud.backends.values()]).toEqual([0]);
      await handle.signal('adjust', { plan: 'p3', wanted: { full: 2, warm: 0, shadow: 0 } });
      await serving(stage, handle);
      expect([...cloud.backends.values()]).toEqual([1]);
      await handle.cancel();
      expect(await statusAtTheEnd(handle)).toBe('CANCELLED');
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }));

  it('when nobody is left to ask for it: the dead man’s switch', () =>
    onStage(env, bundle, async (stage) => {
      const handle = await startRun(stage, { speed: 60 });
      await serving(stage, handle);
      expect(await statusAtTheEnd(handle)).toBe('COMPLETED');
      expect(stage.cloud.leftovers).toEqual([]);
    }));

  it('after continuing as new, which keeps what is to be undone', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      const handle = await startRun(stage, { maxHistoryLength: 10 });
      const latest = env.client.workflow.getHandle(handle.workflowId);
      await eventually('a later run', async () => {
        const [last, first] = [await latest.describe(), handle as unknown as { firstExecutionRunId: string }];
        return last.runId !== first.firstExecutionRunId;
      });
      expect(cloud.leftovers.length).toBeGreaterThan(1);
      expect((await latest.query(mirrorStateQuery)).compensations.map((c) => c.kind)).toEqual([
        'removeGroup',
        'releaseState',
        'detach',
      ]);
      await latest.cancel();
      expect(await statusAtTheEnd(latest)).toBe('CANCELLED');
      expect(cloud.leftovers).toEqual([]);
    }));
});

describe('a mirror that serves by DNS', () => {
  const routing = { kind: 'dns' as const, managedZone: 'z', name: 'shop.example.', ttlSeconds: 1 };

  it('lets no instance go while its address is answered, and answers with those that come later', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud } = stage;
      const handle = await startRun(stage, { spec: { ...stage.spec, routing } });
      await serving(stage, handle);
      const adjust = (plan: string, full: number) =>
        handle.signal('adjust', { plan, wanted: { full, warm: 0, shadow: 0 } });
      await adjust('p2', 1);
      await eventually('the smaller plan', async () => (await handle.query(mirrorStateQuery)).plan === 'p2');
      await serving(stage, handle);
      expect((await handle.query(mirrorStateQuery)).wanted.full).toBe(2);
      // As the DNS router tells it: the record is behind the instances.
      cloud.backends.set([...cloud.backends.keys()][0]!, 0.5);
      await adjust('p3', 4);
      await eventually('all answered', () => [...cloud.backends.values()][0] === 1);
      await adjust('p4', 0);
      expect(await statusAtTheEnd(handle)).toBe('COMPLETED');
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }));
});

describe('the sweep takes down what a terminated workflow left', () => {
  it('the mirror, traffic first, and the raised minimum of the primary; nothing of a live run', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud, script, start, spec, taskQueue } = stage;
      const sweep = async (id: string) =>
        env.client.workflow.execute('sweep', {
          workflowId: `${id}-${spec.application}`,
          taskQueue,
          args: [{ specs: [spec], speed: 1 }],
        });
      script.mirrors = [{ zone: ZONE, full: 2, warm: 0, shadow: 0 }];
      script.primaryMinimum = 6;
      const application = await start();
      const run = env.client.workflow.getHandle(`mirror/${spec.application}/${ZONE}/1`);
      await eventually('serving', () => cloud.timesToServe.length > 0);
      expect(await sweep('sweep-1')).toBe('nothing to do');
      expect(cloud.leftovers).toHaveLength(3);
      expect((await application.query(stateQuery)).runs).toHaveLength(1);
      await application.terminate();
      await run.terminate();
      expect(await sweep('sweep-2')).toBe('took down 2 of 2');
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }));

  it('an application that is started again adopts the mirror of its earlier life', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud, script, start, spec } = stage;
      script.nextLookMs = 30_000;
      script.mirrors = [{ zone: ZONE, full: 2, warm: 0, shadow: 0 }];
      const application = await start({ speed: 60 });
      await eventually('serving', () => cloud.timesToServe.length > 0);
      await application.terminate();
      script.mirrors = [];
      const again = await start({ speed: 60 });
      const run = env.client.workflow.getHandle(`mirror/${spec.application}/${ZONE}/1`);
      expect(await statusAtTheEnd(run)).toBe('COMPLETED');
      expect(cloud.leftovers).toEqual([]);
      expect((await again.query(stateQuery)).runs).toEqual([]);
      await again.terminate();
    }));

  it('an application that is cancelled ends its mirrors itself', () =>
    onStage(env, bundle, async (stage) => {
      const { cloud, script, start } = stage;
      script.mirrors = [{ zone: ZONE, full: 2, warm: 0, shadow: 0 }];
      script.primaryMinimum = 6;
      const application = await start();
      await eventually('serving', () => cloud.timesToServe.length > 0);
      await application.cancel();
      expect(await statusAtTheEnd(application)).toBe('CANCELLED');
      expect(cloud.leftovers).toEqual([]);
      expect(cloud.violations).toEqual([]);
    }));
});
