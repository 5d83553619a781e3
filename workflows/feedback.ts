import {
  getExternalWorkflowHandle,
  patched,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { SignalDefinition } from '@temporalio/common';
import type { Move, MoveInput, ScoredDay } from '../activities/feedback.ts';
import type { KnownApplication } from '../activities/past/known-past.ts';
import type { CapacityEvidence } from '../src/domain/capacity-per-instance.ts';
import { driftInWords } from '../src/domain/drift-in-words.ts';
import { MOVABLE } from '../src/domain/settings.ts';
import { applicationWorkflowId } from '../src/temporal/ids.ts';
import { APPLICATION_KEY } from '../src/temporal/search-attributes.ts';
import { failureType, isGone } from './failures.ts';
import { driftedSignal, retuneSignal } from './messages.ts';
import type { FeedbackInput } from './past-messages.ts';
import { pastActivities } from './proxies.ts';
import { codeBlock, day, percent, timeOfDay } from './words.ts';

const HOUR_MS = 3_600_000;
/** Shown of a day, the newest: a drift that lasts is found again every hour. */
const MOST_DRIFTS = 3;

/**
 * One look back: how forecasts and decisions did, and one bounded step of the settings towards what would have cost least.
 * Each move is recorded with its evidence before the application is told of it.
 */
export async function feedback({ application, reset }: FeedbackInput): Promise<string> {
  upsertSearchAttributes([{ key: APPLICATION_KEY, value: application }]);
  const known = await describe(application);
  if (!known) return show(application, [['outcome', 'the application is gone: nothing to learn for']]);
  if (reset) {
    const { at, settings } = await pastActivities.proposeReset.executeWithOptions(
      { summary: 'the settings that all start with; then tell the application' },
      [known],
    );
    const outcome = await move(known, { at, after: settings, why: 'reset to the defaults', evidence: null });
    return show(application, [['outcome', outcome]]);
  }
  const days = await pastActivities.scorePast.executeWithOptions(
    { summary: 'forecasts and plans against what came; then look for better settings' },
    [known],
  );
  await tellDrift(application, days);
  const proposal = await pastActivities.proposeMove.executeWithOptions(
    { summary: 'the last two days decided again under neighbouring settings; what an instance carries' },
    [known],
  );
  const outcome = await follow(known, proposal);
  await pastActivities.pruneLedger.executeWithOptions(
    { summary: 'delete what is older than it is kept' },
    [],
  );
  const measured = proposal.capacity ? measuredRows(proposal.capacity.evidence) : [];
  return show(application, [...days.flatMap(rowsOf), ...measured, ['settings', outcome]]);
}

async function describe(application: string): Promise<KnownApplication | undefined> {
  try {
    return await pastActivities.describeApplication.executeWithOptions(
      { summary: 'its specification and settings; then look back' },
      [application],
    );
  } catch (error) {
    if (failureType(error) !== 'UnknownApplicationError') throw error;
    return undefined;
  }
}

/** Both proposals as one move: nothing of them where neither asks for one. Resolves to what came of it, in words. */
async function follow(
  known: KnownApplication,
  { at, settings, capacity, ...replayed }: Move,
): Promise<string> {
  const said = [{ moves: replayed.move !== undefined, why: replayed.why }, ...(capacity ? [capacity] : [])];
  const moving = said.filter(({ moves }) => moves);
  const inWords = (parts: typeof said) => parts.map(({ why }) => why).join('; ');
  if (moving.length === 0) return inWords(said);
  const { capacityFactor } = capacity ?? settings;
  const evidence = capacity ? { replay: replayed.evidence, capacity: capacity.evidence } : replayed.evidence;
  return move(known, { at, after: { ...settings, capacityFactor }, why: inWords(moving), evidence });
}

/** Records the move, then tells the application. Resolves to what came of it, in words. */
async function move(known: KnownApplication, to: Omit<MoveInput, 'application' | 'before'>): Promise<string> {
  const { application } = known.world.spec;
  const { settings: before } = known;
  const { after, why } = to;
  const changed = MOVABLE.filter((name) => before[name] !== after[name]);
  if (changed.length === 0) return 'the settings are so already';
  await pastActivities.recordMove.executeWithOptions({ summary: `${why}; then tell the application` }, [
    { application, before, ...to },
  ]);
  const settings = Object.fromEntries(changed.map((name) => [name, after[name]]));
  const told = await tell(application, retuneSignal, { settings, why });
  return told ? why : 'the application is gone: nothing to move';
}

/** The newest drift, for the application's own page. Each look back tells it again: the application knows it by its time. */
async function tellDrift(application: string, days: readonly ScoredDay[]): Promise<void> {
  const newest = days.flatMap(({ drifts = [] }) => drifts).at(-1);
  // Runs from before there was this message must replay as they went.
  if (!newest || !patched('tell-drift')) return;
  await tell(application, driftedSignal, { at: newest.at, text: driftInWords(newest) });
}

/** Whether the application was there to hear it. */
async function tell<Argument>(
  application: string,
  signal: SignalDefinition<[Argument]>,
  argument: Argument,
): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(applicationWorkflowId(application)).signal(signal, argument);
    return true;
  } catch (error) {
    if (!isGone(error)) throw error;
    return false;
  }
}

function rowsOf({ day: at, scores, balance, drifts = [] }: ScoredDay): [string, string][] {
  const rows: [string, string][] = [];
  const hourAhead = scores.find(({ leadMs }) => leadMs === HOUR_MS);
  if (hourAhead) {
    const { coverage, points, bias } = hourAhead;
    rows.push([
      day(at),
      `${percent(coverage)} of ${points} within the interval an hour ahead, bias ${bias.toFixed(1)}`,
    ]);
  }
  for (const drift of drifts.slice(-MOST_DRIFTS))
    rows.push(['drift', `${timeOfDay(drift.at)}: ${driftInWords(drift)}`]);
  if (balance) {
    const { cost, optimalCost, missedSpikes, falseAlarms } = balance;
    const regret = optimalCost > 0 ? `${percent(cost / optimalCost - 1)} over hindsight; ` : '';
    rows.push([
      day(at),
      `cost ${cost.toFixed(2)}, ${regret}${missedSpikes} stretches short, ${falseAlarms} mirrors for nothing`,
    ]);
  }
  return rows;
}

function measuredRows({ byCpu, byLatency, hours, saturated }: CapacityEvidence): [string, string][] {
  const said = [
    ...(byCpu ? [`${byCpu.carried} (${byCpu.lower} to ${byCpu.upper}) by CPU`] : []),
    ...(byLatency === undefined ? [] : [`${byLatency} by latency`]),
    `${hours.toFixed(1)} telling hours`,
  ];
  const rows: [string, string][] = [['an instance', said.join(', ')]];
  if (saturated > 0)
    rows.push(['saturated', `${saturated} spans: their demand may have been more than seen`]);
  return rows;
}

/** Puts the outcome before the eyes of whoever opens the run, and resolves to its last line. */
function show(application: string, rows: [string, string][]): string {
  setCurrentDetails(codeBlock([['looks back on', application], ...rows]));
  return rows.at(-1)![1];
}
