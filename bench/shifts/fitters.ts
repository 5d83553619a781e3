import { createFitter, warmUpBest, type Fitter } from '../../models/fitter.ts';
import type { Fitted } from '../../models/forecaster.ts';
import { endOf } from '../../models/forecaster.ts';
import { loadInstalledPremirror } from '../../models/premirror-fit.ts';
import { seasonalNaive } from '../../models/seasonal-naive.ts';
import { HOUR_MS } from './world.ts';

/** The combination as the worker fits it, but once an hour rather than four times: a fit in between is the last one's path. */
export function hourlyFitter(): Fitter {
  const fitter = createFitter(loadInstalledPremirror);
  let last: Fitted | undefined;
  return {
    warmUp: fitter.warmUp,
    async fit(history, steps, series, events) {
      if (!last || endOf(history) - last.asOf >= HOUR_MS)
        last = await fitter.fit(history, steps, series, events);
      return last;
    },
  };
}

/** The quickest of the product's own models. */
export function quickFitter(): Fitter {
  return {
    fit: async (history, steps) => seasonalNaive.fit(history, steps),
    warmUp: async (history, coverage, steps) => warmUpBest(seasonalNaive, history, coverage, steps),
  };
}
