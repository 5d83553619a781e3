import { removeUpdate } from '../../workflows/messages.ts';
import { B, serving, TWO_TIERS } from './faults-case.ts';
import type { FaultCase } from './faults-case.ts';
import type { Story } from './faults-story.ts';

/** Asks for the end of everything, and does not wait for it. */
async function askToRemove(story: Story): Promise<void> {
  await story.application.executeUpdate(removeUpdate, { args: [{ reason: 'the case is over' }] });
}

/** The worker dies at a step of a mirror run, and is started again. */
export const WORKER_DEATHS: FaultCase[] = [
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

/** The Temporal server dies, and is started again on its database. */
export const SERVER_DEATHS: FaultCase[] = [
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
