import { setTimeout as delay } from 'node:timers/promises';
import { pauseUpdate, removeUpdate, resumeUpdate } from '../../workflows/messages.ts';
import { MIRROR_ZONES } from './faults-decoys.ts';
import type { Story } from './faults-story.ts';
import type { FaultChanges } from './faults-witness.ts';

/** One way to end, break or disturb a mirror. What must hold afterwards is the same for all (faults.test.ts). */
export interface FaultCase {
  /** Of each class `npm test` plays one. */
  class: string;
  name: string;
  play: (story: Story) => Promise<void>;
}

const [B, C] = MIRROR_ZONES;
const TWO_TIERS = { full: 1, warm: 1, shadow: 0 };
const ALL_TIERS = { full: 2, warm: 1, shadow: 1 };
const ONE = { full: 1, warm: 0, shadow: 0 };

/** An application with a mirror that serves. */
async function serving(story: Story, zone = B, counts = TWO_TIERS): Promise<void> {
  await story.apply();
  await story.force(zone, counts);
  await story.untilServing(zone, counts.full);
}

/** Asks for the end of everything, and does not wait for it. */
async function askToRemove(story: Story): Promise<void> {
  await story.application.executeUpdate(removeUpdate, { args: [{ reason: 'the case is over' }] });
}

const ENDINGS: FaultCase[] = [
  {
    class: 'release',
    name: 'released, all tiers',
    async play(story) {
      await serving(story, B, ALL_TIERS);
      await story.release(B);
      await story.untilGone();
    },
  },
  {
    class: 'release',
    name: 'released before anything serves',
    async play(story) {
      await story.apply();
      await story.force(B, TWO_TIERS);
      await story.untilStep(await story.run(B), 'reconcile');
      await story.release(B);
      await story.untilGone();
    },
  },
  {
    class: 'remove',
    name: 'removed with two mirrors serving',
    async play(story) {
      await serving(story);
      await story.force(C, ONE);
      await story.untilServing(C, 1);
      await story.end();
    },
  },
  {
    class: 'remove',
    name: 'removed and applied again at once',
    async play(story) {
      await serving(story);
      await story.end();
      await serving(story);
      await story.end();
    },
  },
  {
    class: 'cancel the application',
    name: 'application cancelled while its mirror serves',
    async play(story) {
      await serving(story);
      await story.application.cancel();
      await story.untilClosed(story.application);
    },
  },
  {
    class: 'cancel the application',
    name: 'application cancelled while its mirror is raised',
    async play(story) {
      await story.apply();
      await story.force(B, TWO_TIERS);
      const run = await story.run(B);
      await story.untilStep(run, 'reconcile');
      await story.application.cancel();
      await story.untilClosed(story.application);
    },
  },
];

const RUN_ENDINGS: FaultCase[] = [
  ...['raise', 'reconcile', 'shift'].map((step) => ({
    class: 'cancel the mirror run',
    name: `mirror run cancelled at ${step}`,
    async play(story: Story) {
      await story.apply();
      await story.force(B, TWO_TIERS);
      const run = await story.run(B);
      await story.untilStep(run, step);
      await run.cancel();
      await story.untilClosed(run);
      // Still forced: another run takes its place, until released.
      await story.run(B, 2);
      await story.untilServing(B, TWO_TIERS.full);
      await story.end();
    },
  })),
  {
    class: 'terminate',
    name: 'application and mirror run terminated while it serves',
    async play(story) {
      await serving(story);
      const run = await story.run(B);
      await story.application.terminate('a case of the fault matrix');
      await run.terminate('a case of the fault matrix');
      await story.sweep();
    },
  },
  {
    class: 'terminate',
    name: 'application and mirror run terminated while it is raised',
    async play(story) {
      await story.apply();
      await story.force(B, ALL_TIERS);
      const run = await story.run(B);
      await story.untilStep(run, 'reconcile');
      await story.application.terminate('a case of the fault matrix');
      await run.terminate('a case of the fault matrix');
      await story.sweep();
    },
  },
  {
    class: 'terminate',
    name: 'application alone terminated: the lease ends its mirror',
    async play(story) {
      await serving(story);
      await story.application.terminate('a case of the fault matrix');
      await story.untilClosed(await story.run(B));
    },
  },
  {
    class: 'terminate',
    name: 'mirror run alone terminated: another takes its place',
    async play(story) {
      await serving(story);
      await (await story.run(B)).terminate('a case of the fault matrix');
      await story.run(B, 2);
      await story.untilServing(B, TWO_TIERS.full);
      await story.end();
      await story.sweep();
    },
  },
];

const WORKER_DEATHS: FaultCase[] = [
  ...['raise', 'reconcile', 'sync', 'attach', 'shift'].map((step) => ({
    class: 'kill the worker',
    name: `worker killed at ${step}`,
    async play(story: Story) {
      await story.apply();
      await story.force(B, TWO_TIERS);
      await story.untilStep(await story.run(B), step);
      story.processes.killWorker();
      await story.untilServing(B, TWO_TIERS.full);
      await story.end();
    },
  })),
  {
    class: 'kill the worker',
    name: 'worker killed at hold',
    async play(story) {
      await serving(story);
      story.processes.killWorker();
      await story.end();
    },
  },
  ...['drain', 'detach', 'removeGroup'].map((step) => ({
    class: 'kill the worker',
    name: `worker killed at ${step}`,
    async play(story: Story) {
      await serving(story);
      const run = await story.run(B);
      await askToRemove(story);
      await story.untilStep(run, step);
      story.processes.killWorker();
      await story.untilClosed(run);
    },
  })),
];

const SERVER_DEATHS: FaultCase[] = [
  {
    class: 'kill the Temporal server',
    name: 'Temporal server killed while a mirror is raised',
    async play(story) {
      await story.apply();
      await story.force(B, TWO_TIERS);
      const run = await story.run(B);
      await story.untilStep(run, 'reconcile');
      await story.processes.killTemporal();
      const { workflowId } = await story.untilServing(B, TWO_TIERS.full);
      if (workflowId !== run.workflowId) throw new Error(`${run.workflowId} was lost; ${workflowId} serves`);
      if (!(await story.view()).forced[B]) throw new Error('that the mirror is forced was forgotten');
      await story.end();
    },
  },
  {
    class: 'kill the Temporal server',
    name: 'Temporal server killed while a mirror is taken down',
    async play(story) {
      await serving(story);
      const run = await story.run(B);
      await askToRemove(story);
      await story.untilStep(run, 'drain');
      await story.processes.killTemporal();
      await story.untilClosed(run);
    },
  },
];

/** A mirror comes up, serves and goes in spite of these. */
function disturbed(name: string, raising: FaultChanges, lowering: FaultChanges = {}): FaultCase {
  return {
    class: 'cloud faults',
    name,
    async play(story) {
      await story.apply();
      await story.witness.setFaults(raising);
      await story.force(B, ALL_TIERS);
      await story.untilServing(B, ALL_TIERS.full);
      await story.witness.expectStruck(raising);
      await story.witness.setFaults(lowering);
      await story.end();
      await story.witness.expectStruck(lowering);
    },
  };
}

const lost = (pathIncludes: string, times = 1): FaultChanges => ({ lostResponse: { pathIncludes, times } });

const CLOUD_FAULTS: FaultCase[] = [
  {
    class: 'cloud faults',
    name: 'stock-out from the start',
    async play(story) {
      await story.apply();
      await story.witness.setFaults({ stockOutZones: [B] });
      await story.force(B, TWO_TIERS);
      const run = await story.run(B);
      await story.untilClosed(run);
      await story.end();
    },
  },
  {
    class: 'cloud faults',
    name: 'stock-out while more is raised: what is there stays',
    async play(story) {
      await serving(story, B, ONE);
      await story.witness.setFaults({ stockOutZones: [B] });
      await story.force(B, { full: 3, warm: 0, shadow: 0 });
      await story.until('the run settles for what it has', async () => {
        const [run] = (await story.view()).runs;
        return run?.phase === 'serving' && run.wanted.full === 1;
      });
      await story.end();
    },
  },
  disturbed(
    '429 for a while, up and down',
    { rateLimit: { pathIncludes: '/compute/', times: 6 } },
    { rateLimit: { pathIncludes: '/compute/', times: 6 } },
  ),
  disturbed(
    'answers lost: template and group inserted, group deleted',
    lost('/instance', 2),
    lost('/instanceGroupManagers/pm-', 2),
  ),
  disturbed(
    'answers lost: backend service patched',
    lost('/backendServices/', 2),
    lost('/backendServices/', 2),
  ),
  disturbed('answers lost: suspended', lost('/suspendInstances')),
  disturbed('answers lost: resized and stopped', lost('/resize'), lost('/instanceTemplates/')),
  disturbed(
    'operations that fail',
    { failOperation: { pathIncludes: '/instanceGroupManagers', times: 2, code: 'INTERNAL_ERROR' } },
    { failOperation: { pathIncludes: '/instanceGroupManagers', times: 2, code: 'INTERNAL_ERROR' } },
  ),
  disturbed('slow boot', { slowBootFactor: 4 }),
];

/** So long nothing may change, wall ms: several looks. */
const PAUSED_MS = 4_000;

const PAUSES: FaultCase[] = [
  {
    class: 'pause',
    name: 'paused, nothing changes; resumed, it goes on',
    async play(story) {
      await serving(story);
      await story.application.executeUpdate(pauseUpdate, {
        args: [{ reason: 'a case of the fault matrix' }],
      });
      await story.release(B);
      await story.force(C, ONE);
      const before = (await story.witness.writes()).length;
      await delay(PAUSED_MS);
      const after = (await story.witness.writes()).slice(before);
      if (after.length > 0) throw new Error(`written while paused: ${JSON.stringify(after)}`);
      await story.untilServing(B, TWO_TIERS.full);
      await story.application.executeUpdate(resumeUpdate);
      await story.untilServing(C, ONE.full);
      await story.end();
    },
  },
];

export const FAULT_CASES: readonly FaultCase[] = [
  ...ENDINGS,
  ...RUN_ENDINGS,
  ...WORKER_DEATHS,
  ...SERVER_DEATHS,
  ...CLOUD_FAULTS,
  ...PAUSES,
];
