import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { FeedbackInput } from '../../workflows/past-messages.ts';
import { feedbackId, WORKFLOW_TYPES } from '../temporal/ids.ts';
import type { Context } from './context.ts';
import { workflowLink } from './links.ts';

/** A look back over two days takes seconds; a busy machine may need more. */
const WAIT_AT_MOST_MS = 10 * 60_000;

export interface Tuned {
  workflowId: string;
  runId: string;
  /** What was set and why, or why nothing was. */
  outcome: string;
  link: string;
}

/** Runs feedback now rather than at its next hour, or goes back to the settings that every application starts with. */
export async function tune(
  { client, config }: Context,
  application: string,
  { reset }: { reset: boolean },
): Promise<Tuned> {
  const workflowId = `${feedbackId(application)}/${reset ? 'reset' : 'by-hand'}`;
  const input: FeedbackInput = { application, reset };
  const handle = await client.workflow
    .start(WORKFLOW_TYPES.feedback, {
      workflowId,
      taskQueue: config.temporal.taskQueue,
      args: [input],
      staticSummary: reset
        ? `${application}'s settings back to the defaults`
        : `${application}: look back now`,
    })
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return client.workflow.getHandle(workflowId);
    });
  const { runId } = await handle.describe();
  const outcome = (await client.withDeadline(Date.now() + WAIT_AT_MOST_MS, () => handle.result())) as string;
  return { workflowId, runId, outcome, link: workflowLink(config.temporal, workflowId, runId) };
}
