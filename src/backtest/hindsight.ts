import { TICK_MS } from '../domain/cost-course.ts';
import { inTicks } from '../domain/pool.ts';
import type { Hindsight } from '../ports/hindsight.ts';
import type { WorldModel } from './model.ts';
import { optimum } from './optimum.ts';
import { score } from './score.ts';

/** The clairvoyant optimum in the world that an application lives in. */
export const hindsight: Hindsight = {
  optimalCost(demand, { spec, prices, timesToServe, primary }, startServing) {
    const ticks = inTicks(timesToServe);
    const model: WorldModel = {
      prices,
      timesToServe: {
        coldMs: ticks.cold * TICK_MS,
        shadowMs: ticks.shadow * TICK_MS,
        warmMs: ticks.warm * TICK_MS,
      },
      violationCost: spec.objectives.violationCost,
      observationDelayMs: spec.demand.observationDelayMs,
      floor: primary.minimum,
    };
    return score(demand, optimum(demand, model, startServing), model).cost;
  },
};
