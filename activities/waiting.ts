import { Context } from '@temporalio/activity';
import { wallMs } from '../src/temporal/wall-time.ts';

const HEARTBEAT_EVERY_WALL_MS = 1000;
const POLL_MS = 3000;
const POLL_FLOOR_WALL_MS = 200;

/**
 * Heartbeats beside the work, whatever a single call takes: a heartbeat says "this worker lives", a call that hangs is
 * for startToCloseTimeout to end. None is sent for what is quick.
 *
 * @param details what a retry must not forget
 */
export async function withHeartbeat<T>(work: () => Promise<T>, details?: unknown): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(details), HEARTBEAT_EVERY_WALL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Asks every 3 s of application time (at most five times a wall second) until the answer is defined. Cancellable. */
export async function until<T>(speed: number, ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await Context.current().sleep(wallMs(POLL_MS, speed, POLL_FLOOR_WALL_MS));
  }
}

/** What the last attempt of this activity left behind, if there was one. */
export function lastDetails<T>(): T | undefined {
  return Context.current().info.heartbeatDetails as T | undefined;
}
