import type { Client } from '@temporalio/client';
import { applicationWorkflowId } from '../../temporal/ids.ts';
import { historiesOf } from '../replay/chain.ts';
import type { History } from '../replay/history.ts';

/** How late the latest tick of an application was decided, application ms: its histories are asked of the server. */
export async function latestTickMs(client: Client, application: string, speed: number): Promise<number> {
  return latestTickOf(await historiesOf(client, applicationWorkflowId(application)), speed);
}

/**
 * The longest time from when a look was due, as the timer before it says, to its decision, in application ms; 0 where no
 * look ever waited for a timer. A look that was asked for early has no due time; one that ends without a decision (its
 * forecast failed) counts until the next wait begins.
 */
export function latestTickOf(histories: readonly History[], speed: number): number {
  return Math.max(0, ...histories.map(latestWallMs)) * speed;
}

function latestWallMs({ events }: History): number {
  const dueOf = new Map<string, number>();
  let due: number | undefined;
  let latest = 0;
  for (const event of events ?? []) {
    const at = wallMsOf(event.eventTime);
    const { timerStartedEventAttributes: started, timerFiredEventAttributes: fired } = event;
    if (due !== undefined && (started || event.markerRecordedEventAttributes)) {
      latest = Math.max(latest, at - due);
      due = undefined;
    }
    if (started) dueOf.set(String(event.eventId), at + wallMsOf(started.startToFireTimeout));
    if (fired) due = dueOf.get(String(fired.startedEventId));
  }
  return latest;
}

/** Of a protocol buffer's timestamp or duration, ms. */
function wallMsOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
