import {
  forceMirroringUpdate,
  pauseUpdate,
  releaseUpdate,
  removeUpdate,
  resumeUpdate,
} from '../../workflows/messages.ts';
import { applicationWorkflowId } from '../temporal/ids.ts';
import { removeSchedules } from '../temporal/schedules.ts';
import type { Context } from './context.ts';
import { isOutOfTime, UsageError } from './errors.ts';

/** The messages to a running application, each an update: the answer says what will be done, or why not. */

export interface ForceOptions {
  zone: string;
  full: number;
  warm: number;
  shadow: number;
  reason: string;
}

export const pause = (context: Context, application: string, reason: string) =>
  running(context, application).executeUpdate(pauseUpdate, { args: [{ reason }] });

export const resume = (context: Context, application: string) =>
  running(context, application).executeUpdate(resumeUpdate);

export async function force(context: Context, application: string, options: ForceOptions): Promise<string> {
  const { zone, full, warm, shadow, reason } = options;
  if (full + warm + shadow === 0)
    throw new UsageError('give at least one of --full, --warm and --shadow a number above 0');
  return running(context, application).executeUpdate(forceMirroringUpdate, {
    args: [{ zone, full, warm, shadow, reason }],
  });
}

export const release = (context: Context, application: string, zone: string) =>
  running(context, application).executeUpdate(releaseUpdate, { args: [{ zone }] });

/**
 * Takes everything down. With `waitS` (seconds), resolves once the application's workflow has ended, which it does when its last
 * mirror is retired; else as soon as the workflow has agreed.
 */
export async function remove(
  context: Context,
  application: string,
  options: { reason: string; waitS?: number | undefined },
): Promise<string> {
  const handle = running(context, application);
  const answer = await handle.executeUpdate(removeUpdate, { args: [{ reason: options.reason }] });
  await removeSchedules(context.client, application);
  if (options.waitS === undefined) return answer;
  try {
    await context.client.withDeadline(Date.now() + options.waitS * 1_000, () => handle.result());
  } catch (error) {
    if (!isOutOfTime(error)) throw error;
    throw new Error(
      `${application} is still being taken down after ${options.waitS} s: premirror status ${application} shows what is left`,
      { cause: error },
    );
  }
  return `${application} is removed: its mirrors are retired`;
}

function running({ client }: Context, application: string) {
  return client.workflow.getHandle(applicationWorkflowId(application));
}
