import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { backfillProgressQuery } from '../../workflows/past-messages.ts';
import type { BackfillInput, BackfillProgress } from '../../workflows/past-messages.ts';
import { backfillId, WORKFLOW_TYPES } from '../temporal/ids.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { workflowLink } from './links.ts';

export interface BackfillOptions {
  from: string;
  to: string;
  wait: boolean;
}

export interface Backfilled {
  workflowId: string;
  runId: string;
  /** The workflow's own summary; absent when nobody waited for it. */
  summary?: string;
  link: string;
}

const ASK_EVERY_MS = 2_000;
/** A backfill takes minutes; whoever waits longer than this for one day has no worker. */
const WAIT_AT_MOST_MS = 24 * 3_600_000;

/**
 * Starts the backfill of these days, or finds the one that is under way, and waits for it. Leaving early stops nothing: the
 * workflow goes on, and the same call finds it again.
 */
export async function backfill(
  { client, config }: Context,
  application: string,
  { from, to, wait }: BackfillOptions,
  note: (text: string) => void,
): Promise<Backfilled> {
  for (const [option, text] of [
    ['--from', from],
    ['--to', to],
  ] as const)
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
      throw new UsageError(`${option} is ${text}: write a UTC day such as 2026-11-01`);
  if (!(to > from)) throw new UsageError(`--to is ${to}, --from ${from}: --to is the day after the last one`);
  const workflowId = `${backfillId(application)}/${from}/${to}`;
  const input: BackfillInput = { application, from, to };
  const handle = await client.workflow
    .start(WORKFLOW_TYPES.backfill, {
      workflowId,
      taskQueue: config.temporal.taskQueue,
      args: [input],
      staticSummary: `${application} from ${from} to before ${to}, forecast and decided as of then`,
    })
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      note('this backfill is under way already');
      return client.workflow.getHandle(workflowId);
    });
  const { runId } = await handle.describe();
  const link = workflowLink(config.temporal, workflowId, runId);
  if (!wait) return { workflowId, runId, link };
  const deadline = Date.now() + WAIT_AT_MOST_MS;
  const summary = await client.withDeadline(deadline, () => follow(handle, note));
  return { workflowId, runId, summary, link };
}

/** Says how far it is until it has ended. Rejects when it failed. */
async function follow(handle: WorkflowHandle, note: (text: string) => void): Promise<string> {
  let told = -1;
  let progress: BackfillProgress | undefined;
  const asking = setInterval(() => {
    void handle
      .query(backfillProgressQuery)
      .then((answer) => {
        progress = answer;
        if (progress.daysDone === told) return;
        told = progress.daysDone;
        note(`${progress.daysDone} of ${progress.daysInAll} days`);
      })
      // A worker that is busy or restarts: the result says whether anything is wrong.
      .catch(() => undefined);
  }, ASK_EVERY_MS);
  try {
    return (await handle.result()) as string;
  } finally {
    clearInterval(asking);
  }
}
