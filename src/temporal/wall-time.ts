/**
 * The only place where the clock's speed meets Temporal: every duration given to it passes through here. Pure, so
 * that workflows may import it.
 */

/** Work that happens in wall time whatever the clock's speed (an HTTP call, a retry of one) gets at least this, ms. */
export const HTTP_FLOOR_MS = 30_000;

/**
 * Wall duration of an application duration, in whole ms.
 *
 * @param applicationMs ms of application time
 * @param speed application seconds per wall second
 * @param floorMs least wall duration; give one for a timeout that waits on wall-time work
 */
export function wallMs(applicationMs: number, speed: number, floorMs = 1): number {
  return Math.max(floorMs, Math.round(applicationMs / speed));
}
