import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { specificationQuery } from '../../workflows/messages.ts';
import type { Applications } from '../ports/applications.ts';
import { UnknownApplicationError } from '../ports/errors.ts';
import { applicationWorkflowId } from '../temporal/ids.ts';

/** What is looked after, asked of the application's own workflow: the one place that knows it. */
export function createApplications(client: Client): Applications {
  return {
    async find(application) {
      try {
        const handle = client.workflow.getHandle(applicationWorkflowId(application));
        return await handle.query(specificationQuery);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw new UnknownApplicationError(
          `application is ${application}: none of that name runs; premirror apply FILE starts it (mode observe suffices)`,
          { cause: error },
        );
      }
    },
  };
}
