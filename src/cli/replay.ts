import type { ApplicationSpec } from '../domain/application.ts';
import type { Prices } from '../domain/cost.ts';
import { TICK_MS } from '../domain/cost-course.ts';
import type { Decision, Settings } from '../domain/plan.ts';
import { ReplayedPast } from '../domain/replay.ts';
import type { ReplayWorld } from '../domain/replay.ts';
import { DURATION_REMEDY, parseDurationMs } from '../spec/units.ts';
import { UsageError } from './errors.ts';
import { brief, mirrorsInWords } from './explain.ts';
import { columns } from './output.ts';
import type { RecordedPast } from './replay/history.ts';

/** One look decided again. */
export interface ReplayedLook {
  at: string;
  /** Plan of then, if the history has it, under the settings of then, and under those asked for. */
  recorded?: Decision['plan'];
  before: Decision['plan'];
  after: Decision['plan'];
  headline: string;
}

export interface ReplayResult {
  application: string;
  /** In the prices' currency, violations included, of the primary and mirrors together. */
  cost: { before: number; after: number; currency: string };
  looks: ReplayedLook[];
}

/** Measured times are not in a history: what a first start, a start and a resume take until they are measured. */
const TIMES_TO_SERVE = { coldMs: 150_000, shadowMs: 90_000, warmMs: 40_000 };
const UTILIZATION_TARGET = 0.6;

/**
 * Decides every look of a history again, twice: under the policy and settings of then, and under others, each in a world that
 * goes on from its own plans. Demand is what the looks saw; the primary is autoscaled at 60%.
 */
export function replayPast(
  past: RecordedPast,
  prices: Prices,
  change: { policy?: ApplicationSpec['mirrors']['policy'] | undefined; settings: Partial<Settings> },
): ReplayResult {
  const { spec, looks } = past;
  if (looks.length < 2) throw new UsageError(`the history has ${looks.length} looks: two or more are needed`);
  const minima = looks.flatMap(({ decision }) => (decision ? [decision.plan.primaryMinimum] : []));
  const primary = {
    minimum: minima.length > 0 ? Math.max(1, Math.min(...minima)) : 1,
    maximum: spec.mirrors.limits.instances + 1000,
    utilizationTarget: UTILIZATION_TARGET,
  };
  const world: ReplayWorld = { spec, prices, timesToServe: TIMES_TO_SERVE, primary };
  const policy = change.policy ?? spec.mirrors.policy;
  const other: ReplayWorld = { ...world, spec: { ...spec, mirrors: { ...spec.mirrors, policy } } };
  const before = decideAgain(past, world, past.settings);
  const after = decideAgain(past, other, { ...past.settings, ...change.settings });
  return {
    application: spec.application,
    cost: { before: before.cost, after: after.cost, currency: prices.currency },
    looks: looks.map(({ forecast, decision }, i) => ({
      at: new Date(forecast.issuedAt).toISOString(),
      ...(decision ? { recorded: decision.plan } : {}),
      before: before.decisions[i]!.plan,
      after: after.decisions[i]!.plan,
      headline: after.decisions[i]!.reasons.headline,
    })),
  };
}

function decideAgain({ looks }: RecordedPast, world: ReplayWorld, settings: Settings) {
  const forecasts = looks.map(({ forecast }) => forecast);
  const past = new ReplayedPast(world, settings, forecasts[0]!.observed);
  const decisions = forecasts.map((forecast, i) => {
    const decision = past.look(forecast);
    const untilMs = forecasts[i + 1]?.issuedAt ?? forecast.issuedAt;
    for (let at = forecast.issuedAt; at < untilMs; at += TICK_MS) {
      // What came in this tick is what a later look saw of it; at the end, the newest that any saw.
      const demand = (forecasts.find(({ asOf }) => asOf > at) ?? forecasts.at(-1)!).observed;
      past.pass(demand);
      past.autoscale(demand, at + TICK_MS);
    }
    return decision;
  });
  return { decisions, cost: past.hourly.reduce((sum, cost) => sum + cost, 0) };
}

/** `thresholdFactor=1` and `parkingMs=30m` as settings. Throws naming what is wrong. */
export function parseSettings(written: readonly string[], known: Settings): Partial<Settings> {
  return Object.fromEntries(
    written.map((text) => {
      const [key = '', value = ''] = text.split('=');
      if (!(key in known))
        throw new UsageError(
          `--set ${text}: ${key || 'nothing'} is no setting; there are ${Object.keys(known).join(', ')}`,
        );
      const number = key.endsWith('Ms')
        ? (parseDurationMs(value) ?? Number.NaN)
        : Number(value || Number.NaN);
      const remedy = key.endsWith('Ms') ? DURATION_REMEDY : 'write a number above 0';
      if (!(number > 0)) throw new UsageError(`--set ${text}: '${value}' is not usable; ${remedy}`);
      return [key, number];
    }),
  );
}

/** Looks at which the plans differ, and what both would have cost. */
export function describeReplay({ application, cost, looks }: ReplayResult): string {
  const differing = looks.filter(({ before, after }) => inWords(before) !== inWords(after));
  const saved = cost.before > 0 ? (100 * (cost.before - cost.after)) / cost.before : 0;
  const change = saved >= 0 ? `${brief(saved)}% less` : `${brief(-saved)}% more`;
  return [
    `${application}: ${looks.length} looks from ${looks[0]!.at} to ${looks.at(-1)!.at} decided again`,
    `cost ${brief(cost.before)} as it was set, ${brief(cost.after)} ${cost.currency} as asked: ${change}`,
    differing.length === 0
      ? 'every plan would have been the same'
      : `${differing.length} plans would have been others:\n${columns([
          ['at', 'as it was set', 'as asked'],
          ...differing.map(({ at, before, after }) => [at, inWords(before), inWords(after)]),
        ])}`,
  ].join('\n');
}

function inWords({ mirrors, primaryMinimum }: Decision['plan']): string {
  return `${mirrorsInWords(mirrors)}; primary ${primaryMinimum} at least`;
}
