import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { HTTP_FLOOR_MS, wallMs } from '../src/temporal/wall-time.ts';

const MINUTE_MS = 60_000;

/**
 * The server's default gives a cancelled call up at once, and what undoes it would overtake it. We wait until it has
 * really ended.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** Every activity that acts heartbeats each second: a dead worker is noticed, and a cancellation gets through. */
const heartbeatTimeout = '8s';

/**
 * The activities, one proxy per class of side effect. Calls of the cloud take wall time whatever the clock's speed, so
 * every timeout has a floor.
 */
export function activitiesAt(speed: number) {
  return {
    /** Looks only. Few attempts: the next look comes soon anyway, and a late answer is worth nothing. */
    read: proxyActivities<Pick<Activities, 'forecast' | 'status' | 'findOrphans'>>({
      cancellationType,
      startToCloseTimeout: HTTP_FLOOR_MS,
      retry: { initialInterval: '500ms', maximumInterval: '5s', maximumAttempts: 4 },
    }),
    /** Reads and decides within the workflow task: recorded without a task queue's round trip. */
    decide: proxyLocalActivities<Pick<Activities, 'evaluate'>>({
      startToCloseTimeout: HTTP_FLOOR_MS,
      retry: { initialInterval: '500ms', maximumInterval: '2s', maximumAttempts: 3 },
    }),
    /** An idempotent write that the next look asks for again: few attempts, so that it does not hold up the loop. */
    steer: proxyActivities<Pick<Activities, 'scale'>>({
      cancellationType,
      heartbeatTimeout,
      startToCloseTimeout: 2 * HTTP_FLOOR_MS,
      retry: { initialInterval: '500ms', maximumInterval: '2s', maximumAttempts: 4 },
    }),
    /** Idempotent writes and waits for instances. Repeated for as long as a mirror would still come in time. */
    mirror: proxyActivities<Pick<Activities, 'raise' | 'reconcile' | 'sync' | 'attach' | 'shift'>>({
      cancellationType,
      heartbeatTimeout,
      startToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      scheduleToCloseTimeout: wallMs(20 * MINUTE_MS, speed, 6 * HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '10s' },
    }),
    /** Compensation: repeated for as long as it takes, since giving up leaves instances that cost money. */
    undo: proxyActivities<UndoActivities>({
      cancellationType,
      heartbeatTimeout,
      startToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '20s' },
    }),
    /** The same where another attempt comes by itself: the sweep is on a schedule, and one stuck sweep blocks the next. */
    undoOnce: proxyActivities<UndoActivities>({
      cancellationType,
      heartbeatTimeout,
      startToCloseTimeout: wallMs(15 * MINUTE_MS, speed, 4 * HTTP_FLOOR_MS),
      retry: { initialInterval: '500ms', maximumInterval: '10s', maximumAttempts: 4 },
    }),
  };
}

/**
 * Works out the past, on the ledger and the cloud's readings only. Minutes of computing at the most, in wall time whatever the
 * clock's speed; a repetition writes the same rows again.
 */
export const pastActivities = proxyActivities<PastActivities>({
  cancellationType,
  heartbeatTimeout: '30s',
  startToCloseTimeout: '15 minutes',
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 10 },
});

type PastActivities = Pick<
  Activities,
  | 'describeApplication'
  | 'backfillDay'
  | 'scorePast'
  | 'proposeMove'
  | 'proposeReset'
  | 'recordMove'
  | 'pruneLedger'
>;

type UndoActivities = Pick<
  Activities,
  'drain' | 'detach' | 'removeGroup' | 'removeRaised' | 'releaseState' | 'scale'
>;
