import { match } from '../http.ts';
import type { Api } from '../http.ts';
import type { Timers } from '../timers.ts';
import type { Plane, World } from '../world.ts';
import { Autoscaling } from './autoscaling.ts';
import type { Registry } from './collection.ts';
import { globalRoutes } from './global-routes.ts';
import type { Address } from './global-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { Groups } from './groups.ts';
import { Ids } from './ids.ts';
import { instanceRoutes } from './instance-routes.ts';
import { Lifecycle } from './lifecycle.ts';
import { Operations } from './operations.ts';
import { placeRoutes } from './place-routes.ts';
import { ZONES } from './quotas.ts';
import { notFound } from './resources.ts';

export interface ComputeApi {
  api: Api;
  /** Where each backend service's load balancer listens, by the service's name. */
  loadBalancers: ReadonlyMap<string, Address>;
}

/** The Compute API v1 under `/compute/v1`, and the behaviour behind it. Its timers end with `timers`. */
export function createComputeApi(world: World, plane: Plane, timers: Timers): ComputeApi {
  const loadBalancers = new Map<string, Address>();
  const registry: Registry = { world, operations: new Operations(world, timers), ids: new Ids() };
  const lifecycle = new Lifecycle(world, plane, timers);
  const groups = new Groups(world, lifecycle, registry.ids);
  const routes = [
    ...placeRoutes(registry),
    ...globalRoutes(registry, plane, loadBalancers),
    ...groupRoutes(registry, groups, lifecycle),
    ...instanceRoutes(registry, lifecycle),
    ...new Autoscaling(registry, groups, plane, timers).routes,
  ];
  const api: Api = async (request) => {
    for (const route of routes) {
      const parts = route.method === request.method ? match(route.template, request.path) : undefined;
      if (!parts) continue;
      const { project, zone } = parts;
      if (zone !== undefined && !ZONES.includes(zone)) throw notFound(`projects/${project}/zones/${zone}`);
      return route.handle(request, parts);
    }
    return undefined;
  };
  return { api, loadBalancers };
}
