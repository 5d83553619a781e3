import { Worker } from 'node:worker_threads';
import type { CalendarOptions, CalendarReading } from './calendar.ts';
import { readCalendar } from './calendar.ts';

/** A calendar takes some seconds at worst; what takes longer than this never comes to an end. */
const ENDS_WITHIN_MS = 15_000;

export interface CalendarRequest {
  text: string;
  options: CalendarOptions;
  now: number;
}
export type CalendarAnswer = { reading: CalendarReading } | { error: string };

/**
 * `readCalendar` in a thread that lives as long as that takes: the worker has other things to answer meanwhile. Node 20 starts
 * threads from JavaScript only: run from sources (tests), it is read on the caller's thread.
 */
export async function readCalendarApart(
  text: string,
  options: CalendarOptions,
  now: number,
): Promise<CalendarReading> {
  if (!import.meta.url.endsWith('.js')) return readCalendar(text, options, now);
  const entry = new URL('./calendar-thread.js', import.meta.url);
  const thread = new Worker(entry, { workerData: { text, options, now } satisfies CalendarRequest });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<CalendarAnswer>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('it takes too long to read')), ENDS_WITHIN_MS);
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the thread that read it ended with code ${code}`)));
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.reading;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
