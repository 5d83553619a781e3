import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createFitter } from '../models/fitter.ts';
import type { Fitter } from '../models/fitter.ts';
import { loadInstalledPremirror } from '../models/premirror-fit.ts';
import { DAY_MS, at, flashCrowds, historyOf } from './support/models-series.ts';

/** The thread starts from compiled code only (Node 20), so this asks the build, as the worker does. */
const COMPILED = new URL('../dist/models/fitter.js', import.meta.url);

it('a fit in its own thread gives what a fit on this one gives, and its errors come back', async () => {
  if (!existsSync(COMPILED)) throw new Error('dist/models/fitter.js is missing: run `npm run build` first');
  const { createThreadFitter } = (await import(COMPILED.href)) as { createThreadFitter: () => Fitter };
  const threaded = createThreadFitter();
  const history = historyOf(flashCrowds(3, 1));
  expect(await threaded.fit(history, 60)).toEqual(
    await createFitter(loadInstalledPremirror).fit(history, 60),
  );
  const state = await threaded.warmUp(history, 0.95, 60);
  expect(state.asOf).toBe(at(3 * (DAY_MS / 60_000) - 1));
  const empty = historyOf([Number.NaN]);
  await expect(threaded.fit(empty, 60)).rejects.toThrow(/fit thread: .*no sample in the history/);
});
