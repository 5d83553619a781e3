import { setTimeout as delay } from 'node:timers/promises';
import { pauseUpdate, resumeUpdate } from '../../workflows/messages.ts';
import { ALL_TIERS, B, C, ONE, serving, TWO_TIERS } from './faults-case.ts';
import type { FaultCase } from './faults-case.ts';
import type { FaultChanges } from './faults-witness.ts';

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

export const CLOUD_FAULTS: FaultCase[] = [
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

export const PAUSES: FaultCase[] = [
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
