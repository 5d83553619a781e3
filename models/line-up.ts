import { eased } from './combined/eased.ts';
import type { Expert } from './combined/expert.ts';
import { seasonalNaiveExpert } from './combined/naive-expert.ts';
import { neuralExpert } from './combined/neural-expert.ts';
import { placesOf } from './combined/places.ts';
import { courseOf } from './course.ts';
import { fanForecast } from './fan-forecast.ts';
import type { History } from './forecaster.ts';
import { endOf, until } from './forecaster.ts';
import { expertsOver, loadNets } from './installed.ts';
import { loadMstlExpert } from './mstl-expert.ts';
import { createNeuralForecaster } from './neural.ts';
import { createPremirror } from './premirror.ts';
import { loadProphetExpert } from './prophet-expert.ts';
import type { QuantileForecast } from './quantile-forecast.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';

/** Forecasts one series, walked forward; undefined where its history is too short. */
export type Forecast = (
  history: History,
  events: readonly AnnouncedEvent[],
) => Promise<QuantileForecast | undefined>;

/** A forecaster that is compared with others. */
export interface Contender {
  name: string;
  /** A series begins: nothing of another one is remembered. */
  start(): Forecast;
}

export const CONTENDERS = [
  'premirror',
  'neural',
  'lstm',
  'transformer',
  'mixture',
  'mstl-ets',
  'prophet',
  'seasonal-naive',
] as const;

const DAY_MS = 86_400_000;
const CONTEXT_MS = 22 * DAY_MS;
/** Beyond a day outcomes take longer to come in: asked more rarely, from further back. */
const FAR = { beatMs: DAY_MS / 4, replayMs: 15 * DAY_MS };

/**
 * The forecasters of those names, looking `horizonMs` ahead. `netsFolder`: nets other than the installed ones. Throws on a
 * name that is none of CONTENDERS.
 */
export async function loadContenders(
  names: readonly string[],
  horizonMs: number,
  netsFolder?: string,
): Promise<Contender[]> {
  const unknown = names.find((name) => !(CONTENDERS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`model ${unknown}: use some of ${CONTENDERS.join(', ')}`);
  const nets = await loadNets(netsFolder);
  const experts = expertsOver(nets);
  const known: Record<string, () => Forecast> = {
    premirror: () =>
      createPremirror(experts, horizonMs > DAY_MS ? { horizonMs, ...FAR } : { horizonMs }).forecast,
    neural: alone(eased(neuralExpert(createNeuralForecaster('neural', [...nets.values()]))), horizonMs),
    ...Object.fromEntries(
      [...experts, seasonalNaiveExpert, await loadMstlExpert(), await loadProphetExpert()].map((expert) => [
        expert.name,
        alone(expert, horizonMs),
      ]),
    ),
  };
  return names.map((name) => ({ name, start: known[name]! }));
}

/** An expert by itself, as it comes. */
function alone(expert: Expert, horizonMs: number): () => Forecast {
  return () => async (history, events) => {
    const course = courseOf(until(history, endOf(history), CONTEXT_MS));
    const { windows } = placesOf(course.stepMs, horizonMs);
    const leads = Array.from({ length: Math.round(horizonMs / course.stepMs) }, (_, i) => i);
    const announced = events.filter((event) => event.announced <= course.endMs);
    const rows = await expert.sketch(course, leads, windows, announced);
    return rows && fanForecast(expert.name, history, course.stepMs, rows, leads.length, windows);
  };
}
