import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';

/** gRPC's code. */
const FAILED_PRECONDITION = 9;
const ATTEMPTS = 6;
const PAUSE_MS = 100;

/**
 * Sends an update again that the server let go because the workflow task that carried it failed. That happens to a
 * sound workflow: when an event arrives while it continues as new, the server fails the task and runs it once more. The
 * server answers "aborted" in most such cases, which the client retries by itself, but in some "failed precondition".
 * Such an update was not accepted, so sending it again changes nothing twice.
 */
export const updateRetry: WorkflowClientInterceptor = {
  startUpdate: async (input, next) => untilHeard(() => next(input)),
  startUpdateWithStart: async (input, next) => untilHeard(() => next(input)),
};

async function untilHeard<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt === ATTEMPTS || !isLetGo(error)) throw error;
      await delay(PAUSE_MS * attempt);
    }
  }
}

function isLetGo(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return (
    isGrpcServiceError(cause) &&
    Number(cause.code) === FAILED_PRECONDITION &&
    cause.details.includes('unexpected workflow task failure')
  );
}
