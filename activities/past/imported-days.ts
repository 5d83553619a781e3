import { createHash } from 'node:crypto';
import { IMPORTED, joined, onSteps } from '../../src/domain/imported-demand.ts';
import type { Sample } from '../../src/ports/demand.ts';
import type { DemandDay, History } from '../../src/ports/history.ts';

const DAY_MS = 86_400_000;

/** What was imported of an application's demand. */
export interface ImportedDays {
  fills: DemandDay[];
  replaces: DemandDay[];
}

/** The days that hold steps with from < end <= to. */
export async function importedDays(
  history: Pick<History, 'demandDays'> | undefined,
  application: string,
  from: number,
  to: number,
): Promise<ImportedDays> {
  const first = Math.floor(from / DAY_MS) * DAY_MS;
  const days = (series: string) => history?.demandDays(application, series, first, to) ?? [];
  const [fills, replaces] = await Promise.all([days(IMPORTED.fills), days(IMPORTED.replaces)]);
  return { fills, replaces };
}

/** What was observed, with what was imported for steps with from < end <= to, ascending. */
export function withImported(
  observed: readonly Sample[],
  { fills, replaces }: ImportedDays,
  stepMs: number,
  from: number,
  to: number,
): Sample[] {
  if (fills.length === 0 && replaces.length === 0) return [...observed];
  return joined(stepsOfDays(fills, stepMs, from, to), observed, stepsOfDays(replaces, stepMs, from, to));
}

/** The steps of days with from < end <= to, at another step where they are so. */
export function stepsOfDays(days: readonly DemandDay[], stepMs: number, from: number, to: number): Sample[] {
  return days
    .flatMap((day) => onSteps(day.samples, day.stepMs, stepMs))
    .filter(({ at }) => at > from && at <= to);
}

/** Tells the contents of days apart without keeping them. */
export function fingerprints({ fills, replaces }: ImportedDays): Map<string, string> {
  const entries = Object.entries({ fills, replaces }).flatMap(([kind, days]) =>
    days.map((day): [string, string] => [
      `${kind} ${day.day}`,
      createHash('sha1').update(JSON.stringify(day)).digest('hex'),
    ]),
  );
  return new Map(entries);
}

/** Whether there is a day now that was not there before, or was another. Days that are no longer asked for don't count. */
export function hasChanged(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return [...now].some(([day, print]) => before.get(day) !== print);
}
