import { ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import type { EventsInput } from '../../workflows/events.ts';
import type { ApplicationSpec } from '../domain/application.ts';
import { DEFAULT_TASK_QUEUE, eventsId, WORKFLOW_TYPES } from './ids.ts';
import { createUnlessThere, deleteSchedule } from './schedules.ts';
import { wallMs } from './wall-time.ts';

/** Looks are calls over the network: no faster than this, wall ms, whatever the clock's speed. */
const LEAST_EVERY_MS = 10_000;

export interface EventScheduleOptions {
  spec: ApplicationSpec;
  /** Application seconds per wall second. */
  speed: number;
  taskQueue?: string;
}

/** Ensures that the sources of an application's events are looked at, at the beat of the fastest; without sources, that nothing is. */
export async function ensureEventSchedule(
  client: Client,
  { spec, speed, taskQueue = DEFAULT_TASK_QUEUE }: EventScheduleOptions,
): Promise<void> {
  const beats = (spec.events ?? []).map(({ everyMs }) => everyMs);
  if (beats.length === 0) return deleteSchedule(client, eventsId(spec.application));
  const id = eventsId(spec.application);
  const options = {
    spec: { intervals: [{ every: wallMs(Math.min(...beats), speed, LEAST_EVERY_MS) }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: WORKFLOW_TYPES.events,
      workflowId: id,
      taskQueue,
      args: [{ application: spec.application } satisfies EventsInput],
      staticSummary: `events of ${spec.application}: ${beats.length} sources`,
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      // A look that was missed is worth nothing later.
      catchupWindow: '1 minute',
    },
  };
  const first = { scheduleId: id, ...options, state: { triggerImmediately: true } };
  if (await createUnlessThere(client, first)) return;
  await client.schedule.getHandle(id).update(({ state }) => ({ ...options, state }));
}
