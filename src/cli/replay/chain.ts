import type { Client } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { UsageError } from '../errors.ts';
import type { History } from './history.ts';

/** Longest wait for one run's history, wall ms: there may be many runs, so that the command's own deadline is none for them. */
const HISTORY_WITHIN_MS = 10_000;
/** gRPC's code. */
const NOT_FOUND = 5;

/**
 * The histories of a workflow's newest run and of those that it continues, oldest first: as far back as the server keeps them, or
 * to the one that was under way at `sinceMs`, wall time. Throws when nothing of that id is there.
 */
export async function historiesOf(
  client: Client,
  workflowId: string,
  sinceMs = -Infinity,
): Promise<History[]> {
  const histories: History[] = [];
  let runId: string | undefined;
  do {
    const history = await historyOf(client, workflowId, runId);
    // What came before was deleted when its retention ended.
    if (!history) break;
    histories.unshift(history);
    const first = history.events?.[0];
    if (Number(first?.eventTime?.seconds ?? 0) * 1000 <= sinceMs) break;
    runId = first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  } while (runId);
  if (histories.length === 0)
    throw new UsageError(`${workflowId}: no workflow of that id is known; give application/NAME`);
  return histories;
}

/** Of the newest run where none is named; undefined where there is none. */
async function historyOf(client: Client, workflowId: string, runId?: string): Promise<History | undefined> {
  const handle = client.workflow.getHandle(workflowId, runId);
  try {
    return await client.withDeadline(Date.now() + HISTORY_WITHIN_MS, () => handle.fetchHistory());
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return undefined;
    throw error;
  }
}
