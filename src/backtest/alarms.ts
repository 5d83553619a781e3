import type { Targets } from './world.ts';

/** Instances held at hand at a step, in whatever readiness. */
function atHand({ primary, full, warm, shadow }: Targets, step: number): number {
  return primary[step]! + full[step]! + warm[step]! + shadow[step]!;
}

/** Times that a mirror was raised: stretches of steps in which anything at all is wanted outside the primary. */
export function mirrorRuns(targets: Targets): number {
  let runs = 0;
  let raised = false;
  for (let step = 0; step < targets.full.length; step++) {
    const wanted = targets.full[step]! + targets.warm[step]! + targets.shadow[step]! > 0;
    if (wanted && !raised) runs++;
    raised = wanted;
  }
  return runs;
}

/**
 * Instances that were raised and let go again without demand ever having needed them in between, counted one by one: of the
 * instances at hand the n-th is needed while demand is above n - 1. Those that are there at the start or the end don't count.
 * @param demand per step, in instances
 */
export function falseAlarms(demand: Float64Array, targets: Targets): number {
  /** Highest demand since the instance of that number was raised; boundless for those that were there from the start. */
  const since: number[] = Array.from({ length: demand.length > 0 ? atHand(targets, 0) : 0 }, () => Infinity);
  let alarms = 0;
  for (let step = 0; step < demand.length; step++) {
    const held = atHand(targets, step);
    while (since.length > held) if (since.pop()! <= since.length) alarms++;
    while (since.length < held) since.push(0);
    for (let n = 0; n < held; n++) since[n] = Math.max(since[n]!, demand[step]!);
  }
  return alarms;
}
