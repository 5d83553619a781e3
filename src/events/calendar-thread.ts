import { parentPort, workerData } from 'node:worker_threads';
import type { CalendarAnswer, CalendarRequest } from './calendar-apart.ts';
import { readCalendar } from './calendar.ts';

/** Entry of the thread that reads one calendar. */
parentPort!.postMessage(answerTo(workerData as CalendarRequest));

function answerTo({ text, options, now }: CalendarRequest): CalendarAnswer {
  try {
    return { reading: readCalendar(text, options, now) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
