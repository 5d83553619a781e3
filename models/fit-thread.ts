import { parentPort } from 'node:worker_threads';
import type { Forecaster } from './forecaster.ts';
import type { FitAnswer, FitRequest } from './fitter.ts';
import { fitBest, loadInstalledMstlEts, warmUpBest } from './fitter.ts';

/** Entry of the thread that fits: one request, one answer, in order. */
const loading = loadInstalledMstlEts();

parentPort!.on('message', (request: FitRequest) => {
  void loading.then(
    (forecaster) => parentPort!.postMessage(answerTo(request, forecaster)),
    (error: unknown) => parentPort!.postMessage({ id: request.id, error: String(error) } satisfies FitAnswer),
  );
});

function answerTo({ id, history, steps, warmUp }: FitRequest, forecaster: Forecaster): FitAnswer {
  try {
    return warmUp
      ? { id, state: warmUpBest(forecaster, history, warmUp.nominalCoverage, steps) }
      : { id, fitted: fitBest(forecaster, history, steps) };
  } catch (error) {
    return { id, error: String(error) };
  }
}
