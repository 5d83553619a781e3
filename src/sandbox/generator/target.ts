import { Agent, get } from 'node:http';
import type { SandboxClock } from '../clock.ts';
import { LATENCY, SCHEDULED, STANDS_FOR } from '../plane/wire.ts';
import { Histogram } from './histogram.ts';

/** Where the next request goes. Rejects when there is nowhere. */
export type Destination = () => Promise<{ host: string; port: number }>;

export interface TargetOptions {
  clock: SandboxClock;
  destination: Destination;
  standsFor: number;
  objectiveLatencyMs: number;
  /** Our own overhead on the wall, ms, kept apart from latency. */
  overhead: Histogram;
}

/** What became of one target's requests so far; each on the wire counts for what it stands for. */
export interface Counts {
  requests: number;
  /** No answer, or an error. */
  failed: number;
  /** Answered well, but over the latency objective. */
  slow: number;
  /** Sandbox ms, of those answered well. */
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** Sends requests to one target and records what becomes of them, never waiting for one before sending the next. */
export class Target {
  readonly #options: TargetOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #latency = new Histogram();
  #inFlight = 0;
  #answered = 0;
  #failed = 0;
  #slow = 0;

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  /** Requests on the wire that have no answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sends one request that was due at `scheduledMs`, sandbox time. */
  async send(scheduledMs: number): Promise<void> {
    this.#inFlight++;
    const beganMs = performance.now();
    try {
      const { status, latencyMs } = await this.#ask(scheduledMs);
      if (latencyMs !== undefined)
        this.#options.overhead.add(performance.now() - beganMs - latencyMs / this.#options.clock.speed);
      this.#record(status < 400, latencyMs ?? 0);
    } catch {
      this.#record(false, 0);
    }
    this.#inFlight--;
  }

  /** Requests without an answer by now have failed. */
  counts(final = false): Counts {
    const lost = final ? this.#inFlight : 0;
    const weigh = (wireRequests: number) => wireRequests * this.#options.standsFor;
    return {
      requests: weigh(this.#answered + lost),
      failed: weigh(this.#failed + lost),
      slow: weigh(this.#slow),
      p50Ms: this.#latency.quantile(0.5),
      p95Ms: this.#latency.quantile(0.95),
      p99Ms: this.#latency.quantile(0.99),
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #record(well: boolean, latencyMs: number): void {
    this.#answered++;
    if (!well) {
      this.#failed++;
      return;
    }
    this.#latency.add(latencyMs);
    if (latencyMs > this.#options.objectiveLatencyMs) this.#slow++;
  }

  /** Status, and the latency that the instance reports; the load balancer's own errors have none. */
  async #ask(scheduledMs: number): Promise<{ status: number; latencyMs?: number }> {
    const { destination, standsFor } = this.#options;
    const { host, port } = await destination();
    const headers = { [SCHEDULED]: scheduledMs, [STANDS_FOR]: standsFor };
    return new Promise((resolve, reject) => {
      const request = get({ host, port, path: '/', headers, agent: this.#agent }, (response) => {
        const reported = response.headers[LATENCY];
        const latencyMs = reported === undefined ? undefined : Number(reported);
        response.resume().once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode!, latencyMs }));
      });
      request.once('error', reject);
    });
  }
}
