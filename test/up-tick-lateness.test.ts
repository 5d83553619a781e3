import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, it } from 'vitest';
import { latestTickOf } from '../src/cli/up/tick-lateness.ts';

/** A tick is late by the time from the end of the wait before it to its decision. */

const at = (seconds: number) => `2026-03-02T12:00:${String(seconds).padStart(2, '0')}Z`;
const started = (eventId: number, seconds: number, wait: string) => ({
  eventId: String(eventId),
  eventTime: at(seconds),
  eventType: 'EVENT_TYPE_TIMER_STARTED',
  timerStartedEventAttributes: { timerId: String(eventId), startToFireTimeout: wait },
});
const ended = (eventId: number, seconds: number, timer: number, how: 'Fired' | 'Canceled') => ({
  eventId: String(eventId),
  eventTime: at(seconds),
  eventType: `EVENT_TYPE_TIMER_${how.toUpperCase()}`,
  [`timer${how}EventAttributes`]: { timerId: String(timer), startedEventId: String(timer) },
});
const decided = (eventId: number, seconds: number) => ({
  eventId: String(eventId),
  eventTime: at(seconds),
  eventType: 'EVENT_TYPE_MARKER_RECORDED',
  markerRecordedEventAttributes: { markerName: 'core_local_activity' },
});
const history = (...events: object[]) => historyFromJSON({ events });

it('counts from when the look was due, not from when its timer fired', () => {
  const one = history(decided(1, 1), started(2, 2, '3s'), ended(3, 7, 2, 'Fired'), decided(4, 9));
  expect(latestTickOf([one], 20)).toBe(4 * 20_000);
});

it('takes the latest of all runs, and none for a look that was asked for early', () => {
  const early = history(
    started(1, 2, '50s'),
    ended(2, 4, 1, 'Canceled'),
    decided(3, 30),
    started(4, 30, '1s'),
  );
  const late = history(started(1, 2, '1s'), ended(2, 3, 1, 'Fired'), decided(3, 4));
  expect(latestTickOf([early], 1)).toBe(0);
  expect(latestTickOf([early, late], 1)).toBe(1000);
});

it('counts a look whose forecast failed until the next wait begins', () => {
  const failed = history(started(1, 0, '1s'), ended(2, 1, 1, 'Fired'), started(3, 9, '1s'));
  expect(latestTickOf([failed], 1)).toBe(8000);
});
