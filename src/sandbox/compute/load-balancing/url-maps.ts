import type { Plane, World } from '../../world.ts';
import type { Kind } from '../collection.ts';
import { refuseFields } from '../contract/validate.ts';
import { find, invalid, linkTo, ownedBy, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import { UrlMapBody } from './shapes.ts';
import type { RouteAction, TargetProxy, UrlMap } from './shapes.ts';

/** Where a default or a rule sends requests. */
interface Destination {
  service?: string | undefined;
  routeAction?: RouteAction | undefined;
}

const NOT_ACTED_ON = ['headerAction', 'urlRedirect', 'defaultUrlRedirect', 'customErrorResponsePolicy'];

/** URL maps: hosts to path matchers, paths to backend services, each with weights where the map says so. */
export function urlMapKind(world: World, plane: Plane): Kind<UrlMap> {
  return {
    collection: 'urlMaps',
    singular: 'urlMap',
    scopes: ['global'],
    map: world.urlMaps as Map<string, UrlMap>,
    schema: UrlMapBody,
    changes: 'byName',
    hasFingerprint: true,
    check(place, map) {
      refuseFields(map, ...NOT_ACTED_ON, 'defaultCustomErrorResponsePolicy', 'tests');
      checkDestinations(world, place, map);
      checkHosts(map);
    },
    stored: ({ project }) => plane.route(project),
    usedBy(place, { name }) {
      const proxies = [
        ...ownedBy(world.targetHttpProxies, place),
        ...ownedBy(world.targetHttpsProxies, place),
      ];
      return proxies.find((proxy) => readLink((proxy as TargetProxy).urlMap, place).name === name)?.name;
    },
  };
}

/** Names of the backend services that a URL map sends to. */
export function servicesOf(map: UrlMap, place: Place): Set<string> {
  const links = destinationsOf(map).flatMap(({ service, routeAction }) => [
    ...(service === undefined ? [] : [service]),
    ...(routeAction?.weightedBackendServices ?? []).map(({ backendService }) => backendService),
  ]);
  return new Set(links.map((link) => readLink(link, place).name));
}

function destinationsOf(map: UrlMap): Destination[] {
  return [
    { service: map.defaultService, routeAction: map.defaultRouteAction },
    ...map.pathMatchers.flatMap((matcher) => [
      { service: matcher.defaultService, routeAction: matcher.defaultRouteAction },
      ...matcher.pathRules,
      ...matcher.routeRules,
    ]),
  ];
}

/** Every way through the map ends at backend services that exist; links become full ones. */
function checkDestinations(world: World, place: Place, map: UrlMap): void {
  const linked = (link: string) => {
    const reference = readLink(link, place);
    find(world.backendServices, 'backendServices', reference);
    return linkTo(reference, 'backendServices', reference.name);
  };
  const checkAction = (field: string, action: RouteAction | undefined, service: string | undefined) => {
    refuseFields(
      action ?? {},
      ...Object.keys(action ?? {}).filter((name) => name !== 'weightedBackendServices'),
    );
    const weighted = action?.weightedBackendServices ?? [];
    if ((service === undefined) === (weighted.length === 0))
      throw invalid(field, service, 'Give a service, or weightedBackendServices in its route action.');
    for (const share of weighted) share.backendService = linked(share.backendService);
  };
  const checkDefault = (field: string, owner: UrlMap | UrlMap['pathMatchers'][number]) => {
    checkAction(`${field}.defaultService`, owner.defaultRouteAction, owner.defaultService);
    if (owner.defaultService !== undefined) owner.defaultService = linked(owner.defaultService);
  };
  checkDefault('resource', map);
  for (const [index, matcher] of map.pathMatchers.entries()) {
    const field = `resource.pathMatchers[${index}]`;
    refuseFields(matcher, ...NOT_ACTED_ON, 'defaultCustomErrorResponsePolicy');
    checkDefault(field, matcher);
    for (const rule of [...matcher.pathRules, ...matcher.routeRules]) {
      refuseFields(rule, ...NOT_ACTED_ON);
      checkAction(`${field}.service`, rule.routeAction, rule.service);
      if (rule.service !== undefined) rule.service = linked(rule.service);
    }
    for (const { matchRules } of matcher.routeRules) checkMatchRules(field, matchRules);
  }
}

function checkMatchRules(
  field: string,
  rules: UrlMap['pathMatchers'][number]['routeRules'][number]['matchRules'],
): void {
  for (const rule of rules) {
    refuseFields(rule, 'metadataFilters', 'pathTemplateMatch');
    for (const header of rule.headerMatches) refuseFields(header, 'rangeMatch');
    const patterns = [rule, ...rule.headerMatches, ...rule.queryParameterMatches].map(
      ({ regexMatch }) => regexMatch,
    );
    for (const pattern of patterns) {
      try {
        void new RegExp(pattern ?? '');
      } catch (error) {
        throw invalid(`${field}.regexMatch`, pattern, (error as Error).message);
      }
    }
  }
}

function checkHosts({ hostRules, pathMatchers }: UrlMap): void {
  for (const { pathMatcher } of hostRules)
    if (!pathMatchers.some(({ name }) => name === pathMatcher))
      throw invalid('resource.hostRules.pathMatcher', pathMatcher, 'Name one of the pathMatchers.');
}
