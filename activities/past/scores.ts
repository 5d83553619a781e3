import type { History as Series } from '../../models/forecaster.ts';
import type { FanPoint, ForecastDigest } from '../../src/domain/forecast.ts';
import type { LeadScore } from '../../src/ports/history.ts';

const MINUTE_MS = 60_000;
/** Leads that are scored: what mirrors are raised by, what the primary follows, the same evening, tomorrow. */
export const LEADS_MS = [15, 60, 360, 1_440].map((minutes) => minutes * MINUTE_MS);

/** How forecasts did, by lead, against the demand that is known by now. What has not come yet counts nowhere. */
export function scoresByLead(
  issued: readonly { forecast: ForecastDigest; fan: readonly FanPoint[] }[],
  demand: Series,
): LeadScore[] {
  return LEADS_MS.flatMap((leadMs) => {
    const outcomes = issued.flatMap(({ forecast, fan }) => {
      const point = fan.find(({ at }) => at === forecast.asOf + leadMs);
      const actual = point && valueAt(demand, point.at);
      return point && actual !== undefined ? [{ point, actual, coverage: forecast.nominalCoverage }] : [];
    });
    return outcomes.length > 0 ? [scoreOf(leadMs, outcomes)] : [];
  });
}

interface Outcome {
  point: FanPoint;
  actual: number;
  /** Nominal, 0..1. */
  coverage: number;
}

function scoreOf(leadMs: number, outcomes: readonly Outcome[]): LeadScore {
  const mean = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length;
  return {
    leadMs,
    points: outcomes.length,
    coverage: mean(({ point, actual }) => (actual >= point.lower && actual <= point.upper ? 1 : 0)),
    intervalScore: mean(intervalScore),
    crps: mean(crps),
    bias: mean(({ point, actual }) => actual - point.median),
  };
}

function intervalScore({ point: { lower, upper }, actual, coverage }: Outcome): number {
  const missed = Math.max(0, lower - actual) + Math.max(0, actual - upper);
  return upper - lower + (2 / (1 - coverage)) * missed;
}

function crps({ point: { lower, median, upper }, actual, coverage }: Outcome): number {
  const tail = (1 - coverage) / 2;
  const loss = (level: number, quantile: number) =>
    Math.max(level * (actual - quantile), (level - 1) * (actual - quantile));
  return (2 * (loss(tail, lower) + loss(0.5, median) + loss(1 - tail, upper))) / 3;
}

function valueAt({ startAt, stepMs, values }: Series, at: number): number | undefined {
  const value = values[Math.round((at - startAt) / stepMs)];
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
