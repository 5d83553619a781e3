import { ServiceError } from '@temporalio/client';
import type { WorkflowStartUpdateInput, WorkflowStartUpdateOutput } from '@temporalio/client';
import { expect, it } from 'vitest';
import { updateRetry } from '../src/temporal/update-retry.ts';

/** What the server answers was seen on a workflow that hears a signal in the task in which it continues as new. */
const LET_GO = 'Unable to perform workflow execution update due to unexpected workflow task failure.';
const ANSWER = { updateId: '1', workflowRunId: 'run' } as WorkflowStartUpdateOutput;

function answered(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(details), { code, details, metadata: {} });
  return new ServiceError('Workflow Update failed', { cause });
}

/** Sends one update to a server that refuses it so often before it hears it; resolves to the number of sends. */
async function sends(refusal: Error, refusals: number): Promise<number> {
  let sent = 0;
  await updateRetry.startUpdate!({} as WorkflowStartUpdateInput, async () => {
    if (++sent <= refusals) throw refusal;
    return ANSWER;
  });
  return sent;
}

it('sends an update again that fell into a failed workflow task', async () => {
  expect(await sends(answered(9, LET_GO), 2)).toBe(3);
});

it('gives up in the end, with the server’s own words', async () => {
  await expect(sends(answered(9, LET_GO), 100)).rejects.toThrow('Workflow Update failed');
});

it('passes on every other refusal at once', async () => {
  for (const refusal of [answered(9, 'another precondition'), answered(5, LET_GO), new Error(LET_GO)]) {
    await expect(sends(refusal, 1)).rejects.toBe(refusal);
  }
});
