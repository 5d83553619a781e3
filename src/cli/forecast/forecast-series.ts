import type { History } from '../../../models/forecaster.ts';
import { endOf } from '../../../models/forecaster.ts';
import { LEVELS, MEDIAN } from '../../../models/quantile-forecast.ts';
import type { QuantileForecast } from '../../../models/quantile-forecast.ts';
import type { AnnouncedEvent } from '../../domain/event.ts';
import { UsageError } from '../errors.ts';
import type { Picture } from './picture.ts';

/** A forecast as the command prints it with --json. Times are ISO 8601; a step's is its END. */
export interface ForecastResult {
  model: string;
  asOf: string;
  stepMs: number;
  levels: readonly number[];
  steps: { at: string; quantiles: number[] }[];
  /** Quantiles of the highest demand from `asOf` to each time. */
  maxima: { until: string; quantiles: number[] }[];
}

const HOUR_MS = 3_600_000;
const WINDOWS_MS = [HOUR_MS / 4, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS];

/** The combination over a whole series, from its end on. The nets are loaded by this call. */
export async function forecastSeries(
  history: History,
  events: readonly AnnouncedEvent[],
  horizonMs: number,
): Promise<ForecastResult> {
  const { loadContenders } = await import('../../../models/line-up.ts');
  const steps = Math.round(horizonMs / history.stepMs);
  if (steps < 1) {
    throw new UsageError(
      `--horizon is shorter than the series' step of ${history.stepMs / 1000} s; ask for one step or more`,
    );
  }
  const [premirror] = await loadContenders(['premirror'], steps * history.stepMs);
  const forecast = (await premirror!.start()(history, events))!;
  return resultOf(forecast, steps, horizonMs);
}

function resultOf(forecast: QuantileForecast, steps: number, horizonMs: number): ForecastResult {
  const { asOf, stepMs, model, levels } = forecast;
  return {
    model,
    asOf: iso(asOf),
    stepMs,
    levels,
    steps: Array.from({ length: steps }, (_, step) => ({
      at: iso(asOf + (step + 1) * stepMs),
      quantiles: forecast.at(step)!,
    })),
    maxima: WINDOWS_MS.filter((window) => window <= horizonMs).flatMap((window) => {
      const quantiles = forecast.maximum(window);
      return quantiles ? [{ until: iso(asOf + window), quantiles }] : [];
    }),
  };
}

/** The forecast with the demand before it, a horizon long. */
export function pictureOf(title: string, history: History, { steps }: ForecastResult): Picture {
  const shown = history.values.subarray(-steps.length);
  const lastMs = endOf(history);
  const band = (low: number, high: number) => ({
    claim: Number((high - low).toFixed(3)),
    lower: steps.map(({ quantiles }) => quantiles[LEVELS.indexOf(low as (typeof LEVELS)[number])]!),
    upper: steps.map(({ quantiles }) => quantiles[LEVELS.indexOf(high as (typeof LEVELS)[number])]!),
  });
  return {
    title,
    past: Array.from(shown, (value, i) => ({
      at: lastMs - (shown.length - 1 - i) * history.stepMs,
      value,
    })),
    median: steps.map(({ at, quantiles }) => ({ at: Date.parse(at), value: quantiles[MEDIAN]! })),
    bands: [band(0.025, 0.975), band(0.2, 0.8)],
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
