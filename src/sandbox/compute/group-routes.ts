import type { Timers } from '../timers.ts';
import { routesOf } from './collection.ts';
import type { Registry, Route } from './collection.ts';
import { configRoutes } from './config-routes.ts';
import type { Failures } from './failures.ts';
import { managerKind } from './group-kind.ts';
import { groupVerbRoutes } from './group-verbs.ts';
import type { Groups } from './groups.ts';
import { Updates } from './updates.ts';

/** Managed instance groups, zonal and regional. */
export function groupRoutes(registry: Registry, groups: Groups, failures: Failures, timers: Timers): Route[] {
  const updates = new Updates(registry.world, groups, timers);
  return [
    ...routesOf(registry, managerKind(registry.world, groups, updates, failures)),
    ...groupVerbRoutes(registry, groups, updates, failures),
    ...configRoutes(registry, groups),
  ];
}
