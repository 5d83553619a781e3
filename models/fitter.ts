import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import type { Fitted, Forecaster, History } from './forecaster.ts';
import { endOf, until } from './forecaster.ts';
import { loadMstlEts } from './mstl-ets.ts';
import type { PipelineState } from './pipeline.ts';
import type { PremirrorFit } from './premirror-fit.ts';
import { loadInstalledPremirror } from './premirror-fit.ts';
import { seasonalNaive } from './seasonal-naive.ts';
import { warmUp } from './warm-up.ts';

/** Heavy work on a whole history, off the tick's path. */
export interface Fitter {
  /**
   * @param series names whose history it is: a model may remember what it learnt of it
   * @param events that moved this demand or will; each counts from its announcement on
   */
  fit(history: History, steps: number, series?: string, events?: readonly AnnouncedEvent[]): Promise<Fitted>;
  /** A pipeline whose interval rests on a replay of the recent past, with a fresh fit. */
  warmUp(
    history: History,
    nominalCoverage: number,
    steps: number,
    events?: readonly AnnouncedEvent[],
  ): Promise<PipelineState>;
}

/** One piece of work for the thread, and its answer. */
export type FitRequest = {
  id: number;
  history: History;
  steps: number;
  series?: string;
  events?: readonly AnnouncedEvent[];
  warmUp?: { nominalCoverage: number };
};
export type FitAnswer = { id: number; fitted?: Fitted; state?: PipelineState; error?: string };

/** Fits look at the newest days only: bounds their time. */
const FIT_ON_MS = 14 * 86_400_000;

/** The best model that the history carries: MSTL/ETS; seasonal naive when it is too short or defeats the model. */
export function fitBest(forecaster: Forecaster, history: History, steps: number): Fitted {
  const recent = until(history, endOf(history), FIT_ON_MS);
  try {
    return forecaster.fit(recent, steps);
  } catch {
    return seasonalNaive.fit(recent, steps);
  }
}

/** Warm-up and the fit that the first forecast needs. */
export function warmUpBest(
  forecaster: Forecaster,
  history: History,
  nominalCoverage: number,
  steps: number,
): PipelineState {
  const best: Forecaster = {
    name: forecaster.name,
    fit: (part, length) => fitBest(forecaster, part, length),
  };
  const state = warmUp(history, best, nominalCoverage);
  return { ...state, fitted: best.fit(history, steps), offset: 0 };
}

/** MSTL/ETS with its WASM bytes read from the installed package. */
export async function loadInstalledMstlEts(): Promise<Forecaster> {
  const entry = createRequire(import.meta.url).resolve('@bsull/augurs/mstl');
  return loadMstlEts(() => readFile(join(dirname(entry), 'mstl_bg.wasm')));
}

/**
 * Fits on the caller's own thread: for tests and the backtest. With `loadPremirror` the combination comes first;
 * where it cannot be loaded or fails, MSTL/ETS, then seasonal naive, then the level.
 */
export function createFitter(loadPremirror?: () => Promise<PremirrorFit>): Fitter {
  let loading: Promise<Forecaster> | undefined;
  let combination: Promise<PremirrorFit> | undefined;
  const load = () => (loading ??= loadInstalledMstlEts());
  const combined = () =>
    loadPremirror ? (combination ??= loadPremirror()) : Promise.reject(new Error('premirror: not asked for'));
  return {
    fit: (history, steps, series, events) =>
      combined()
        .then((by) => by.fit(history, steps, series, events))
        .catch(async () => fitBest(await load(), history, steps)),
    warmUp: (history, coverage, steps, events) =>
      combined()
        .then((by) => by.warmUp(history, coverage, steps, events))
        .catch(async () => warmUpBest(await load(), history, coverage, steps)),
  };
}

/**
 * Fits in a thread of its own, started on first use and again after it died. It never keeps the process alive.
 * Node 20 starts threads from JavaScript only: run from sources (tests), fits stay on the caller's thread.
 */
export function createThreadFitter(): Fitter {
  const entry = new URL('./fit-thread.js', import.meta.url);
  if (!import.meta.url.endsWith('.js')) return createFitter(loadInstalledPremirror);
  let thread: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, { resolve: (answer: FitAnswer) => void; reject: (error: Error) => void }>();

  const fail = (error: Error) => {
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(entry);
    started.unref();
    started.on('message', (answer: FitAnswer) => {
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
    });
    started.on('error', fail);
    started.on('exit', (code) =>
      fail(new Error(`fit thread: ended with code ${code}; the next fit starts it anew`)),
    );
    return started;
  };
  const ask = async (request: Omit<FitRequest, 'id'>): Promise<FitAnswer> => {
    thread ??= start();
    const id = ++lastId;
    const answered = new Promise<FitAnswer>((resolve, reject) => waiting.set(id, { resolve, reject }));
    thread.postMessage({ ...request, id } satisfies FitRequest);
    const answer = await answered;
    if (answer.error !== undefined) throw new Error(`fit thread: ${answer.error}`);
    return answer;
  };
  return {
    fit: async (history, steps, series, events) => (await ask({ history, steps, series, events })).fitted!,
    warmUp: async (history, nominalCoverage, steps, events) =>
      (await ask({ history, steps, events, warmUp: { nominalCoverage } })).state!,
  };
}
