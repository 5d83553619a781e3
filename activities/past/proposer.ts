import { Worker } from 'node:worker_threads';
import type { Settings } from '../../src/domain/plan.ts';
import { proposeSettings } from '../../src/domain/propose-settings.ts';
import type { Proposal } from '../../src/domain/propose-settings.ts';
import { replayOf } from '../../src/domain/replay.ts';
import type { Recent } from '../../src/domain/replay.ts';
import { SETTINGS_BOUNDS } from '../../src/domain/settings.ts';

export interface ProposeRequest {
  recent: Recent;
  settings: Settings;
}

/** Finds the move that the last days ask for. Seconds of computing: off the thread that looks after applications. */
export type Proposer = (request: ProposeRequest) => Promise<Proposal>;

export function propose({ recent, settings }: ProposeRequest): Proposal {
  return proposeSettings(replayOf(recent), settings, SETTINGS_BOUNDS);
}

/** A thread per proposal, gone with its answer. Run from sources (tests), which Node 20 cannot start in a thread, on the caller's. */
export function createThreadProposer(): Proposer {
  if (!import.meta.url.endsWith('.js')) return async (request) => propose(request);
  return (request) =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./propose-thread.js', import.meta.url), { workerData: request });
      thread.unref();
      thread.on('message', resolve);
      thread.on('error', reject);
      thread.on('exit', (code) =>
        reject(new Error(`the thread that proposes settings ended with code ${code} before it answered`)),
      );
    });
}
