import type { History } from '../models/forecaster.ts';
import { endOf } from '../models/forecaster.ts';
import { correctionFor, readingsOf } from '../models/corrections.ts';
import { issue, mature, newProbe } from '../models/probes.ts';
import type { QuantileForecast } from '../models/quantile-forecast.ts';
import { HIGH, LOW, MEDIAN } from '../models/quantile-forecast.ts';

const COVERAGE = 0.95;

/**
 * The row `steps` ahead, its tails moved by the pipeline's own probe. To be called once per origin, in order: outcomes are taken
 * from the history as they come in.
 */
export function calibratedAhead(steps: number) {
  const probe = newProbe('point', steps, COVERAGE);
  let settledTo: number | undefined;

  function settle(history: History): void {
    const { stepMs, startAt, values } = history;
    const end = endOf(history);
    for (let at = (settledTo ?? end - stepMs) + stepMs; at <= end; at += stepMs) {
      const value = values[Math.round((at - startAt) / stepMs)]!;
      mature(probe, at, stepMs, COVERAGE, Number.isNaN(value) ? undefined : value);
    }
    settledTo = end;
  }

  return (history: History, forecast: QuantileForecast): number[] => {
    settle(history);
    const { asOf, stepMs } = forecast;
    const row = forecast.at(steps - 1)!;
    const median = row[MEDIAN]!;
    const own = { down: median - row[LOW]!, up: row[HIGH]! - median };
    const by = correctionFor(readingsOf([probe], 'point'), steps, asOf, stepMs, own);
    issue(probe, asOf, median, stepMs, own);
    const narrowest = 1e-6 * (1e-6 + Math.abs(median));
    const below = (-by.lower * by.down) / Math.max(own.down, narrowest);
    const above = (by.upper * by.up) / Math.max(own.up, narrowest);
    const floor = row[0]! >= 0 ? Math.min(0, median) : -Infinity;
    return row.map((value, i) => Math.max(floor, median + (i < MEDIAN ? below : above) * (value - median)));
  };
}
