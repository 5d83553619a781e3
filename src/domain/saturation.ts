import type { ApplicationSpec } from './application.ts';

/** What an application's instances did in a minute; what was not measured is missing. */
export interface InstanceLoad {
  /** Mean utilisation, 0..1. */
  cpu?: number;
  latencyP99Ms?: number;
}

/** Instances that are so busy do what they can, whatever is asked of them. */
const SATURATED_CPU = 0.95;
/** Answers that take so many times the objective wait in a queue: as many leave it as can, not as many as come. */
const FAR_BEYOND = 3;

/**
 * Why the demand that was seen may be less than what was asked for: served instead of offered load. In words; undefined where
 * nothing hints at it.
 */
export function saturation(
  { cpu, latencyP99Ms }: InstanceLoad,
  { latencyMs }: ApplicationSpec['objectives'],
): string | undefined {
  if (cpu !== undefined && cpu >= SATURATED_CPU) return `CPU ${Math.round(100 * cpu)}%`;
  if (latencyP99Ms !== undefined && latencyP99Ms > FAR_BEYOND * latencyMs)
    return `99th percentile of latency ${Math.round(latencyP99Ms)} ms, objective ${latencyMs} ms`;
  return undefined;
}
