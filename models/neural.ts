import type { Fitted, History } from './forecaster.ts';
import { endOf } from './forecaster.ts';
import type { Batcher, Net } from './neural/batcher.ts';
import { createBatcher } from './neural/batcher.ts';
import type { Fan } from './neural/fan.ts';
import { averageOf, fanOf, maximumQuantiles, stepQuantiles } from './neural/fan.ts';
import { featuresOf } from './neural/features.ts';
import type { AnnouncedEvent } from './neural/windows.ts';
import { windowOf } from './neural/windows.ts';
import { LEVELS, MEDIAN } from './quantile-forecast.ts';
import type { QuantileForecast } from './quantile-forecast.ts';

/**
 * A neural forecaster. Beside `Forecaster` it answers later (inference is asynchronous), knows events, and brings
 * quantiles of its own.
 */
export interface NeuralForecaster {
  readonly name: string;
  forecast(history: History, events?: readonly AnnouncedEvent[]): Promise<QuantileForecast>;
  /** The median path alone, as `Forecaster` gives it; what lies beyond a day repeats the day before. */
  fit(history: History, steps: number, events?: readonly AnnouncedEvent[]): Promise<Fitted>;
}

const DAY_MS = 86_400_000;

/** A forecaster over one net, or over several whose quantiles are averaged. The nets are loaded by the caller. */
export function createNeuralForecaster(name: string, nets: readonly Net[]): NeuralForecaster {
  const batchers = nets.map((net) => createBatcher(net));
  const forecast = async (history: History, events: readonly AnnouncedEvent[] = []) =>
    described(name, history, await ask(batchers, history, events));
  return {
    name,
    forecast,
    async fit(history, steps, events) {
      const given = await forecast(history, events);
      const perDay = DAY_MS / history.stepMs;
      const path: number[] = [];
      for (let step = 0; step < steps; step++) {
        path.push(given.at(step)?.[MEDIAN] ?? path[Math.ceil(step - perDay)]!);
      }
      return { model: name, asOf: given.asOf, stepMs: given.stepMs, path };
    },
  };
}

async function ask(
  batchers: readonly Batcher[],
  history: History,
  events: readonly AnnouncedEvent[],
): Promise<Fan> {
  const window = windowOf(history, events);
  const features = featuresOf(window);
  const answers = await Promise.all(batchers.map((batcher) => batcher.answer(features)));
  return averageOf(answers.map((answer) => fanOf(window, features, answer)));
}

function described(model: string, history: History, fan: Fan): QuantileForecast {
  return {
    model,
    asOf: endOf(history),
    stepMs: history.stepMs,
    levels: LEVELS,
    at: (step) => stepQuantiles(fan, step, history.stepMs),
    maximum: (windowMs) => maximumQuantiles(fan, windowMs),
  };
}
