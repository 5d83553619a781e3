import type { Config } from '../config/config.ts';
import type { Settings } from '../domain/plan.ts';
import { clockTime } from '../domain/clock-time.ts';
import type { DayBalance, LeadScore, SettingsChange } from '../ports/history.ts';
import { columns } from './output.ts';
import { askWorker } from './worker-api.ts';

/** What feedback has learnt of one application; a day's row comes with the day's start, ms since the epoch. */
export interface Learnt {
  balances: (DayBalance & { day: number })[];
  scores: (LeadScore & { day: number })[];
  /** Newest first. */
  changes: SettingsChange[];
}

const SHOWN_DAYS = 3;
const SHOWN_CHANGES = 3;
const DAYS_OF_COVERAGE = 7;

/** Undefined where no worker answers: what is, Temporal tells without it. */
export function readLearnt(config: Config, application: string): Promise<Learnt | undefined> {
  const path = `/applications/${encodeURIComponent(application)}/learning`;
  return askWorker<Learnt>(config, path).catch(() => undefined);
}

/** The last days' balances, how far forecasts were to be trusted, and the last moves of the settings. */
export function learntRows({ balances, scores, changes }: Learnt): string[][] {
  const rows = columns(balances.slice(-SHOWN_DAYS).map(balanceCells));
  return [
    ...(rows ? rows.split('\n').map((row) => ['balance', row]) : []),
    ...coverageRows(scores),
    ...changes.slice(0, SHOWN_CHANGES).map((change) => ['settings', describeChange(change)]),
  ];
}

function balanceCells(balance: DayBalance & { day: number }): string[] {
  const { day, cost, optimalCost, unservedHours, missedSpikes, falseAlarms } = balance;
  const times = optimalCost > 0 ? ` (${(cost / optimalCost).toFixed(2)} ×)` : '';
  return [
    dayOf(day),
    `cost ${cost.toFixed(2)}, optimum ${optimalCost.toFixed(2)}`,
    `regret ${(cost - optimalCost).toFixed(2)}${times}`,
    `missed spikes ${missedSpikes}, false alarms ${falseAlarms}, unserved ${unservedHours.toFixed(1)} instance-hours`,
  ];
}

/** Share of the demand of the last scored days that the interval held, by lead, each point counting alike. */
function coverageRows(scores: Learnt['scores']): string[][] {
  const newest = Math.max(...scores.map(({ day }) => day));
  const late = scores.filter(({ day }) => day > newest - DAYS_OF_COVERAGE * 86_400_000);
  const leads = [...new Set(late.map(({ leadMs }) => leadMs))].toSorted((a, b) => a - b);
  const told = leads.flatMap((lead) => {
    const ofLead = late.filter(({ leadMs }) => leadMs === lead);
    const points = ofLead.reduce((sum, score) => sum + score.points, 0);
    const held = ofLead.reduce((sum, score) => sum + score.points * score.coverage, 0);
    return points > 0 ? [`${((100 * held) / points).toFixed(1)}% at ${lead / 60_000} min (${points})`] : [];
  });
  return told.length > 0
    ? [['coverage', `${told.join(', ')}; ${DAYS_OF_COVERAGE} days to ${dayOf(newest)}`]]
    : [];
}

/** Each setting that moved, and why. */
function describeChange({ at, before, after, why }: SettingsChange): string {
  const moved = (Object.keys(after) as (keyof Settings)[])
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} ${before[name]} -> ${after[name]}`);
  return `${dayOf(at)} ${clockTime(at)} ${moved.join(', ') || 'nothing moved'}: ${why}`;
}

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
