import type { FutureReservation } from './shapes.ts';

const HOUR_MS = 3_600_000;
/** Google reviews requests by people and publishes no times; these three are assumptions. */
const REVIEW_MS = HOUR_MS;
/** So long before its start a request is locked: it cannot be cancelled any more. */
const LOCK_MS = 24 * HOUR_MS;
const PROVISIONING_MS = HOUR_MS / 6;

export type ProcurementStatus =
  | 'DRAFTING'
  | 'PENDING_APPROVAL'
  | 'DECLINED'
  | 'APPROVED'
  | 'PROCURING'
  | 'PROVISIONING'
  | 'FULFILLED'
  | 'FAILED'
  | 'CANCELLED';

/** Start and end of what is reserved, ms since the epoch. */
export function windowOf({ timeWindow }: FutureReservation): { startMs: number; endMs: number } {
  const { startTime, endTime, duration } = timeWindow;
  const startMs = Date.parse(startTime);
  const endMs = endTime === undefined ? startMs + 1000 * Number(duration!.seconds) : Date.parse(endTime);
  return { startMs, endMs };
}

/** When the request is locked: a day before its start, at its approval where that is later. */
export function lockedAt(reservation: FutureReservation): number {
  const submittedAt = reservation.progress?.submittedAt ?? Infinity;
  return Math.max(windowOf(reservation).startMs - LOCK_MS, submittedAt + REVIEW_MS);
}

/** How far the request is at `now`: by its times alone, until it has come to its end. */
export function statusAt(reservation: FutureReservation, now: number): ProcurementStatus {
  const { submittedAt, outcome } = reservation.progress ?? {};
  if (outcome) return outcome;
  if (submittedAt === undefined) return 'DRAFTING';
  const { startMs } = windowOf(reservation);
  if (now < submittedAt + REVIEW_MS) return 'PENDING_APPROVAL';
  // Approved too late to be had in time.
  if (submittedAt + REVIEW_MS >= startMs) return 'DECLINED';
  if (now < lockedAt(reservation)) return 'APPROVED';
  return now < startMs - PROVISIONING_MS ? 'PROCURING' : 'PROVISIONING';
}

/** States in which a request may be cancelled, and those in which it may be deleted. */
export const CANCELLABLE: readonly ProcurementStatus[] = ['DRAFTING', 'PENDING_APPROVAL', 'APPROVED'];
export const DELETABLE: readonly ProcurementStatus[] = [
  'DRAFTING',
  'DECLINED',
  'FULFILLED',
  'FAILED',
  'CANCELLED',
];
/** States in which what is asked for may still be changed. */
export const CHANGEABLE: readonly ProcurementStatus[] = ['DRAFTING', 'PENDING_APPROVAL'];
