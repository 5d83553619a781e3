import type { TrackingRule } from '../../domain/target-tracking.ts';
import { NO_TRACK, trackTarget } from '../../domain/target-tracking.ts';
import { STEP_MS } from '../model.ts';
import type { Candidate, Rival } from './rival.ts';
import { UTILIZATION_TARGETS, groupOf, newest } from './rival.ts';

/** The autoscaler's default target, and how long scale-in waits. */
const DEFAULT_TARGET = 0.6;
const STABILIZATION_MS = 10 * 60_000;

/** A size by the rule that the sandbox's own autoscaler obeys; to be called once per step with the newest load. */
export function migSizer(utilizationTarget: number): (load: number, t: number) => number {
  const rule: TrackingRule = {
    utilizationTarget,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    stabilizationMs: STABILIZATION_MS,
  };
  let track = NO_TRACK;
  let size = 1;
  return (load, t) => {
    // The sum of utilisations is the load in instances, so one number stands for all instances.
    const step = trackTarget(rule, track, t * STEP_MS, [load], size);
    ({ size, track } = step);
    return size;
  };
}

function candidate(target: number): Candidate {
  const size = migSizer(target);
  return {
    settings: `target ${target}`,
    utilizationTarget: target,
    policy: (observed, t) => groupOf(size(newest(observed), t)),
  };
}

export const mig: Rival = {
  name: 'mig',
  about: "Google's autoscaler on a managed instance group, reactive, its target tuned",
  candidates: () => UTILIZATION_TARGETS.map(candidate),
};

export const migDefaults: Rival = {
  name: 'mig defaults',
  about: "Google's autoscaler as it comes: 60% utilisation, 10 minutes of stabilisation",
  candidates: () => [candidate(DEFAULT_TARGET)],
};
