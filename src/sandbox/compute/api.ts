import { match } from '../http.ts';
import type { Api } from '../http.ts';
import type { Timers } from '../timers.ts';
import type { Plane, World } from '../world.ts';
import { Autoscaling } from './autoscaling.ts';
import type { Registry } from './collection.ts';
import { globalRoutes } from './global-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { Groups } from './groups.ts';
import { Ids } from './ids.ts';
import { Lifecycle } from './lifecycle.ts';
import { Operations } from './operations.ts';
import { placeRoutes } from './place-routes.ts';

/** The Compute API v1 under `/compute/v1`, and the behaviour behind it. Its timers end with `timers`. */
export function createComputeApi(world: World, plane: Plane, timers: Timers): Api {
  const registry: Registry = { world, operations: new Operations(world, timers), ids: new Ids() };
  const lifecycle = new Lifecycle(world, plane, timers);
  const groups = new Groups(world, lifecycle, registry.ids);
  const routes = [
    ...placeRoutes(registry),
    ...globalRoutes(registry, plane),
    ...groupRoutes(registry, groups, lifecycle),
    ...new Autoscaling(registry, groups, plane, timers).routes,
  ];
  return async (request) => {
    for (const route of routes) {
      const parts = route.method === request.method ? match(route.template, request.path) : undefined;
      if (parts) return route.handle(request, parts);
    }
    return undefined;
  };
}
