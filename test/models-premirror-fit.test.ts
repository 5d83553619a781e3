import { expect, it } from 'vitest';
import { createFitter } from '../models/fitter.ts';
import { loadInstalledPremirror } from '../models/premirror-fit.ts';
import { runPipeline } from '../models/pipeline.ts';
import { MINUTE_MS, at, flashCrowds, historyOf } from './support/models-series.ts';

const STEPS = 1440 + 240;

// What the worker forecasts by: the combination, calibrated from the first forecast on.
it('the combination warms a pipeline up, and its interval is calibrated at once', async () => {
  const fitter = createFitter(loadInstalledPremirror);
  const state = await fitter.warmUp(historyOf(flashCrowds(5, 3)), 0.95, STEPS);
  const { model, quality, windows } = runPipeline(state, {
    samples: [],
    asOf: at(5 * 1440 - 1),
    windowsMs: [5 * MINUTE_MS, 30 * MINUTE_MS],
    horizonMs: 1440 * MINUTE_MS,
    sustainedMs: 60 * MINUTE_MS,
  });
  expect({ model, quality }).toEqual({ model: 'premirror', quality: 'calibrated' });
  for (const { lower, median, upper } of windows) {
    expect(lower).toBeLessThan(median);
    expect(median).toBeLessThan(upper);
  }
  const again = await fitter.fit(historyOf(flashCrowds(5, 3)), STEPS, 'shop');
  expect(again.path).toHaveLength(STEPS);
});

it('falls back to MSTL/ETS where the nets cannot be loaded', async () => {
  const fitter = createFitter(() => Promise.reject(new Error('no such file')));
  expect((await fitter.fit(historyOf(flashCrowds(3, 3)), 60)).model).toBe('mstl-ets');
});
