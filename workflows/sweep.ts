import { log, sleep, workflowInfo } from '@temporalio/workflow';
import type { Orphans } from '../activities/sweep.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { wallMs } from '../src/temporal/wall-time.ts';
import { failureText } from './failures.ts';
import { activitiesAt } from './proxies.ts';

export interface SweepInput {
  /** Applications whose projects and zones are looked through, also long after they were removed. */
  specs: ApplicationSpec[];
  /** Application seconds per wall second. */
  speed: number;
}

/**
 * Takes down what no open mirror run owns: what a terminated workflow left. One orphan that resists does not keep the
 * others; the next sweep tries it again.
 */
export async function sweep({ specs, speed }: SweepInput): Promise<string> {
  const { read, undoOnce } = activitiesAt(speed);
  const orphans = await read.findOrphans.executeWithOptions({ summary: 'then take them down' }, [{ specs }]);
  let done = 0;
  for (const work of [
    ...orphans.groups.map((orphan) => () => takeDown(orphan, speed)),
    ...orphans.primaries.map(({ spec, before }) => async () => {
      const key = { run: workflowInfo().workflowId, plan: 'restore' };
      const summary = `${spec.application}'s minimum back to ${before}`;
      await undoOnce.scale.executeWithOptions({ summary }, [{ spec, minimum: 0, before, key }]);
    }),
  ]) {
    try {
      await work();
      done++;
    } catch (error) {
      log.warn(`left for the next sweep: ${failureText(error)}`);
    }
  }
  const found = orphans.groups.length + orphans.primaries.length;
  return found === 0 ? 'nothing to do' : `took down ${done} of ${found}`;
}

async function takeDown({ spec, group }: Orphans['groups'][number], speed: number): Promise<void> {
  const { undoOnce } = activitiesAt(speed);
  // This sweep's own id: a request id that an earlier sweep used would be taken for a repetition of it.
  const key = { run: group.run, plan: workflowInfo().workflowId };
  const call = { spec, group, key };
  const summary = `${group.name} in ${group.zone}`;
  const drainMs = await undoOnce.drain.executeWithOptions({ summary }, [call]);
  if (drainMs > 0) await sleep(wallMs(drainMs, speed), { summary: 'requests in flight finish; then detach' });
  await undoOnce.detach.executeWithOptions({ summary }, [call]);
  await undoOnce.releaseState.executeWithOptions({ summary }, [{ spec, group }]);
  await undoOnce.removeGroup.executeWithOptions({ summary }, [call]);
}
