/** Workflow ids, types and task queues. The Temporal UI's list shows ids and status only, so ids speak. Pure. */

export const DEFAULT_TASK_QUEUE = 'premirror';

/** Workflow types: the names of the functions that workflows/index.ts exports. */
export const WORKFLOW_TYPES = {
  application: 'application',
  mirrorRun: 'mirrorRun',
  sweep: 'sweep',
  backfill: 'backfill',
  feedback: 'feedback',
  events: 'events',
} as const;

export const SWEEP_SCHEDULE_ID = 'sweep';

export function applicationWorkflowId(application: string): string {
  return `application/${application}`;
}

/** Id of the Schedule that looks at an application's sources of events, and prefix of its runs' ids. */
export function eventsId(application: string): string {
  return `events/${application}`;
}

/** Id of the n-th mirror run of an application, counted over all its zones. */
export function mirrorWorkflowId(application: string, zone: string, n: number): string {
  return `mirror/${application}/${zone}/${n}`;
}

/** Id of the paused Schedule over an application's past, and prefix of its backfills' ids. */
export function backfillId(application: string): string {
  return `backfill/${application}`;
}

/** Id of the Schedule by which an application's settings learn, and prefix of its runs' ids. */
export function feedbackId(application: string): string {
  return `feedback/${application}`;
}
