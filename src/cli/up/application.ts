import type { Client } from '@temporalio/client';
import type { ApplicationSpec } from '../../domain/application.ts';
import { applicationWorkflowId, WORKFLOW_TYPES } from '../../temporal/ids.ts';
import { ensureSweepSchedule } from '../../temporal/schedules.ts';
import type { ApplicationInput, ReasonInput } from '../../../workflows/messages.ts';

/** Starts the application's workflow and the sweep that looks after it. */
export async function startApplication(
  client: Client,
  spec: ApplicationSpec,
  speed: number,
  taskQueue: string,
): Promise<void> {
  await client.workflow.start(WORKFLOW_TYPES.application, {
    workflowId: applicationWorkflowId(spec.application),
    taskQueue,
    args: [{ spec, speed } satisfies ApplicationInput],
    staticSummary: `look after ${spec.application}: forecast, decide, mirror, route, scale`,
  });
  await ensureSweepSchedule(client, { spec, speed, taskQueue });
}

/**
 * Removes the application and waits until its workflow and all of its mirror runs have ended. Throws when that takes
 * longer than `limitMs` of wall time: the caller says so, and the inventory shows what is left.
 */
export async function removeApplication(
  client: Client,
  application: string,
  reason: string,
  limitMs: number,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const handle = client.workflow.getHandle(applicationWorkflowId(application));
  // A deadline, since the update waits for a worker, and there may be none any more.
  await client.withDeadline(deadline, () =>
    handle.executeUpdate<string, [ReasonInput]>('remove', { args: [{ reason }] }),
  );
  const open = `ExecutionStatus = 'Running' AND WorkflowType IN ('${WORKFLOW_TYPES.application}', '${WORKFLOW_TYPES.mirrorRun}')`;
  while ((await client.workflow.count(open)).count > 0) {
    if (Date.now() > deadline)
      throw new Error(
        `its runs had not ended after ${Math.round(limitMs / 1000)} s; look at them in the Temporal UI`,
      );
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
