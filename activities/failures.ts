import { ApplicationFailure } from '@temporalio/common';

/**
 * Errors of the ports on which a retry is no help: workflows branch on their names, which become the failure's type.
 * Everything else is transient and stays retryable.
 */
const FINAL = new Set([
  'NoCapacityError',
  'QuotaError',
  'NotOursError',
  'ReadOnlyModeError',
  'UnknownApplicationError',
]);

type Activity = (...args: never[]) => Promise<unknown>;

/** The same activities, with the ports' errors turned into typed, non-retryable failures. The one place for that. */
export function withFailureTypes<T extends Record<string, Activity>>(activities: T): T {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: never[]) => {
        try {
          return await activity(...args);
        } catch (error) {
          throw failureOf(error);
        }
      },
    ]),
  ) as T;
}

function failureOf(error: unknown): unknown {
  if (!(error instanceof Error) || !FINAL.has(error.name)) return error;
  return ApplicationFailure.create({
    type: error.name,
    message: error.message,
    nonRetryable: true,
    cause: error,
  });
}
