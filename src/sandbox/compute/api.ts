import { match } from '../http.ts';
import type { Api } from '../http.ts';
import type { Timers } from '../timers.ts';
import type { World } from '../world.ts';
import { Autoscaling } from './autoscaling/autoscaling.ts';
import type { Sources } from './autoscaling/signals.ts';
import type { Registry, Route } from './collection.ts';
import { addressOf, catalogue } from './contract/catalogue.ts';
import { notImplemented, validated } from './contract/validate.ts';
import { Failures } from './failures.ts';
import { globalRoutes } from './global-routes.ts';
import type { Address } from './global-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { Groups } from './groups.ts';
import { Ids } from './ids.ts';
import { instanceRoutes } from './instance-routes.ts';
import { Lifecycle } from './lifecycle.ts';
import { Operations } from './operations.ts';
import { placeRoutes } from './place-routes.ts';
import { FutureReservations } from './reservations/future.ts';
import { reservationRoutes } from './reservations/reservations.ts';
import { REGIONS, ZONES } from './quotas.ts';
import { singleInstanceRoutes } from './single-instances.ts';
import { watchPreemptions } from './preemption.ts';
import { notFound } from './resources.ts';
import { Transitions } from './transitions.ts';

export interface ComputeApi {
  api: Api;
  /** Where each backend service's load balancer listens, by the service's name. */
  loadBalancers: ReadonlyMap<string, Address>;
}

/** The Compute API v1 under `/compute/v1`, and the behaviour behind it. Its timers end with `timers`. */
export function createComputeApi(
  world: World,
  plane: Sources['plane'],
  timers: Timers,
  listTimeSeries: Sources['listTimeSeries'],
): ComputeApi {
  const loadBalancers = new Map<string, Address>();
  const registry: Registry = { world, operations: new Operations(world, timers), ids: new Ids() };
  const failures = new Failures();
  const lifecycle = new Lifecycle(
    world,
    timers,
    new Transitions(world, plane, timers, registry.ids, failures),
  );
  const groups = new Groups(world, lifecycle, registry.ids);
  const routes = [
    ...placeRoutes(registry),
    ...globalRoutes(registry, plane, loadBalancers),
    ...groupRoutes(registry, groups, failures, timers),
    ...instanceRoutes(registry, lifecycle),
    ...singleInstanceRoutes(registry, lifecycle),
    ...reservationRoutes(registry),
    ...new FutureReservations(registry, timers).routes,
    ...new Autoscaling(registry, groups, { world, plane, listTimeSeries }, timers).routes,
  ];
  watchPreemptions(registry, lifecycle, timers);
  return { api: routed(routes), loadBalancers };
}

/** Finds the method by the published contract, holds the request to it, and lets the route answer: 501 without one. */
function routed(routes: Route[]): Api {
  const byAddress = new Map(
    routes.map((route) => [addressOf(route.method, route.template.split('/').slice(3)), route]),
  );
  return async (request) => {
    const method = catalogue().methodOf(request.method, request.path);
    if (!method) return undefined;
    const route = byAddress.get(addressOf(method.verb, method.segments));
    if (!route) throw notImplemented(`compute.${method.id}`);
    const parts = match(route.template, request.path)!;
    const { project, zone, region } = parts;
    if (zone !== undefined && !ZONES.includes(zone)) throw notFound(`projects/${project}/zones/${zone}`);
    if (region !== undefined && !REGIONS[region]) throw notFound(`projects/${project}/regions/${region}`);
    return route.handle({ ...request, body: validated(method, request) }, parts);
  };
}
