import type { Resource, World } from '../../world.ts';
import type { Kind } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { ownedBy, readLink } from '../resources.ts';
import type { Group } from '../shapes.ts';
import { HealthCheckBody } from './shapes.ts';
import type { BackendService, HealthCheck } from './shapes.ts';

/** Health checks that can really probe the sandbox's instances: HTTP asks, TCP connects. */
export function healthCheckKind(world: World): Kind<HealthCheck> {
  return {
    collection: 'healthChecks',
    singular: 'healthCheck',
    scopes: ['global'],
    map: world.healthChecks as Map<string, HealthCheck>,
    changes: 'byName',
    schema: HealthCheckBody,
    check(_, check) {
      if (check.type !== 'HTTP' && check.type !== 'TCP')
        throw notImplemented(`A health check by ${check.type}: instances speak plain HTTP, and it`);
      refuseFields(check, 'httpsHealthCheck', 'http2HealthCheck', 'sslHealthCheck', 'sourceRegions');
      refuseFields(check, 'grpcHealthCheck', 'grpcTlsHealthCheck');
      for (const detail of [check.httpHealthCheck, check.tcpHealthCheck])
        refuseFields(detail ?? {}, 'request', 'response', 'host');
    },
    usedBy: (place, { name }) => userOf(world, place, name),
  };
}

function userOf(
  world: World,
  place: { project: string; location: string },
  name: string,
): string | undefined {
  const isIt = (link: string) => readLink(link, place).name === name;
  const services = ownedBy(world.backendServices as Map<string, BackendService>, place);
  const groups = ownedBy(world.groups as Map<string, Resource & Group>, place);
  const service = services.find(({ healthChecks }) => healthChecks.some(isIt));
  const group = groups.find(({ autoHealingPolicies }) =>
    autoHealingPolicies?.some(({ healthCheck }) => isIt(healthCheck)),
  );
  return service?.name ?? group?.name;
}
