import type { ApplicationSpec } from '../domain/application.ts';
import type { Prices } from '../domain/cost.ts';
import { TICK_MS } from '../domain/cost-course.ts';
import type { Decision, Settings, ZonePlan } from '../domain/plan.ts';
import { asLearnt } from '../domain/learnt-spec.ts';
import { ReplayedPast } from '../domain/replay.ts';
import type { ReplayWorld } from '../domain/replay.ts';
import { sumOf, totalInstances } from '../domain/tier.ts';
import { DURATION_REMEDY, parseDurationMs } from '../spec/units.ts';
import { UsageError } from './errors.ts';
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

/** A look that planned more mirror instances than the one before it. */
export interface Raise {
  at: string;
  mirrors: ZonePlan[];
}

/** In the prices' currency, of the primary and mirrors together. */
export interface ReplayCost {
  instances: number;
  violations: number;
}

export interface ReplayResult {
  application: string;
  cost: { before: ReplayCost; after: ReplayCost; currency: string };
  /** As it was set, and as asked. */
  raises: { before: Raise[]; after: Raise[] };
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
  const asked = { ...spec, mirrors: { ...spec.mirrors, policy } };
  const other = { ...world, spec: asLearnt(asked, { ...looks.at(-1)!.settings, ...change.settings }) };
  const before = decideAgain(past, world, {});
  const after = decideAgain(past, other, change.settings);
  const replayed = looks.map(({ forecast, decision }, i) => ({
    at: new Date(forecast.issuedAt).toISOString(),
    ...(decision ? { recorded: decision.plan } : {}),
    before: before.decisions[i]!.plan,
    after: after.decisions[i]!.plan,
    headline: after.decisions[i]!.reasons.headline,
  }));
  return {
    application: spec.application,
    cost: { before: before.cost, after: after.cost, currency: prices.currency },
    raises: { before: raisesOf(replayed, 'before'), after: raisesOf(replayed, 'after') },
    looks: replayed,
  };
}

function decideAgain({ looks }: RecordedPast, world: ReplayWorld, change: Partial<Settings>) {
  const forecasts = looks.map(({ forecast }) => forecast);
  const past = new ReplayedPast(world, looks[0]!.settings, forecasts[0]!.observed);
  const decisions = looks.map(({ forecast, settings }, i) => {
    const decision = past.look(forecast, { ...settings, ...change });
    const untilMs = forecasts[i + 1]?.issuedAt ?? forecast.issuedAt;
    for (let at = forecast.issuedAt; at < untilMs; at += TICK_MS) {
      // What came in this tick is what a later look saw of it; at the end, the newest that any saw.
      const demand = (forecasts.find(({ asOf }) => asOf > at) ?? forecasts.at(-1)!).observed;
      past.pass(demand);
      past.autoscale(demand, at + TICK_MS);
    }
    return decision;
  });
  const all = past.hourly.reduce((sum, cost) => sum + cost, 0);
  return { decisions, cost: { instances: all - past.violations, violations: past.violations } };
}

function raisesOf(looks: readonly ReplayedLook[], run: 'before' | 'after'): Raise[] {
  const sizes = looks.map((look) => totalInstances(sumOf(look[run].mirrors)));
  return looks.flatMap((look, i) =>
    sizes[i]! > (sizes[i - 1] ?? 0) ? [{ at: look.at, mirrors: look[run].mirrors }] : [],
  );
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
