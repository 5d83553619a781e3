import type { AnnouncedEvent } from '../../src/domain/event.ts';

/** What is known of events at a time, seen from a moment at which they were or were not announced. */
export interface EventTiming {
  /** Events that are on. */
  on: number;
  /** Largest announced factor of those that are on; 1 where none is announced. */
  size: number;
  /** Minutes since the start of the one that began last and is on; NaN without one. */
  sinceStart: number;
  /** Minutes to the end of the one that lasts longest; NaN without one. */
  toEnd: number;
  /** Minutes to the next start; NaN without one. */
  toStart: number;
  /** Minutes since the newest end; NaN without one. */
  sinceEnd: number;
}

const MINUTE_MS = 60_000;

/** Events at `atMs`, of those announced by `knownMs`; `start` belongs to an event, `end` does not. */
export function timingOf(events: readonly AnnouncedEvent[], atMs: number, knownMs: number): EventTiming {
  const known = events.filter(({ announced }) => announced <= knownMs);
  const on = known.filter(({ start, end }) => start <= atMs && end > atMs);
  const most = (values: number[]) => (values.length > 0 ? Math.max(...values) : Number.NaN);
  const least = (values: number[]) => (values.length > 0 ? Math.min(...values) : Number.NaN);
  return {
    on: on.length,
    size: Math.max(...on.map(({ expectedUplift }) => expectedUplift ?? 1), on.length > 0 ? -Infinity : 1),
    sinceStart: least(on.map(({ start }) => (atMs - start) / MINUTE_MS)),
    toEnd: most(on.map(({ end }) => (end - atMs) / MINUTE_MS)),
    toStart: least(known.filter(({ start }) => start > atMs).map(({ start }) => (start - atMs) / MINUTE_MS)),
    sinceEnd: least(known.filter(({ end }) => end <= atMs).map(({ end }) => (atMs - end) / MINUTE_MS)),
  };
}
