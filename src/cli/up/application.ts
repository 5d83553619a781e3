import type { Client } from '@temporalio/client';
import { removeUpdate } from '../../../workflows/messages.ts';
import { applicationWorkflowId, WORKFLOW_TYPES } from '../../temporal/ids.ts';

const OPEN =
  `ExecutionStatus = 'Running' AND ` +
  `WorkflowType IN ('${WORKFLOW_TYPES.application}', '${WORKFLOW_TYPES.mirrorRun}')`;
const LOOK_EVERY_MS = 500;

/**
 * Removes the application and waits until its workflow and all of its mirror runs have ended. Throws when that takes
 * longer than `limitMs` of wall time, when the caller says so and the inventory shows what is left, and when `signal` is aborted.
 */
export async function removeApplication(
  client: Client,
  application: string,
  reason: string,
  limitMs: number,
  signal = new AbortController().signal,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const handle = client.workflow.getHandle(applicationWorkflowId(application));
  // A deadline, since the update waits for a worker, and there may be none any more.
  await client.withAbortSignal(signal, () =>
    client.withDeadline(deadline, () => handle.executeUpdate(removeUpdate, { args: [{ reason }] })),
  );
  while ((await client.workflow.count(OPEN)).count > 0) {
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new Error(`its runs had not ended after ${limitMs / 1000} s; look at them in the Temporal UI`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
