import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { environmentWith } from '../../config/config.ts';

export interface ChildOptions {
  name: string;
  /** Compiled entry, absolute. */
  entry: string;
  args: string[];
  logFile: string;
  environment?: Record<string, string>;
  /** Called per line of standard output that is a JSON object. */
  onMessage?: (message: Record<string, unknown>) => void;
  /** Called when it ends without having been asked to. */
  onDeath: (why: string) => void;
}

/**
 * A process of our own, in its own process group: the terminal's Ctrl-C does not reach it, `stop` does. Standard error
 * and whatever is no JSON on standard output go to the log file.
 */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<string>;
  readonly #firstMessage: Promise<Record<string, unknown>>;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const log = createWriteStream(options.logFile, { flags: 'a' });
    this.#process = spawn(process.execPath, ['--enable-source-maps', options.entry, ...options.args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environmentWith(options.environment ?? {}),
    });
    this.#process.stderr?.pipe(log, { end: false });
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('exit', (code, signal) =>
        resolve(signal ? `signal ${signal}` : `exit code ${code}`),
      );
    });
    this.#firstMessage = new Promise((resolve, reject) => {
      createInterface({ input: this.#process.stdout! }).on('line', (line) => {
        const message = parseObject(line);
        if (!message) return void log.write(`${line}\n`);
        resolve(message);
        options.onMessage?.(message);
      });
      void this.#ended.then((why) =>
        reject(new Error(`${options.name} ended before it was ready (${why}); see ${options.logFile}`)),
      );
    });
    this.#firstMessage.catch(() => undefined);
    void this.#ended.then((why) => {
      if (!this.#stopping) options.onDeath(why);
    });
  }

  /** Resolves to its first JSON line. Throws when it ends before, or after `timeoutMs` of wall time. */
  async ready(timeoutMs = 60_000): Promise<Record<string, unknown>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.name} was not ready after ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([this.#firstMessage, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks it to end (SIGTERM), and after `graceMs` of wall time makes it (SIGKILL). Resolves when it has ended. */
  async stop(graceMs = 15_000): Promise<void> {
    this.#stopping = true;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), graceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Resolves when it has ended by itself, to why. */
  ended(): Promise<string> {
    return this.#ended;
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
