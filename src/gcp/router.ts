import type { ApplicationSpec } from '../domain/application.ts';
import type { Router } from '../ports/router.ts';
import type { GcpClients } from './clients.ts';
import { createDnsRouter } from './dns-router.ts';
import { createLoadBalancerRouter } from './load-balancer-router.ts';

/** The router that each application's spec asks for. */
export function createRouter(clients: GcpClients): Router {
  const routers = {
    loadBalancer: createLoadBalancerRouter(clients),
    dns: createDnsRouter(clients),
  } satisfies Record<ApplicationSpec['routing']['kind'], Router>;
  const of = (spec: ApplicationSpec): Router => routers[spec.routing.kind];
  return {
    state: (spec, group) => of(spec).state(spec, group),
    attach: (spec, group, key) => of(spec).attach(spec, group, key),
    shift: (spec, group, share, key) => of(spec).shift(spec, group, share, key),
    detach: (spec, group, key) => of(spec).detach(spec, group, key),
    drainMs: (spec) => of(spec).drainMs(spec),
  };
}
