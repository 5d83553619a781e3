import { endOf } from '../../models/forecaster.ts';
import type { Config } from '../config/config.ts';
import { dateAndTime } from '../domain/clock-time.ts';
import { NOTHING_TAKEN, onSteps, type StepValue } from '../domain/imported-demand.ts';
import type { ForgetAnswer, ImportAnswer, ImportBody, ImportCounts, ImportedDay } from '../ports/demand.ts';
import { readSeriesFile, type SeriesColumns } from './forecast/series-file.ts';
import { askWorker, authorization } from './worker-api.ts';

/** `premirror import`: demand of the past, from a file into the ledger. */

export interface ImportOptions {
  file: string;
  time?: string;
  column?: string;
  replace: boolean;
}

export interface Imported extends ImportAnswer {
  /** Of the steps in the file, ms since the epoch. */
  from: number;
  to: number;
  stepMs: number;
  /** Values below 0: left out. */
  negative: number;
  /** What was put right in reading, in words. */
  notes: string[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A message stays below what the worker takes. */
const DAYS_PER_REQUEST = 30;
const ANSWER_WITHIN_MS = 60_000;

/** Sends the file's demand to the worker, some weeks at a time. Nothing is lost by doing it again. */
export async function importDemand(
  config: Config,
  application: string,
  { file, time, column, replace }: ImportOptions,
  note: (text: string) => void,
): Promise<Imported> {
  const columns: SeriesColumns = { time, value: column };
  const { history, notes } = readSeriesFile(file, columns);
  const { startAt, stepMs: fileStepMs } = history;
  // Decisions are made by the minute at the finest.
  const stepMs = Math.max(fileStepMs, MINUTE_MS);
  const found = [...history.values].map((value, i) => ({ at: startAt + i * fileStepMs, value }));
  const known = found.filter(({ value }) => value >= 0);
  const negative = found.filter(({ value }) => value < 0).length;
  const days = daysOf(onSteps(known, fileStepMs, stepMs), stepMs);
  const sum: Imported = {
    ...NOTHING_TAKEN,
    running: false,
    from: startAt - fileStepMs,
    to: endOf(history),
    stepMs,
    negative,
    notes: notes.filter((text) => !text.includes('negative')),
  };
  for (let i = 0; i < days.length; i += DAYS_PER_REQUEST) {
    const body: ImportBody = { stepMs, replace, days: days.slice(i, i + DAYS_PER_REQUEST) };
    const answer = await send(config, application, body);
    for (const key of Object.keys(NOTHING_TAKEN) as (keyof ImportCounts)[]) sum[key] += answer[key];
    sum.running = answer.running;
    if (days.length > DAYS_PER_REQUEST)
      note(`${Math.min(days.length, i + DAYS_PER_REQUEST)} of ${days.length} days`);
  }
  return sum;
}

function daysOf(samples: readonly StepValue[], stepMs: number): ImportedDay[] {
  const days = new Map<number, ImportedDay>();
  for (const { at, value } of samples) {
    const start = Math.floor((at - stepMs) / DAY_MS) * DAY_MS;
    const day = days.get(start) ?? { day: start, samples: [] };
    day.samples.push([Math.round((at - start) / stepMs), value]);
    days.set(start, day);
  }
  return [...days.values()];
}

function send(config: Config, application: string, body: ImportBody): Promise<ImportAnswer> {
  return askWorker<ImportAnswer>(config, pathOf(application), {
    method: 'POST',
    headers: { ...authorization(config), 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
}

/** Takes everything that was imported out again. */
export function forgetImports(config: Config, application: string): Promise<ForgetAnswer> {
  return askWorker<ForgetAnswer>(config, pathOf(application), {
    method: 'DELETE',
    headers: authorization(config),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
}

function pathOf(application: string): string {
  return `/applications/${encodeURIComponent(application)}/demand`;
}

/** For people: what was taken, what was there, what was left out and why, and when it counts. */
export function describeImport(application: string, imported: Imported): string {
  const { taken, changed, unchanged, running, from, to, stepMs, notes } = imported;
  const span = `${dateAndTime(from)} to ${dateAndTime(to)}, in steps of ${stepMs / MINUTE_MS} min`;
  const leftOut = [
    [imported.observed, 'were observed live (--replace puts the file in their place)'],
    [imported.tooOld, 'are older than the ledger keeps demand'],
    [imported.tooNew, 'are not over yet'],
    [imported.negative, 'are below 0, which no demand is'],
  ] as const;
  const lines = [
    `${application}: ${span}`,
    `${taken} steps taken, ${changed} changed, ${unchanged} imported before`,
    ...leftOut.filter(([steps]) => steps > 0).map(([steps, why]) => `left out: ${steps} that ${why}`),
    ...notes,
    ...(running ? [] : [`no application ${application} runs now: its first forecast will start from this`]),
    ...(running && taken + changed > 0 ? ['its forecasts take this up within a quarter of an hour'] : []),
  ];
  return lines.join('\n  ');
}
