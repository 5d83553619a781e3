import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Expert } from '../models/combined/expert.ts';
import { seasonalNaiveExpert } from '../models/combined/naive-expert.ts';
import { neuralExpert } from '../models/combined/neural-expert.ts';
import { courseOf } from '../models/course.ts';
import { fanForecast } from '../models/fan-forecast.ts';
import type { History } from '../models/forecaster.ts';
import { endOf, until } from '../models/forecaster.ts';
import { mixture } from '../models/mixture.ts';
import { createNeuralForecaster } from '../models/neural.ts';
import { openOnnx } from '../models/neural/onnx.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import { createPremirror } from '../models/premirror.ts';
import { placesOf } from '../models/combined/places.ts';
import type { QuantileForecast } from '../models/quantile-forecast.ts';

/** Forecasts one series, walked forward; undefined where its history is too short. */
export type Forecast = (
  history: History,
  events: readonly AnnouncedEvent[],
) => Promise<QuantileForecast | undefined>;

export interface BenchModel {
  name: string;
  /** A series begins: nothing of another one is remembered. */
  start(): Forecast;
}

const NETS = ['lstm', 'transformer'];
const DAY_MS = 86_400_000;

/** `horizonMs`: how far the combination looks; an hour where no more is asked for. */
export async function loadModels(
  wanted: readonly string[],
  folder: string,
  horizonMs: number,
): Promise<BenchModel[]> {
  const nets = new Map(
    await Promise.all(
      NETS.map(async (name) => [name, await openOnnx(readFileSync(join(folder, `${name}.onnx`)))] as const),
    ),
  );
  const neural = (name: string, of: readonly string[]) =>
    neuralExpert(
      createNeuralForecaster(
        name,
        of.map((net) => nets.get(net)!),
      ),
    );
  const experts = [...NETS.map((name) => neural(name, [name])), mixture, seasonalNaiveExpert];
  const known: Record<string, () => Forecast> = {
    premirror: () => createPremirror(experts, { horizonMs }).forecast,
    neural: alone(neural('neural', NETS), horizonMs),
    lstm: alone(experts[0]!, horizonMs),
    transformer: alone(experts[1]!, horizonMs),
    mixture: alone(mixture, horizonMs),
    'seasonal-naive': alone(seasonalNaiveExpert, horizonMs),
  };
  return wanted.map((name) => {
    const start = known[name];
    if (!start) throw new Error(`--models ${name}: use some of ${Object.keys(known).join(', ')}`);
    return { name, start };
  });
}

/** An expert by itself, as it comes. */
function alone(expert: Expert, horizonMs: number): () => Forecast {
  return () => async (history, events) => {
    const course = courseOf(until(history, endOf(history), 22 * DAY_MS));
    const { windows } = placesOf(course.stepMs, horizonMs);
    const leads = Array.from({ length: horizonMs / course.stepMs }, (_, i) => i);
    const rows = await expert.sketch(
      course,
      leads,
      windows,
      events.filter(({ announced }) => announced <= course.endMs),
    );
    return rows && fanForecast(expert.name, history, course.stepMs, rows, leads.length, windows);
  };
}
