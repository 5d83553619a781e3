import { setImmediate } from 'node:timers/promises';
import { SandboxClock } from '../clock.ts';
import { seededRandom } from '../random.ts';
import { arrivals } from './arrivals.ts';
import type { GeneratorConfig } from './config.ts';
import { Histogram } from './histogram.ts';
import { Resolver } from './resolver.ts';
import { Target } from './target.ts';
import type { Counts, Destination } from './target.ts';

/**
 * It kept up when the 0.99 quantiles of its own lateness and of the wall overhead of requests are no more than this, in
 * sandbox seconds: a sandbox that answers late also boots, probes and scales late.
 */
const LATEST_S = 1;
/** With more unanswered than this the machine is drowning: sending waits, and the lateness says so. */
const MOST_IN_FLIGHT = 2_000;
/** So long are answers waited for at the end, wall ms. */
const LAST_ANSWERS_MS = 3_000;

export interface Progress {
  type: 'progress';
  /** Sandbox time, ms. */
  at: number;
  targets: Record<string, Counts>;
}

export interface Final {
  type: 'final';
  keptUp: boolean;
  /** 0.99 quantile of actual minus scheduled sending, sandbox seconds. */
  latenessP99S: number;
  wireRequestsStandFor: number;
  /** Wall time of requests beyond the latency that they report, ms. */
  overheadMs: { p50: number; p99: number };
  targets: Record<string, Counts>;
}

/** Open-loop load: the same seeded arrivals to every target at their times, whatever becomes of the ones before. */
export class LoadRun {
  readonly #config: GeneratorConfig;
  readonly #clock: SandboxClock;
  readonly #targets = new Map<string, Target>();
  readonly #latenessMs = new Histogram();
  readonly #overheadMs = new Histogram();
  #stopped = false;
  #wake = () => {};

  constructor(config: GeneratorConfig) {
    this.#config = config;
    const { originMs, speed, wallOriginMs } = config.clock;
    this.#clock = new SandboxClock(originMs, speed, wallOriginMs);
    const { standsFor, objectiveLatencyMs } = config;
    for (const [index, target] of config.targets.entries())
      this.#targets.set(
        target.name,
        new Target({
          clock: this.#clock,
          destination: destinationOf(target, this.#clock, seededRandom(config.seed + index + 1)),
          standsFor,
          objectiveLatencyMs,
          overhead: this.#overheadMs,
        }),
      );
  }

  /** Sends until the series ends or `stop` is called; resolves when the last answers are in. */
  async run(): Promise<Final> {
    let sent = 0;
    for (const at of arrivals(this.#config, seededRandom(this.#config.seed))) {
      await this.#until(at);
      if (this.#stopped) break;
      this.#latenessMs.add(Math.max(0, this.#clock.now() - at));
      for (const target of this.#targets.values()) void target.send(at);
      // When it lags behind it never sleeps: answers must get their turn.
      if (++sent % 20 === 0) await setImmediate();
    }
    await this.#until(this.#endMs());
    await this.#lastAnswers();
    const final = this.#final();
    for (const target of this.#targets.values()) target.close();
    return final;
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  progress(): Progress {
    return { type: 'progress', at: this.#clock.now(), targets: this.#counts() };
  }

  /** The last moments may be silent, but they are part of the run. */
  #endMs(): number {
    const { series, untilMs } = this.#config;
    return Math.min(untilMs, Math.max(...series.map(({ at }) => at)));
  }

  async #until(at: number): Promise<void> {
    while (!this.#stopped && (this.#clock.now() < at || this.#inFlight() > MOST_IN_FLIGHT)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#clock.after(Math.max(at - this.#clock.now(), 0), resolve);
      });
    }
  }

  async #lastAnswers(): Promise<void> {
    const deadline = performance.now() + LAST_ANSWERS_MS;
    while (this.#inFlight() > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #inFlight(): number {
    let sum = 0;
    for (const target of this.#targets.values()) sum += target.inFlight;
    return sum;
  }

  #counts(final = false): Record<string, Counts> {
    return Object.fromEntries([...this.#targets].map(([name, target]) => [name, target.counts(final)]));
  }

  #final(): Final {
    const latenessP99S = this.#latenessMs.quantile(0.99) / 1000;
    const overheadMs = { p50: this.#overheadMs.quantile(0.5), p99: this.#overheadMs.quantile(0.99) };
    const overheadP99S = (overheadMs.p99 / 1000) * this.#config.clock.speed;
    return {
      type: 'final',
      keptUp: latenessP99S <= LATEST_S && overheadP99S <= LATEST_S,
      latenessP99S,
      wireRequestsStandFor: this.#config.standsFor,
      overheadMs,
      targets: this.#counts(true),
    };
  }
}

function destinationOf(
  target: GeneratorConfig['targets'][number],
  clock: SandboxClock,
  random: () => number,
): Destination {
  if ('url' in target) {
    const { hostname, port } = new URL(target.url);
    const place = Promise.resolve({ host: hostname, port: Number(port || 80) });
    return () => place;
  }
  const resolver = new Resolver(target.dns, clock, random);
  return async () => ({ host: await resolver.next(), port: target.dns.servicePort });
}
