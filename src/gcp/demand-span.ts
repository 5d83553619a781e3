import type { ApplicationSpec } from '../domain/application.ts';

/** The steps that are asked for: those that end on the grid with from < end <= to, and are final by now. */
export interface DemandSpan {
  from: number;
  to: number;
  stepMs: number;
}

/** Undefined when no step of (from, to] is final yet. */
export function finalSteps(
  { demand: { stepMs, observationDelayMs } }: ApplicationSpec,
  from: number,
  to: number,
  now: number,
): DemandSpan | undefined {
  const span = {
    from: floorTo(from, stepMs),
    to: floorTo(Math.min(to, now - observationDelayMs), stepMs),
    stepMs,
  };
  return span.to > span.from ? span : undefined;
}

function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}
