import { setTimeout as delay } from 'node:timers/promises';
import type { Happening } from '../../ports/ledger.ts';
import { Child } from './child.ts';

export interface WorkerProcessOptions {
  entry: string;
  configFile: string;
  logFile: string;
  say: (text: string) => void;
}

/** A worker that dies is started again: its workflows wait for it and go on where they were. */
const RESTART_AFTER_MS = 1_000;

/** The worker as a process, and what its API tells. */
export class WorkerProcess {
  readonly #options: WorkerProcessOptions;
  #child: Child;
  #api: string | undefined;
  #stopping = false;
  #lastHappening = 0;

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#child = this.#spawn();
  }

  /** Base URL of its API. Resolves when it is ready; throws when it is not in time. */
  async ready(): Promise<string> {
    const message = await this.#child.ready();
    this.#api = addressOf(message['api']);
    return this.#api;
  }

  /** Happenings since the last call, oldest first; none while the worker is away. */
  async newHappenings(): Promise<Happening[]> {
    if (!this.#api) return [];
    try {
      const answer = await fetch(`${this.#api}/happenings?after=${this.#lastHappening}`, {
        signal: AbortSignal.timeout(2_000),
      });
      const happenings = answer.ok ? ((await answer.json()) as Happening[]) : [];
      this.#lastHappening = happenings.at(-1)?.id ?? this.#lastHappening;
      return happenings;
    } catch {
      return [];
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child.stop();
  }

  #spawn(): Child {
    const { entry, configFile, logFile, say } = this.#options;
    return new Child({
      name: 'worker',
      entry,
      args: ['--supervised'],
      logFile,
      environment: { PREMIRROR_CONFIG: configFile },
      onDeath: (why) => {
        if (this.#stopping || !this.#api) return;
        say(`The worker died (${why}); starting it again. Its log: ${logFile}`);
        void this.#restart();
      },
    });
  }

  async #restart(): Promise<void> {
    await delay(RESTART_AFTER_MS);
    if (this.#stopping) return;
    this.#child = this.#spawn();
    await this.ready().catch((error: Error) => this.#options.say(error.message));
  }
}

function addressOf(api: unknown): string {
  if (typeof api === 'string') return api.replace(/\/$/, '');
  throw new Error(`The worker said it is ready, but not where its API is: ${JSON.stringify(api)}`);
}
