import type { ApplicationSpec } from './application.ts';
import type { Settings } from './plan.ts';

/** What one instance carries by the user's specification, in the demand's unit, whatever has been learnt since. */
export function declaredPerInstance({ demand }: ApplicationSpec): number {
  return demand.declaredPerInstance ?? demand.perInstance;
}

/**
 * The specification with what one instance was measured to carry in place of what was declared: what forecasts and decisions
 * are made by. Applied twice, it says the same.
 */
export function asLearnt(spec: ApplicationSpec, { capacityFactor }: Settings): ApplicationSpec {
  const declared = declaredPerInstance(spec);
  if (capacityFactor === 1 && spec.demand.perInstance === declared) return spec;
  const perInstance = declared * capacityFactor;
  return { ...spec, demand: { ...spec.demand, perInstance, declaredPerInstance: declared } };
}
