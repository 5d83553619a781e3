import { createEvaluateActivities } from './evaluate.ts';
import { withFailureTypes } from './failures.ts';
import { createForecastActivities } from './forecast.ts';
import { createMirrorActivities } from './mirror.ts';
import type { MirrorDeps } from './mirror.ts';
import { createRouteActivities } from './route.ts';
import type { RouteDeps } from './route.ts';
import { createScaleActivities } from './scale.ts';
import type { ScaleDeps } from './scale.ts';
import { createSweepActivities } from './sweep.ts';
import type { SweepDeps } from './sweep.ts';
import { createSyncActivities } from './sync.ts';
import type { SyncDeps } from './sync.ts';

/** What the activities need from the world. */
export type Ports = MirrorDeps & SyncDeps & RouteDeps & ScaleDeps & SweepDeps;

/** Ports, and what the forecast and the decision need besides. */
export type AllDeps = Ports &
  Parameters<typeof createForecastActivities>[0] &
  Parameters<typeof createEvaluateActivities>[0];

/** The activities that act on the world, as opposed to those that look at it and decide. */
export function createActingActivities(ports: Ports) {
  return withFailureTypes({
    ...createMirrorActivities(ports),
    ...createSyncActivities(ports),
    ...createRouteActivities(ports),
    ...createScaleActivities(ports),
    ...createSweepActivities(ports),
  });
}

/** Every activity, by the name under which workflows call it. */
export function createActivities(deps: AllDeps) {
  return {
    ...createActingActivities(deps),
    ...withFailureTypes({ ...createForecastActivities(deps), ...createEvaluateActivities(deps) }),
  };
}

export type Activities = ReturnType<typeof createActivities>;
