import { parentPort } from 'node:worker_threads';
import type { FitAnswer, FitRequest } from './fitter.ts';
import { createFitter } from './fitter.ts';
import { loadInstalledPremirror } from './premirror-fit.ts';

/** Entry of the thread that fits: one request at a time, in order. */
const fitter = createFitter(loadInstalledPremirror);
let before: Promise<void> = Promise.resolve();

parentPort!.on('message', (request: FitRequest) => {
  before = before.then(async () => parentPort!.postMessage(await answerTo(request)));
});

async function answerTo({ id, history, steps, series, events, warmUp }: FitRequest): Promise<FitAnswer> {
  try {
    return warmUp
      ? { id, state: await fitter.warmUp(history, warmUp.nominalCoverage, steps, events) }
      : { id, fitted: await fitter.fit(history, steps, series, events) };
  } catch (error) {
    return { id, error: String(error) };
  }
}
