import type { Targets } from './world.ts';
import { emptyTargets } from './world.ts';

/** Instances wanted from one step on; fractions are rounded up. */
export interface Wanted {
  primary: number;
  full: number;
  warm: number;
  shadow: number;
}

/**
 * A way to decide. It is asked once per step, in order, and may remember what it saw.
 * @param observed demand in instances per step from the series' start to the newest final sample; it holds nothing later,
 * so a policy cannot see the future
 * @param t index of the step that is decided for
 */
export type Policy = (observed: Float64Array, t: number) => Wanted;

/** Guards `Math.ceil` against 3.0000000000000004. */
const ROUNDING = 1e-9;

/**
 * Asks the policy along the whole series. Before the first sample is final nobody is asked and the floor alone serves.
 * Throws when a target is no finite number of 0 or more.
 */
export function decideAlong(policy: Policy, demand: Float64Array, lag: number): Targets {
  const targets = emptyTargets(demand.length);
  for (let t = lag; t < demand.length; t++) {
    const wanted = policy(demand.subarray(0, t - lag + 1), t);
    targets.primary[t] = whole('primary', wanted.primary, t);
    targets.full[t] = whole('full', wanted.full, t);
    targets.warm[t] = whole('warm', wanted.warm, t);
    targets.shadow[t] = whole('shadow', wanted.shadow, t);
  }
  return targets;
}

function whole(field: string, value: number, t: number): number {
  if (!(value >= 0 && value < Infinity))
    throw new Error(
      `${field} wanted at step ${t} is ${value}: a policy must want a finite number of 0 or more`,
    );
  return Math.ceil(value - ROUNDING);
}
