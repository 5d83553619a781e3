import type { History as Series } from '../../models/forecaster.ts';
import type { FanPoint, ForecastDigest } from '../../src/domain/forecast.ts';
import { driftInWords } from '../../src/domain/drift-in-words.ts';
import { driftsIn, type Drift, type Outcome } from '../../src/domain/drift.ts';
import type { Ledger } from '../../src/ports/ledger.ts';

/** Errors of this lead are watched: as long as forecasts are apart, so that outcomes do not overlap. */
const LEAD_MS = 15 * 60_000;
/** Width of a normal distribution's 95% interval in standard deviations. Another coverage is near enough for an alarm. */
const DEVIATIONS_WIDE = 2 * 1.96;

/** Drifts of one day, each told to people once: asked again, the same is told the same. */
export async function tellDrifts(
  ledger: Pick<Ledger, 'tell'>,
  application: string,
  issued: readonly { forecast: ForecastDigest; fan: readonly FanPoint[] }[],
  demand: Series,
): Promise<Drift[]> {
  const outcomes = issued.flatMap(({ forecast, fan }) => outcomeOf(forecast, fan, demand) ?? []);
  const drifts = driftsIn(outcomes, issued[0]?.forecast.nominalCoverage ?? 0.95);
  for (const drift of drifts)
    await ledger.tell({
      at: drift.at,
      application,
      kind: 'forecast',
      text: `drift: ${driftInWords(drift)}; intervals widen by themselves`,
    });
  return drifts;
}

/** Undefined where nothing was said or has come: a silent source is no drift. */
function outcomeOf(
  { asOf }: ForecastDigest,
  fan: readonly FanPoint[],
  { startAt, stepMs, values }: Series,
): Outcome | undefined {
  const point = fan.find(({ at }) => at === asOf + LEAD_MS);
  const actual = point && values[Math.round((point.at - startAt) / stepMs)];
  if (!point || actual === undefined || Number.isNaN(actual)) return undefined;
  const { lower, median, upper, at } = point;
  const deviation = (upper - lower) / DEVIATIONS_WIDE;
  // Before anything was learnt the interval has no width, and nothing can be said.
  if (!(deviation > 0)) return undefined;
  return { at, error: (actual - median) / deviation, missed: actual < lower || actual > upper };
}
