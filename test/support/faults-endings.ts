import { ALL_TIERS, B, C, ONE, serving, TWO_TIERS } from './faults-case.ts';
import type { FaultCase } from './faults-case.ts';
import type { Story } from './faults-story.ts';

/** What ends the application. */
export const ENDINGS: FaultCase[] = [
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

/** What ends a mirror run, and perhaps the application with it. */
export const RUN_ENDINGS: FaultCase[] = [
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
