import { withFailureTypes } from './failures.ts';
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

export type ActingDeps = MirrorDeps & SyncDeps & RouteDeps & ScaleDeps & SweepDeps;

/** The activities that act on the world, as opposed to those that look at it and decide. */
export function createActingActivities(ports: ActingDeps) {
  return withFailureTypes({
    ...createMirrorActivities(ports),
    ...createSyncActivities(ports),
    ...createRouteActivities(ports),
    ...createScaleActivities(ports),
    ...createSweepActivities(ports),
  });
}
