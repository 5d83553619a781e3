import type { Rival } from './rival.ts';
import { UTILIZATION_TARGETS, ceiling, groupOf, newest } from './rival.ts';

/** Defaults of the Horizontal Pod Autoscaler: a ratio within 10% changes nothing; scale-in waits 5 minutes. */
const TOLERANCE = 0.1;
const STABILISATION_STEPS = 5;

/**
 * A size by the HPA's rule: ceil(current * load / (target * current)) unless within the tolerance; down only to the highest
 * recommendation of the stabilisation window.
 * @returns a function from the newest load (in instances) to the group's size, to be called once per step
 */
export function hpaSizer(target: number): (load: number) => number {
  let current = 0;
  const recommended: number[] = [];
  return (load) => {
    if (current === 0) current = Math.max(1, Math.ceil(load / target));
    const ratio = load / (target * current);
    const now = Math.abs(ratio - 1) <= TOLERANCE ? current : Math.max(1, ceiling(current * ratio));
    const highest = Math.max(now, ...recommended);
    recommended.push(now);
    if (recommended.length > STABILISATION_STEPS) recommended.shift();
    current = highest < current ? highest : Math.max(current, now);
    return current;
  };
}

export const hpa: Rival = {
  name: 'hpa',
  about: 'Kubernetes Horizontal Pod Autoscaler: 10% tolerance, 5 minutes of scale-in stabilisation',
  candidates: () =>
    UTILIZATION_TARGETS.map((target) => {
      const size = hpaSizer(target);
      return {
        settings: `target ${target}`,
        utilizationTarget: target,
        policy: (observed) => groupOf(size(newest(observed))),
      };
    }),
};
