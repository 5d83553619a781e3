import { ok } from '../http.ts';
import type { Plane, Resource } from '../world.ts';
import { pathsOf, placeOf, routesOf } from './collection.ts';
import type { Kind, Registry, Route } from './collection.ts';
import { frontRoutes } from './load-balancing/fronts.ts';
import { servicesOf } from './load-balancing/url-maps.ts';
import type { UrlMap } from './load-balancing/shapes.ts';
import { find, invalid, keyOf, linkTo, ownedBy, readLink } from './resources.ts';
import { BackendServiceBody, HealthCheckBody, TemplateBody } from './shapes.ts';
import type { BackendService, Group, Template } from './shapes.ts';

/** Port of an instance's service as `getHealth` shows it; the sandbox's own port is the plane's affair. */
const SERVICE_PORT = 80;

export interface Address {
  host: string;
  port: number;
}

/**
 * Global resources: instance templates, health checks and backend services. Where a service's load balancer listens is
 * kept in `loadBalancers`, by the service's name.
 */
export function globalRoutes(registry: Registry, plane: Plane, loadBalancers: Map<string, Address>): Route[] {
  const { world } = registry;
  const groups = world.groups as Map<string, Group>;

  const templates: Kind<Template> = {
    collection: 'instanceTemplates',
    singular: 'instanceTemplate',
    scopes: ['global'],
    map: world.templates as Map<string, Template>,
    schema: TemplateBody,
    usedBy: (place, { name }) =>
      ownedBy(groups, place).find((group) => readLink(group.instanceTemplate, place).name === name)?.name,
  };

  const healthChecks: Kind<Resource> = {
    collection: 'healthChecks',
    singular: 'healthCheck',
    scopes: ['global'],
    map: world.healthChecks,
    changes: 'byName',
    schema: HealthCheckBody,
    usedBy(place, { name }) {
      const isIt = (link: string) => readLink(link, place).name === name;
      const service = ownedBy(services.map, place).find(({ healthChecks }) => healthChecks.some(isIt));
      const group = ownedBy(groups, place).find(({ autoHealingPolicies }) =>
        autoHealingPolicies?.some(({ healthCheck }) => isIt(healthCheck)),
      );
      return service?.name ?? group?.name;
    },
  };

  const services: Kind<BackendService> = {
    collection: 'backendServices',
    singular: 'backendService',
    scopes: ['global'],
    map: world.backendServices as Map<string, BackendService>,
    schema: BackendServiceBody,
    changes: 'byName',
    hasFingerprint: true,
    check(place, service) {
      for (const link of service.healthChecks)
        find(world.healthChecks, 'healthChecks', readLink(link, place));
      const seen = new Set<string>();
      for (const backend of service.backends) {
        const reference = readLink(backend.group, place);
        find(world.groups, 'instanceGroups', reference);
        if (seen.has(keyOf(reference)))
          throw invalid('resource.backends', backend.group, 'Name every group once.');
        seen.add(keyOf(reference));
        backend.group = linkTo(reference, 'instanceGroups', reference.name);
      }
    },
    usedBy: (place, { name }) =>
      ownedBy(world.urlMaps as Map<string, UrlMap>, place).find((map) => servicesOf(map, place).has(name))
        ?.name,
    async stored(place, { name }) {
      loadBalancers.set(name, await plane.expose(place.project, name));
    },
    async removed(place, { name }) {
      loadBalancers.delete(name);
      await plane.expose(place.project, name);
    },
  };

  return [
    ...routesOf(registry, templates),
    ...routesOf(registry, healthChecks),
    ...routesOf(registry, services),
    ...frontRoutes(registry, plane),
    {
      method: 'POST',
      template: `${pathsOf(services)[0]}/:name/getHealth`,
      handle({ body }, parts) {
        const place = placeOf(parts);
        const service = find(services.map, services.collection, { ...place, name: parts['name']! });
        const wanted = readLink(String((body as { group?: string })?.group), place);
        if (!service.backends.some(({ group }) => keyOf(readLink(group, place)) === keyOf(wanted)))
          throw invalid('resource.group', wanted.name, `It is no backend of '${service.name}'.`);
        const health = plane.health(service.name, wanted.project, wanted.location, wanted.name);
        return ok({
          kind: 'compute#backendServiceGroupHealth',
          healthStatus: health.map(({ instance, healthy }) => ({
            instance: linkTo(
              { project: instance.project, location: instance.zone },
              'instances',
              instance.name,
            ),
            ipAddress: instance.ip,
            port: SERVICE_PORT,
            healthState: healthy ? 'HEALTHY' : 'UNHEALTHY',
          })),
        });
      },
    },
  ];
}
