import type { Plane } from '../world.ts';
import { routesOf } from './collection.ts';
import type { Kind, Registry, Route } from './collection.ts';
import { backendServiceRoutes } from './load-balancing/backend-services.ts';
import type { Address } from './load-balancing/backend-services.ts';
import { endpointGroupRoutes } from './load-balancing/endpoint-groups.ts';
import { frontRoutes } from './load-balancing/fronts.ts';
import { healthCheckKind } from './load-balancing/health-checks.ts';
import { ownedBy, readLink } from './resources.ts';
import { TemplateBody } from './shapes.ts';
import type { Group, Template } from './shapes.ts';

export type { Address };

/** Instance templates, and all of load balancing; where each backend service's proxy listens goes to `loadBalancers`. */
export function globalRoutes(registry: Registry, plane: Plane, loadBalancers: Map<string, Address>): Route[] {
  const { world } = registry;
  const templates: Kind<Template> = {
    collection: 'instanceTemplates',
    singular: 'instanceTemplate',
    scopes: ['global'],
    map: world.templates as Map<string, Template>,
    schema: TemplateBody,
    usedBy: (place, { name }) =>
      ownedBy(world.groups as Map<string, Group>, place).find(({ versions }) =>
        versions.some(({ instanceTemplate }) => readLink(instanceTemplate, place).name === name),
      )?.name,
  };
  return [
    ...routesOf(registry, templates),
    ...routesOf(registry, healthCheckKind(world)),
    ...backendServiceRoutes(registry, plane, loadBalancers),
    ...endpointGroupRoutes(registry, plane),
    ...frontRoutes(registry, plane),
  ];
}
