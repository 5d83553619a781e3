import type { IncomingMessage } from 'node:http';
import type { MatchRule, PathMatcher, RouteAction, UrlMap } from '../compute/load-balancing/shapes.ts';
import { BackendChoice } from './backend-choice.ts';

/** Where a rule or a default sends requests: names of backend services with their weights. */
interface Destination {
  services: { name: string; weight: number; members: [{ name: string }] }[];
  choice: BackendChoice<{ name: string }>;
}

interface Subject {
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
}

/** Finds the first rule that fits, most specific or of the first priority first. */
type Finder = (subject: Subject) => Destination;

/**
 * A URL map made ready: which backend service gets a request. As documented: the exact host before the longest wildcard
 * before `*`; within a path matcher the longest path rule, or the first route rule by priority; else the default.
 */
export class Routing {
  readonly #hosts = new Map<string, Finder>();
  readonly #wildcards: { suffix: string; finder: Finder }[] = [];
  readonly #otherwise: Finder;

  constructor(map: UrlMap) {
    const finders = new Map(map.pathMatchers.map((matcher) => [matcher.name, finderOf(matcher)]));
    const last = destinationOf(map.defaultService, map.defaultRouteAction);
    this.#otherwise = () => last;
    for (const { hosts, pathMatcher } of map.hostRules)
      for (const host of hosts) {
        const finder = finders.get(pathMatcher)!;
        if (host.startsWith('*')) this.#wildcards.push({ suffix: host.slice(1).toLowerCase(), finder });
        else this.#hosts.set(host.toLowerCase(), finder);
      }
    this.#wildcards.sort((a, b) => b.suffix.length - a.suffix.length);
  }

  /** Name of the backend service for the request; undefined where all weights are 0. */
  serviceFor({ url = '/', headers }: IncomingMessage): string | undefined {
    const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const [path, query] = url.split('?', 2) as [string, string | undefined];
    const finder =
      this.#hosts.get(host) ??
      this.#wildcards.find(({ suffix }) => host.endsWith(suffix))?.finder ??
      this.#otherwise;
    const { choice, services } = finder({ path, query: new URLSearchParams(query), headers });
    return choice.pick(services)?.group;
  }
}

function destinationOf(service: string | undefined, action: RouteAction | undefined): Destination {
  const shares =
    service === undefined
      ? (action?.weightedBackendServices ?? [])
      : [{ backendService: service, weight: 1 }];
  const services = shares.map(({ backendService, weight }) => {
    const name = backendService.split('/').at(-1)!;
    return { name, weight, members: [{ name }] as [{ name: string }] };
  });
  return { services, choice: new BackendChoice() };
}

function finderOf(matcher: PathMatcher): Finder {
  const otherwise = destinationOf(matcher.defaultService, matcher.defaultRouteAction);
  const paths = matcher.pathRules
    .flatMap((rule) => {
      const destination = destinationOf(rule.service, rule.routeAction);
      return rule.paths.map((path) => ({ path, destination }));
    })
    .sort((a, b) => b.path.length - a.path.length);
  const rules = [...matcher.routeRules]
    .sort((a, b) => a.priority - b.priority)
    .map(({ matchRules, service, routeAction }) => ({
      matchRules,
      destination: destinationOf(service, routeAction),
    }));
  return (subject) =>
    (
      paths.find(({ path }) => coversPath(path, subject.path)) ??
      rules.find(({ matchRules }) => matchRules.some((rule) => matches(rule, subject)))
    )?.destination ?? otherwise;
}

function coversPath(rule: string, path: string): boolean {
  return rule.endsWith('*') ? path.startsWith(rule.slice(0, -1)) : path === rule;
}

function matches(rule: MatchRule, { path, query, headers }: Subject): boolean {
  const folded = (text: string) => (rule.ignoreCase ? text.toLowerCase() : text);
  const fitsPath =
    (rule.fullPathMatch !== undefined && folded(path) === folded(rule.fullPathMatch)) ||
    (rule.prefixMatch !== undefined && folded(path).startsWith(folded(rule.prefixMatch))) ||
    (rule.regexMatch !== undefined && fitsWhole(rule.regexMatch, path));
  return (
    fitsPath &&
    rule.headerMatches.every((header) => {
      const value = headers[header.headerName.toLowerCase()];
      return fitsText(header, Array.isArray(value) ? value.join(',') : value) !== header.invertMatch;
    }) &&
    rule.queryParameterMatches.every((parameter) =>
      fitsText(parameter, query.get(parameter.name) ?? undefined),
    )
  );
}

interface TextMatch {
  exactMatch?: string | undefined;
  prefixMatch?: string | undefined;
  suffixMatch?: string | undefined;
  regexMatch?: string | undefined;
  presentMatch?: boolean | undefined;
}

function fitsText(match: TextMatch, value: string | undefined): boolean {
  if (value === undefined) return false;
  return (
    (match.presentMatch ?? false) ||
    value === match.exactMatch ||
    (match.prefixMatch !== undefined && value.startsWith(match.prefixMatch)) ||
    (match.suffixMatch !== undefined && value.endsWith(match.suffixMatch)) ||
    (match.regexMatch !== undefined && fitsWhole(match.regexMatch, value))
  );
}

function fitsWhole(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}
