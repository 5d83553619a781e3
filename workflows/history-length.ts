import { workflowInfo } from '@temporalio/workflow';

/** One run's timeline should fit a screen, so we continue as new long before the server asks for it. */
const MAX_HISTORY_LENGTH = 600;

/** Whether a run should continue as new. `maxHistoryLength` is a test's own bound, in events. */
export function historyIsLong({
  maxHistoryLength = MAX_HISTORY_LENGTH,
}: {
  maxHistoryLength?: number;
}): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > maxHistoryLength;
}
