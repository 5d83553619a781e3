import { sleep } from '@temporalio/workflow';
import type { ApplicationInput, MirrorRunInput } from '../../workflows/messages.ts';

/** Deliberately not what the recorded workflows did: replaying them must fail, or the guard is worth nothing. */
export async function application(input: ApplicationInput): Promise<string> {
  await sleep(input.speed);
  return 'removed';
}

export async function mirrorRun(input: MirrorRunInput): Promise<string> {
  await sleep(input.speed);
  return `${input.zone}: retired, nothing is left`;
}

export async function backfill(): Promise<string> {
  await sleep(1);
  return '2 days';
}

export async function feedback(): Promise<string> {
  await sleep(1);
  return 'nothing moved';
}
