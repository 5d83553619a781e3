import type { History } from '../models/forecaster.ts';
import type { QuantileForecast } from '../models/quantile-forecast.ts';
import { LEVELS } from '../models/quantile-forecast.ts';
import type { Trace } from './forecast-traces.ts';

const HOUR_MS = 3_600_000;

/** Header of the referee's files. */
export function headerOf(): string {
  return `series,origin,target,model,${LEVELS.map((level) => `q${level}`).join(',')}\n`;
}

/** Lines of one forecast: a day and both window maxima. */
export function rowsOf(trace: Trace, model: string, forecast: QuantileForecast): string {
  const { asOf, stepMs } = forecast;
  const row = rowWriter(trace, model, forecast);
  let rows = '';
  for (let step = 0; step < (24 * HOUR_MS) / stepMs; step++) {
    rows += row(iso(asOf + step * stepMs), forecast.at(step)!);
  }
  for (const hours of [1, 24]) {
    const quantiles = forecast.maximum(hours * HOUR_MS);
    if (quantiles) rows += row(`max:${hours}h`, quantiles);
  }
  return rows;
}

/** Lines of one forecast with numbered steps, as M4 has them. */
export function numberedRows(
  series: string,
  model: string,
  forecast: QuantileForecast,
  steps: number,
): string {
  const row = rowWriter({ name: series }, model, forecast);
  return Array.from({ length: steps }, (_, step) => row(String(step + 1), forecast.at(step)!)).join('');
}

/** The step an hour ahead, its tails calibrated; nothing where the series ends before it. */
export function hourAhead(
  trace: Trace,
  model: string,
  known: History,
  forecast: QuantileForecast,
  calibrate: (history: History, forecast: QuantileForecast) => number[],
): string {
  const { asOf, stepMs } = forecast;
  if (Math.round((asOf - trace.firstMs + HOUR_MS) / stepMs) > trace.history.values.length) return '';
  return rowWriter(trace, model, forecast)(iso(asOf + HOUR_MS - stepMs), calibrate(known, forecast));
}

function rowWriter(trace: Pick<Trace, 'name'>, model: string, { asOf }: QuantileForecast) {
  return (target: string, quantiles: readonly number[]) =>
    `${trace.name},${iso(asOf)},${target},${model},${quantiles.map((value) => value.toPrecision(9)).join(',')}\n`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
