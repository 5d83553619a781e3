import type { Plane, World } from '../../world.ts';
import { pathsOf, placeOf, route, routesOf } from '../collection.ts';
import type { Kind, Registry, Route } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { find, invalid, linkTo, ownedBy, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import { ForwardingRuleBody, TargetProxyBody } from './shapes.ts';
import type { ForwardingRule, TargetProxy } from './shapes.ts';
import { urlMapKind } from './url-maps.ts';

/** What stands before backend services: forwarding rules, which name a target proxy, which names a URL map. */
export function frontRoutes(registry: Registry, plane: Plane): Route[] {
  const { world } = registry;
  const proxies = httpProxyKind(world, plane);
  const rules = forwardingRuleKind(registry, plane);
  return [
    ...routesOf(registry, urlMapKind(world, plane)),
    ...routesOf(registry, proxies),
    ...routesOf(registry, rules),
    // Google's path of this verb lacks the word `global`.
    relink(registry, '/compute/v1/projects/:project/targetHttpProxies/:name/setUrlMap', proxies, 'urlMap'),
    relink(registry, `${pathsOf(rules)[0]}/:name/setTarget`, rules, 'target'),
  ];
}

function httpProxyKind(world: World, plane: Plane): Kind<TargetProxy> {
  return {
    collection: 'targetHttpProxies',
    singular: 'targetHttpProxy',
    scopes: ['global'],
    map: world.targetHttpProxies as Map<string, TargetProxy>,
    schema: TargetProxyBody,
    changes: 'byName',
    hasFingerprint: true,
    check(place, proxy) {
      refuseFields(proxy, 'httpKeepAliveTimeoutSec', 'proxyBind');
      const map = readLink(proxy.urlMap, place);
      find(world.urlMaps, 'urlMaps', map);
      proxy.urlMap = linkTo(map, 'urlMaps', map.name);
    },
    stored: ({ project }) => plane.route(project),
    usedBy: (place, { name }) =>
      ownedBy(world.forwardingRules as Map<string, ForwardingRule>, place).find(({ target }) =>
        target.endsWith(`/targetHttpProxies/${name}`),
      )?.name,
  };
}

function forwardingRuleKind({ world, ids }: Registry, plane: Plane): Kind<ForwardingRule> {
  return {
    collection: 'forwardingRules',
    singular: 'forwardingRule',
    scopes: ['global'],
    map: world.forwardingRules as Map<string, ForwardingRule>,
    schema: ForwardingRuleBody,
    changes: 'byName',
    hasFingerprint: true,
    check(place, rule, before) {
      refuseFields(
        rule,
        'backendService',
        'ports',
        'allPorts',
        'sourceIpRanges',
        'metadataFilters',
        'ipCollection',
      );
      checkTarget(world, place, rule);
      rule.portRange = rule.portRange.replace(/^(\d+)$/, '$1-$1');
      if (before === undefined && rule.IPAddress !== undefined) throw notImplemented("The field 'IPAddress'");
      rule.IPAddress = before?.IPAddress ?? ids.nextAddress();
    },
    stored: ({ project }) => plane.route(project),
    removed: ({ project }) => plane.route(project),
  };
}

function checkTarget(world: World, place: Place, rule: ForwardingRule): void {
  const collection = rule.target.split('/').at(-2);
  if (collection !== 'targetHttpProxies')
    throw notImplemented(`A forwarding rule whose target is of '${String(collection)}'`);
  const proxy = readLink(rule.target, place);
  find(world.targetHttpProxies, collection, proxy);
  rule.target = linkTo(proxy, collection, proxy.name);
}

/** A verb that gives a resource another link: `setUrlMap`, `setTarget`. */
function relink<R extends TargetProxy | ForwardingRule>(
  { operations }: Registry,
  template: string,
  kind: Kind<R>,
  field: 'urlMap' | 'target',
): Route {
  return route('POST', template, (request, parts) => {
    const place = placeOf(parts);
    return operations.run(request, place, template.split('/').at(-1)!, () => {
      const resource = find(kind.map, kind.collection, { ...place, name: parts['name']! });
      const given = (request.body as Record<string, string | undefined>)[field];
      if (given === undefined) throw invalid(`resource.${field}`, given, 'Give a link.');
      const next = { ...resource, [field]: given };
      kind.check?.(place, next, resource);
      Object.assign(resource, next);
      const until = kind.stored?.(place, resource);
      return {
        link: linkTo(place, kind.collection, resource.name),
        id: resource.id,
        ...(until ? { until } : {}),
      };
    });
  });
}
