import { quantile } from '../../domain/quantile.ts';
import type { Sample } from '../../ports/demand.ts';

/** Demand that both twins meet: what lies before `startMs` is history, the rest is sent. */
export interface TwinDemand {
  name: string;
  /** Always one minute: Cloud Monitoring's own step for request counts. */
  stepMs: number;
  /** Where the sandbox's clock starts, ms since the epoch. */
  startMs: number;
  /** Samples that end at or before `startMs`, ascending, requests/s. A gap is missing. */
  history: Sample[];
  /** Samples that end after `startMs`, ascending, requests/s. A gap is missing. */
  live: Sample[];
}

export const MINUTE_MS = 60_000;

/**
 * Scales a series so that the 0.99 quantile of its history fills `instances` instances of `perInstance` requests/s.
 * Only history decides, so that the future has no say in what was known before it.
 */
export function scaleToInstances(series: TwinDemand, instances: number, perInstance: number): TwinDemand {
  const level = quantile(
    series.history.map((s) => s.value),
    0.99,
  );
  if (level <= 0)
    throw new Error(`${series.name}: the 0.99 quantile of its history is ${level}; a positive one is needed`);
  const factor = (instances * perInstance) / level;
  const scaled = (samples: Sample[]) => samples.map((s) => ({ at: s.at, value: s.value * factor }));
  return { ...series, history: scaled(series.history), live: scaled(series.live) };
}

/** Splits samples at `startMs` into what is known already and what is to come. */
export function splitAt(name: string, samples: Sample[], startMs: number): TwinDemand {
  return {
    name,
    stepMs: MINUTE_MS,
    startMs,
    history: samples.filter((s) => s.at <= startMs),
    live: samples.filter((s) => s.at > startMs),
  };
}

/** The live part without gaps, for the generator: in a missing span nothing is sent. Ends with `untilMs` at the latest. */
export function arrivalsOf(series: TwinDemand, untilMs: number): Sample[] {
  const known = new Map(series.live.map((s) => [s.at, s.value]));
  const last = Math.min(series.live.at(-1)?.at ?? series.startMs, untilMs);
  const arrivals: Sample[] = [];
  for (let at = series.startMs + series.stepMs; at < last + series.stepMs; at += series.stepMs)
    arrivals.push({ at, value: known.get(at) ?? 0 });
  return arrivals;
}
