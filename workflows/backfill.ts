import {
  ApplicationFailure,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfilledDay } from '../activities/backfill.ts';
import { APPLICATION_KEY, NOMINAL_TIME_KEY } from '../src/temporal/search-attributes.ts';
import { backfillProgressQuery } from './past-messages.ts';
import type { BackfillInput, BackfillProgress } from './past-messages.ts';
import { pastActivities } from './proxies.ts';
import { codeBlock, day, percent } from './words.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Forecasts and decides past days again, as of then, a day an activity. Changes nothing in the cloud; repeated, it writes the
 * same rows again. From a Schedule it covers the day of its nominal time, by hand the days from `from` to before `to`.
 */
export async function backfill(input: BackfillInput): Promise<string> {
  const state = input.state ?? begin(input);
  const last = state.next + (state.daysInAll - state.daysDone) * DAY_MS;
  setHandler(backfillProgressQuery, () => state, { description: 'days done, and what they showed' });
  upsertSearchAttributes([{ key: APPLICATION_KEY, value: input.application }]);
  show(input, state);
  const known = await pastActivities.describeApplication.executeWithOptions(
    { summary: 'its specification and settings; then day by day' },
    [input.application],
  );
  while (state.next < last) {
    const summary = `${day(state.next)}: forecast and decide as of then`;
    const done = await pastActivities.backfillDay.executeWithOptions({ summary }, [
      { known, day: state.next },
    ]);
    add(state, done);
    show(input, state);
    if (workflowInfo().continueAsNewSuggested && state.next < last)
      await continueAsNew<typeof backfill>({ ...input, state });
  }
  return inWords(state);
}

function begin({ application, from, to }: BackfillInput): BackfillProgress {
  if (typeof application !== 'string' || application === '')
    throw refused(`application is ${JSON.stringify(application)}: name one that premirror status lists`);
  const [first, end] = from === undefined ? nominalDay() : [dayOf('from', from), dayOf('to', to)];
  if (!(end > first))
    throw refused(`to is ${to}, from is ${from}: to is the day after the last one, so later than from`);
  const daysInAll = Math.ceil((end - first) / DAY_MS);
  return {
    v: 1,
    daysDone: 0,
    daysInAll,
    looks: 0,
    cost: 0,
    optimalCost: 0,
    points: 0,
    covered: 0,
    next: first,
  };
}

function nominalDay(): [number, number] {
  // Never the time at which it runs: a Schedule's backfill would work out today again and again.
  const nominal = workflowInfo().typedSearchAttributes.get(NOMINAL_TIME_KEY);
  if (!nominal)
    throw refused(
      'from is missing: give from and to as days such as "2026-11-01", or start it by a Schedule',
    );
  const first = Math.floor(nominal.getTime() / DAY_MS) * DAY_MS;
  return [first, first + DAY_MS];
}

function dayOf(field: string, text: unknown): number {
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw refused(`${field} is ${JSON.stringify(text)}: write a day such as "2026-11-01"`);
  return Math.floor(at / DAY_MS) * DAY_MS;
}

function refused(problem: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(problem, 'Refused');
}

function add(state: BackfillProgress, { looks, balance, scores }: BackfilledDay): void {
  const hourAhead = scores.find(({ leadMs }) => leadMs === HOUR_MS);
  state.daysDone += 1;
  state.next += DAY_MS;
  state.looks += looks;
  state.cost += balance?.cost ?? 0;
  state.optimalCost += balance?.optimalCost ?? 0;
  state.points += hourAhead?.points ?? 0;
  state.covered += hourAhead ? Math.round(hourAhead.points * hourAhead.coverage) : 0;
}

function show({ application }: BackfillInput, state: BackfillProgress): void {
  const { daysDone, daysInAll, next } = state;
  setCurrentDetails(
    codeBlock([
      ['works out', `the past of ${application}, as of then; changes nothing in the cloud`],
      ['progress', `${daysDone} of ${daysInAll} days`],
      ['so far', inWords(state)],
      ['next', daysDone < daysInAll ? day(next) : 'done'],
    ]),
  );
}

function inWords({ daysDone, looks, points, covered, cost, optimalCost }: BackfillProgress): string {
  const days = daysDone === 1 ? '1 day' : `${daysDone} days`;
  if (looks === 0) return `${days}, no demand in that time`;
  const coverage = points > 0 ? `; ${percent(covered / points)} within the interval an hour ahead` : '';
  const regret =
    optimalCost > 0 ? `; cost ${cost.toFixed(2)}, ${percent(cost / optimalCost - 1)} over hindsight` : '';
  return `${days}, ${looks} looks${coverage}${regret}`;
}
