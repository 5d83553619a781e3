import type { ApplicationSpec } from '../../domain/application.ts';
import type { Sample } from '../../ports/demand.ts';
import { chooseTarget } from './choose-target.ts';
import { arrivalsOf, MINUTE_MS } from './twin-demand.ts';
import type { TwinDemand } from './twin-demand.ts';
import type { ExampleDeployment } from './deploy-example.ts';
import { EXAMPLE_SPIKES_OVER_MS } from './example-series.ts';
import type { FeedScript } from './feed-script.ts';
import { feedScriptBeside } from './feed-script.ts';
import { checkNumbers, demandOf, FILLED_INSTANCES, lengthMsOf, specOf } from './options.ts';
import type { UpOptions } from './options.ts';

/** All that a run is about, worked out before anything is started. Equal options give an equal scene. */
export interface Scene {
  spec: ApplicationSpec;
  series: TwinDemand;
  /** What is sent, without gaps. */
  arrivals: Sample[];
  untilMs: number;
  /** When the example's two spikes have passed; undefined where nobody knows. */
  spikesOverMs?: number;
  deployment: ExampleDeployment;
  /** What is said meanwhile, where a script lies beside the specification. */
  feeds?: FeedScript;
  /** Requests that one on the wire stands for. */
  standsFor: number;
}

/** The example's instance: 4 workers of 320 ms carry 12.5 req/s at most, and 10 within the latency objective. */
const INSTANCE = { workers: 4, serviceMs: 320, queue: 100, initMs: 60_000 };
/** Median of the sandbox's `create`, the documented assumption of 30 s. */
const BOOT_MS = 30_000;
const MINIMUM = 2;
const MAXIMUM = 40;
const STABILISATION_MS = 10 * MINUTE_MS;
/** At the demand that fills 20 instances; at least 50 are asked for. */
const WIRE_REQUESTS_PER_WALL_SECOND = 60;

/** Works out the scene. Throws naming the option, its value and the remedy. */
export function prepareScene(options: UpOptions): Scene {
  checkNumbers(options);
  const lengthMs = lengthMsOf(options);
  const spec = specOf(options);
  const { perInstance } = spec.demand;
  const feeds = options.spec === undefined ? undefined : feedScriptBeside(options.spec);
  const series = demandOf(options, perInstance);
  const lastMs = series.live.at(-1)?.at ?? series.startMs;
  const untilMs = lengthMs === undefined ? lastMs : Math.min(lastMs, series.startMs + lengthMs);
  const saturation = (INSTANCE.workers * 1000) / INSTANCE.serviceMs;
  const startUpMs = BOOT_MS + INSTANCE.initMs;
  const { target } = chooseTarget(series.history, {
    perInstance,
    saturation,
    startUpMs,
    stabilisationMs: STABILISATION_MS,
    minimum: MINIMUM,
    maximum: MAXIMUM,
    violationCost: spec.objectives.violationCost,
  });
  return {
    spec,
    series,
    arrivals: arrivalsOf(series, untilMs),
    untilMs,
    spikesOverMs: options.series === undefined ? EXAMPLE_SPIKES_OVER_MS : undefined,
    deployment: {
      project: spec.primary.project,
      zone: spec.primary.zone,
      startingSize: startingSize(series, perInstance, saturation * target),
      minimum: MINIMUM,
      maximum: MAXIMUM,
      cpuTarget: target,
      ...INSTANCE,
      coolDownMs: startUpMs,
    },
    ...(feeds && { feeds }),
    standsFor: standsFor(FILLED_INSTANCES * perInstance, options.speed),
  };
}

/** What an autoscaler holds that has looked at the last ten minutes; and one to spare for the first minute to come. */
function startingSize({ history, live, startMs }: TwinDemand, perInstance: number, filled: number): number {
  const recent = history.filter((step) => step.at > startMs - STABILISATION_MS).map((step) => step.value);
  const held = Math.ceil(Math.max(0, ...recent) / filled);
  const needed = Math.ceil((live[0]?.value ?? 0) / perInstance) + 1;
  return Math.max(MINIMUM, Math.min(MAXIMUM, Math.max(held, needed)));
}

/** Requests that one on the wire stands for, so that `level` requests/s of sandbox time are 60 or a little more a wall second. */
function standsFor(level: number, speed: number): number {
  return Math.max(1, Math.floor((level * speed) / WIRE_REQUESTS_PER_WALL_SECOND));
}
