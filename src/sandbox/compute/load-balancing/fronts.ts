import type { Plane, World } from '../../world.ts';
import { pathsOf, placeOf, route, routesOf } from '../collection.ts';
import type { Kind, Registry, Route } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { find, fingerprintOf, invalid, linkTo, ownedBy, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import { certificateKind } from './certificates.ts';
import { ForwardingRuleBody, TargetProxyBody } from './shapes.ts';
import type { ForwardingRule, TargetProxy } from './shapes.ts';
import { urlMapKind } from './url-maps.ts';

/** Collection of the target proxies of a scheme. */
type ProxyCollection = 'targetHttpProxies' | 'targetHttpsProxies';

/** What stands before backend services: forwarding rules, which name a target proxy, which names a URL map. */
export function frontRoutes(registry: Registry, plane: Plane): Route[] {
  const { world } = registry;
  const proxies = proxyKind(world, plane, 'targetHttpProxies');
  const httpsProxies = proxyKind(world, plane, 'targetHttpsProxies');
  const rules = forwardingRuleKind(registry, plane);
  // Google's paths of these verbs lack the word `global`.
  const ofProxies = '/compute/v1/projects/:project';
  return [
    ...routesOf(registry, urlMapKind(world, plane)),
    ...routesOf(registry, certificateKind(world)),
    ...routesOf(registry, proxies),
    ...routesOf(registry, httpsProxies),
    ...routesOf(registry, rules),
    relink(registry, `${ofProxies}/targetHttpProxies/:name/setUrlMap`, proxies, 'urlMap'),
    relink(registry, `${ofProxies}/targetHttpsProxies/:name/setUrlMap`, httpsProxies, 'urlMap'),
    relink(
      registry,
      `${ofProxies}/targetHttpsProxies/:name/setSslCertificates`,
      httpsProxies,
      'sslCertificates',
    ),
    relink(registry, `${pathsOf(rules)[0]}/:name/setTarget`, rules, 'target'),
  ];
}

function proxyKind(world: World, plane: Plane, collection: ProxyCollection): Kind<TargetProxy> {
  const isSecure = collection === 'targetHttpsProxies';
  return {
    collection,
    singular: isSecure ? 'targetHttpsProxy' : 'targetHttpProxy',
    scopes: ['global'],
    map: world[collection] as Map<string, TargetProxy>,
    schema: TargetProxyBody,
    changes: 'byName',
    hasFingerprint: true,
    check(place, proxy) {
      refuseFields(proxy, 'httpKeepAliveTimeoutSec', 'proxyBind', 'certificateMap', 'sslPolicy');
      refuseFields(proxy, 'serverTlsPolicy', 'authorizationPolicy', 'tlsEarlyData', 'quicOverride');
      const map = readLink(proxy.urlMap, place);
      find(world.urlMaps, 'urlMaps', map);
      proxy.urlMap = linkTo(map, 'urlMaps', map.name);
      if (isSecure) checkCertificates(world, place, proxy);
    },
    stored: ({ project }) => plane.route(project),
    usedBy: (place, { name }) =>
      ownedBy(world.forwardingRules as Map<string, ForwardingRule>, place).find(({ target }) =>
        target.endsWith(`/${collection}/${name}`),
      )?.name,
    view(_, proxy) {
      const { sslCertificates, ...fields } = proxy;
      const shown = isSecure ? { ...fields, sslCertificates } : fields;
      return { ...shown, fingerprint: fingerprintOf(proxy) };
    },
  };
}

function checkCertificates(world: World, place: Place, proxy: TargetProxy): void {
  if (proxy.sslCertificates.length === 0)
    throw invalid('resource.sslCertificates', proxy.sslCertificates, 'Name a certificate.');
  if (proxy.sslCertificates.length > 1) throw notImplemented('A proxy with more than one certificate');
  proxy.sslCertificates = proxy.sslCertificates.map((link) => {
    const certificate = readLink(link, place);
    find(world.sslCertificates, 'sslCertificates', certificate);
    return linkTo(certificate, 'sslCertificates', certificate.name);
  });
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
      checkTarget(world, place, rule, before);
      rule.portRange = rule.portRange.replace(/^(\d+)$/, '$1-$1');
      if (before === undefined && rule.IPAddress !== undefined) throw notImplemented("The field 'IPAddress'");
      rule.IPAddress = before?.IPAddress ?? ids.nextAddress();
    },
    stored: ({ project }) => plane.route(project),
    removed: ({ project }) => plane.route(project),
  };
}

function checkTarget(
  world: World,
  place: Place,
  rule: ForwardingRule,
  before: ForwardingRule | undefined,
): void {
  const collection = rule.target.split('/').at(-2);
  if (collection !== 'targetHttpProxies' && collection !== 'targetHttpsProxies')
    throw notImplemented(`A forwarding rule whose target is of '${String(collection)}'`);
  const proxy = readLink(rule.target, place);
  find(world[collection], collection, proxy);
  rule.target = linkTo(proxy, collection, proxy.name);
  if (before && !before.target.includes(`/${collection}/`))
    throw invalid('resource.target', rule.target, 'The new target must be of the same type as the old one.');
}

/** A verb that gives a resource another link, or other links: `setUrlMap`, `setTarget`, `setSslCertificates`. */
function relink<R extends TargetProxy | ForwardingRule>(
  { operations }: Registry,
  template: string,
  kind: Kind<R>,
  field: 'urlMap' | 'target' | 'sslCertificates',
): Route {
  return route('POST', template, (request, parts) => {
    const place = placeOf(parts);
    return operations.run(request, place, template.split('/').at(-1)!, () => {
      const resource = find(kind.map, kind.collection, { ...place, name: parts['name']! });
      const given = (request.body as Record<string, string | string[] | undefined>)[field];
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
