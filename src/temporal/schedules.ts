import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import type { ApplicationSpec } from '../domain/application.ts';
import type { SweepInput } from '../../workflows/sweep.ts';
import type { BackfillInput, FeedbackInput } from '../../workflows/past-messages.ts';
import {
  backfillId,
  DEFAULT_TASK_QUEUE,
  eventsId,
  feedbackId,
  SWEEP_SCHEDULE_ID,
  WORKFLOW_TYPES,
} from './ids.ts';
import { wallMs } from './wall-time.ts';

const FEEDBACK_EVERY_MS = 3_600_000;
/** At high speed: a look back is work of the wall's, seconds of it. */
const FEEDBACK_FLOOR_WALL_MS = 60_000;

/**
 * Ensures the `sweep` schedule and that it covers this application: the schedule keeps the spec after the application
 * is gone, since what a terminated workflow left is found through it.
 *
 * @param everyMs wall ms: orphans cost wall money, and the sweep's work is calls that take wall time
 */
export async function ensureSweepSchedule(
  client: Client,
  { spec, speed, everyMs = 60_000, taskQueue = DEFAULT_TASK_QUEUE }: SweepScheduleOptions,
): Promise<void> {
  const options = (specs: ApplicationSpec[]) => ({
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: WORKFLOW_TYPES.sweep,
      workflowId: SWEEP_SCHEDULE_ID,
      taskQueue,
      args: [{ specs, speed } satisfies SweepInput],
      staticSummary: 'find what no mirror run owns any more, and take it down',
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      // The default is a year: after an outage every missed sweep would run at once.
      catchupWindow: '5 minutes',
    },
  });
  if (await createUnlessThere(client, { scheduleId: SWEEP_SCHEDULE_ID, ...options([spec]) })) return;
  await client.schedule.getHandle(SWEEP_SCHEDULE_ID).update((previous) => {
    const known = (previous.action.args?.[0] as SweepInput | undefined)?.specs ?? [];
    const others = known.filter((s) => s.application !== spec.application);
    return { ...options([...others, spec]), state: previous.state };
  });
}

/**
 * Ensures the paused Schedule over an application's past: it starts nothing by itself, and `temporal schedule backfill` runs a day
 * of it per day that is asked for.
 */
export async function ensureBackfillSchedule(
  client: Client,
  application: string,
  taskQueue = DEFAULT_TASK_QUEUE,
): Promise<void> {
  const input: BackfillInput = { application };
  await createUnlessThere(client, {
    scheduleId: backfillId(application),
    spec: { calendars: [{ hour: 0, comment: 'the nominal time names the UTC day that is worked out' }] },
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW_TYPES.backfill,
      workflowId: backfillId(application),
      taskQueue,
      args: [input],
      staticSummary: `a past day of ${application}, forecast and decided as of then`,
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL },
    state: { paused: true, note: 'for backfills only: premirror backfill, or temporal schedule backfill' },
  });
}

/**
 * Ensures the Schedule by which an application's settings learn, once an hour of application time.
 *
 * @param speed application seconds per wall second
 */
export async function ensureFeedbackSchedule(
  client: Client,
  application: string,
  speed: number,
  taskQueue = DEFAULT_TASK_QUEUE,
): Promise<void> {
  const input: FeedbackInput = { application };
  await createUnlessThere(client, {
    scheduleId: feedbackId(application),
    spec: { intervals: [{ every: wallMs(FEEDBACK_EVERY_MS, speed, FEEDBACK_FLOOR_WALL_MS) }] },
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW_TYPES.feedback,
      workflowId: feedbackId(application),
      taskQueue,
      args: [input],
      staticSummary: `how ${application}'s forecasts and plans did, and what to set from that`,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '5 minutes' },
  });
}

/** Deletes what was scheduled for an application that is being removed. The sweep stays: it finds what was left. */
export async function removeSchedules(client: Client, application: string): Promise<void> {
  for (const id of [feedbackId(application), backfillId(application), eventsId(application)])
    await deleteSchedule(client, id);
}

/** Creates a Schedule. Resolves to whether it is new; one that is there already is left as it is. */
export async function createUnlessThere(client: Client, schedule: ScheduleOptions): Promise<boolean> {
  try {
    await client.schedule.create(schedule);
    return true;
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    return false;
  }
}

/** Deletes a Schedule, if there is one. */
export async function deleteSchedule(client: Client, id: string): Promise<void> {
  await client.schedule
    .getHandle(id)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
}

export interface SweepScheduleOptions {
  spec: ApplicationSpec;
  /** Application seconds per wall second. */
  speed: number;
  everyMs?: number;
  taskQueue?: string;
}
