import type { QuantileForecast } from '../models/quantile-forecast.ts';
import { LEVELS } from '../models/quantile-forecast.ts';
import type { Trace } from './forecast-traces.ts';

const HOUR_MS = 3_600_000;

/** Header of the referee's files. */
export function headerOf(): string {
  return `series,origin,target,model,${LEVELS.map((level) => `q${level}`).join(',')}\n`;
}

/** Lines of one forecast: a day and both window maxima, or with `online` the step an hour ahead alone. */
export function rowsOf(trace: Trace, model: string, forecast: QuantileForecast, online: boolean): string {
  const { asOf, stepMs } = forecast;
  const row = (target: string, quantiles: readonly number[]) =>
    `${trace.name},${iso(asOf)},${target},${model},${quantiles.map((value) => value.toPrecision(9)).join(',')}\n`;
  const hour = HOUR_MS / stepMs;
  if (online) {
    if (Math.round((asOf - trace.firstMs) / stepMs) + hour > trace.history.values.length) return '';
    return row(iso(asOf + HOUR_MS - stepMs), forecast.at(hour - 1)!);
  }
  let rows = '';
  for (let step = 0; step < 24 * hour; step++) rows += row(iso(asOf + step * stepMs), forecast.at(step)!);
  for (const hours of [1, 24]) {
    const quantiles = forecast.maximum(hours * HOUR_MS);
    if (quantiles) rows += row(`max:${hours}h`, quantiles);
  }
  return rows;
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
