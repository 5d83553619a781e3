import { writeFile } from 'node:fs/promises';
import type { Sample } from '../../ports/demand.ts';
import { Child } from './child.ts';
import { TWINS } from './report.ts';
import type { SandboxClockState } from './sandbox-control.ts';
import type { Scene } from './scene.ts';

/** What became of one target's requests, each counted with what it stands for; latencies of those answered. */
export interface TwinCounts {
  requests: number;
  failed: number;
  slow: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** Configuration of the generator's process, as its file. Times are sandbox ms. */
export interface GeneratorConfig {
  seed: number;
  clock: { originMs: number; wallOriginMs: number; speed: number };
  fromMs: number;
  untilMs: number;
  objectiveLatencyMs: number;
  /** Requests that one on the wire stands for. */
  standsFor: number;
  series: Sample[];
  stepMs: number;
  targets: { name: string; url: string }[];
}

/** The generator's configuration: the same arrivals to the load balancers of both twins. */
export function generatorConfig(
  scene: Scene,
  seed: number,
  { originMs, wallOriginMs, speed }: SandboxClockState,
  fromMs: number,
  balancers: Record<string, { host: string; port: number }>,
): GeneratorConfig {
  return {
    seed,
    clock: { originMs, wallOriginMs, speed },
    fromMs,
    untilMs: scene.untilMs,
    objectiveLatencyMs: scene.spec.objectives.latencyMs,
    standsFor: scene.standsFor,
    series: scene.arrivals,
    stepMs: scene.series.stepMs,
    targets: Object.values(TWINS).map((name) => ({ name, url: urlOf(balancers[name], name) })),
  };
}

function urlOf(address: { host: string; port: number } | undefined, name: string): string {
  if (!address) throw new Error(`The sandbox has no load balancer for ${name}`);
  return `http://${address.host}:${address.port}/`;
}

export interface GeneratorFinal {
  keptUp: boolean;
  latenessP99S: number;
  wireRequestsStandFor: number;
  overheadMs: { p50: number; p99: number };
  targets: Record<string, TwinCounts>;
}

export interface GeneratorProcessOptions {
  entry: string;
  config: GeneratorConfig;
  /** Where the configuration is written for it. */
  configFile: string;
  logFile: string;
  /** Called when it ends by itself: the series is over, or it died. */
  onEnd: (why: string) => void;
}

/** The load generator as a process: what it has counted so far, and its last word. */
export class GeneratorProcess {
  readonly #child: Child;
  #counts: Record<string, TwinCounts> = {};
  #final: GeneratorFinal | undefined;

  private constructor({ entry, configFile, logFile, onEnd }: GeneratorProcessOptions) {
    this.#child = new Child({
      name: 'generator',
      entry,
      args: ['--config', configFile],
      logFile,
      onMessage: (message) => {
        if (message['type'] === 'progress') this.#counts = message['targets'] as Record<string, TwinCounts>;
        if (message['type'] === 'final') this.#final = message as unknown as GeneratorFinal;
      },
      onDeath: (why) =>
        onEnd(this.#final ? 'the run is over' : `the generator died (${why}); see ${logFile}`),
    });
  }

  static async start(options: GeneratorProcessOptions): Promise<GeneratorProcess> {
    await writeFile(options.configFile, JSON.stringify(options.config));
    return new GeneratorProcess(options);
  }

  /** Requests so far per target, each counted with what it stands for. */
  get counts(): Record<string, TwinCounts> {
    return this.#counts;
  }

  /** Stops it and resolves to its final line, or undefined when it died without one. */
  async finish(): Promise<GeneratorFinal | undefined> {
    await this.#child.stop();
    return this.#final;
  }
}
