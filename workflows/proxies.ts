import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { HTTP_FLOOR_MS, wallMs } from '../src/temporal/wall-time.ts';

const MINUTE_MS = 60_000;

/**
 * The server's default gives a cancelled call up at once, and what undoes it would overtake it. We wait until it has
 * really ended.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/**
 * The activities, one proxy per class of side effect. Calls of the cloud take wall time whatever the clock's speed, so
 * every timeout has a floor.
 */
export function activitiesAt(speed: number) {
  return {
    /** Looks only. Few attempts: the next look comes soon anyway, and a late answer is worth nothing. */
    read: proxyActivities<Pick<Activities, 'forecast' | 'status' | 'isOpen' | 'findOrphans'>>({
      cancellationType,
      startToCloseTimeout: wallMs(MINUTE_MS, speed, HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '5s', maximumAttempts: 4 },
    }),
    /** Reads and decides within the workflow task: recorded without a task queue's round trip. */
    decide: proxyLocalActivities<Pick<Activities, 'evaluate'>>({
      startToCloseTimeout: HTTP_FLOOR_MS,
      retry: { initialInterval: '500ms', maximumInterval: '2s', maximumAttempts: 3 },
    }),
    /** One idempotent write. Repeated while a mirror would still come in time. */
    write: proxyActivities<Pick<Activities, 'raise' | 'attach' | 'scale'>>({
      cancellationType,
      startToCloseTimeout: wallMs(2 * MINUTE_MS, speed, 2 * HTTP_FLOOR_MS),
      scheduleToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '10s' },
    }),
    /** Idempotent, and waits for instances. Heartbeats so that a dead worker is noticed and an adjustment gets through. */
    wait: proxyActivities<Pick<Activities, 'reconcile' | 'sync' | 'shift'>>({
      cancellationType,
      startToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      scheduleToCloseTimeout: wallMs(20 * MINUTE_MS, speed, 6 * HTTP_FLOOR_MS),
      heartbeatTimeout: '8s',
      retry: { initialInterval: '500ms', maximumInterval: '10s' },
    }),
    /** Compensation: repeated for as long as it takes, since giving up leaves instances that cost money. */
    undo: proxyActivities<UndoActivities>({
      cancellationType,
      startToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '20s' },
    }),
    /** The same where another attempt comes by itself: the sweep is on a schedule, and one stuck sweep blocks the next. */
    undoOnce: proxyActivities<UndoActivities>({
      cancellationType,
      startToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '10s', maximumAttempts: 4 },
    }),
  };
}

type UndoActivities = Pick<
  Activities,
  'drain' | 'detach' | 'removeGroup' | 'removeRaised' | 'releaseState' | 'scale'
>;

export type ActivitiesAt = ReturnType<typeof activitiesAt>;
