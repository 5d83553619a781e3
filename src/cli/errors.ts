import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { SpecError } from '../spec/parse.ts';

/** Exit codes of the command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;
const CANCELLED = 1;

/** Where the command looked, for messages. */
export interface Place {
  address: string;
  namespace: string;
  taskQueue: string;
}

/** One or a few lines for a person: what failed, and what to do. Never a stack trace. */
export function explain(error: unknown, place?: Place): string {
  if (error instanceof WorkflowNotFoundError)
    return `no such application runs in namespace ${place?.namespace}: premirror status lists those that do`;
  if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? error.message;
  if (error instanceof WorkflowFailedError) return error.cause?.message ?? error.message;
  if (error instanceof QueryNotRegisteredError) return 'the workflow with this id is not one of Premirror';
  const code = grpcCode(error);
  if (code === UNAVAILABLE)
    return (
      `Temporal does not answer at ${place?.address}: start everything with premirror up, or name your own ` +
      'with TEMPORAL_ADDRESS or --config'
    );
  if (isOutOfTime(error))
    return (
      `no worker answers on task queue ${place?.taskQueue} of namespace ${place?.namespace} at ${place?.address}: ` +
      'is one running? (premirror up starts one)'
    );
  return error instanceof Error ? error.message : String(error);
}

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

/** For --json: the same, with each problem of a specification as an object. */
export function asData(error: unknown, place?: Place): Record<string, unknown> {
  return {
    error: explain(error, place),
    ...(error instanceof SpecError && { problems: error.problems }),
  };
}

/** The answer did not come within the client's deadline. */
export function isOutOfTime(error: unknown): boolean {
  const code = grpcCode(error);
  return code === DEADLINE_EXCEEDED || code === CANCELLED;
}

/** The gRPC status anywhere in the chain of causes. */
function grpcCode(error: unknown): number | undefined {
  for (let e = error; e instanceof Error; e = e.cause) if (isGrpcServiceError(e)) return e.code;
  const { message } = error instanceof Error ? error : { message: '' };
  return message.includes('Failed to connect before the deadline') ? UNAVAILABLE : undefined;
}
