import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Runs } from '../ports/runs.ts';

/** What the sweep knows of workflows, asked of the Temporal server. An unanswered question throws: not knowing is not "closed". */
export function createRuns(client: Client): Runs {
  return {
    async isOpen(workflowId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId).describe();
        return status.name === 'RUNNING' || status.name === 'PAUSED';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}
