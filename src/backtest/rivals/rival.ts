import type { Policy, Wanted } from '../policy.ts';

/** One way to set a rival's parameters, ready to decide along one series, once. */
export interface Candidate {
  /** For the table: `target 0.6, window 60`. */
  settings: string;
  /** Wanted utilisation, 0..1, if it has one. */
  utilizationTarget?: number;
  policy: Policy;
}

/** What others do, by their documents or source. */
export interface Rival {
  name: string;
  /** One sentence: which product or rule, and whether it is an emulation. */
  about: string;
  /**
   * The settings that a careful user would try, for ONE series: what does not depend on them may be computed once and
   * shared, so candidates of one call must not meet different demand.
   * @param trainingSteps steps before the part that is judged
   */
  candidates(trainingSteps: number): Candidate[];
}

/** Targets of utilisation that are tried. Above 0.9 few dare, but an instance at 1 still meets its objective here. */
export const UTILIZATION_TARGETS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1] as const;

/** Guards `Math.ceil` against 3.0000000000000004. */
const ROUNDING = 1e-9;

export function ceiling(instances: number): number {
  return Math.ceil(instances - ROUNDING);
}

/** Most rivals have nothing at hand: all that they want is one group. */
export function groupOf(size: number): Wanted {
  return { primary: size, full: 0, warm: 0, shadow: 0 };
}

/** A group with a standby pool, kept as shadow: it is started before any new one is made. */
export function groupWithPool(size: number, pool: number): Wanted {
  return { primary: 0, full: size, warm: 0, shadow: pool };
}

/** Sizes of pools that a careful user would try. */
export const POOLS = [2, 5, 10, 20] as const;

/** What is worked out once per step and shared by candidates of one series: each asks in order, one after the other. */
export function remembered<T>(work: (observed: Float64Array, t: number) => T): typeof work {
  const known: (T | undefined)[] = [];
  return (observed, t) => (known[t] ??= work(observed, t));
}

export function newest(observed: Float64Array): number {
  return observed[observed.length - 1]!;
}
