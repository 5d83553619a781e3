import { z } from 'zod';
import type { Resource } from '../../world.ts';
import { Name } from '../resources.ts';

/** Bodies of the resources of load balancing. Unknown fields are kept: clients send more than the sandbox acts on. */
const Link = z.string().min(1);

/** Shares of a route's traffic, by backend service; shares count in proportion. */
export const RouteAction = z.looseObject({
  weightedBackendServices: z
    .array(
      z.looseObject({
        backendService: Link,
        weight: z.coerce.number().int().min(0).max(1000, 'Use a weight of 0 to 1000.'),
      }),
    )
    .default([]),
});

const HeaderMatch = z.looseObject({
  headerName: z.string().min(1),
  exactMatch: z.string().optional(),
  prefixMatch: z.string().optional(),
  suffixMatch: z.string().optional(),
  regexMatch: z.string().optional(),
  presentMatch: z.boolean().optional(),
  invertMatch: z.boolean().default(false),
});

const ParameterMatch = z.looseObject({
  name: z.string().min(1),
  exactMatch: z.string().optional(),
  regexMatch: z.string().optional(),
  presentMatch: z.boolean().optional(),
});

const MatchRule = z
  .looseObject({
    prefixMatch: z.string().startsWith('/').optional(),
    fullPathMatch: z.string().startsWith('/').optional(),
    regexMatch: z.string().optional(),
    ignoreCase: z.boolean().default(false),
    headerMatches: z.array(HeaderMatch).default([]),
    queryParameterMatches: z.array(ParameterMatch).default([]),
  })
  .refine(
    ({ prefixMatch, fullPathMatch, regexMatch }) =>
      [prefixMatch, fullPathMatch, regexMatch].filter((match) => match !== undefined).length === 1,
    'Give one of prefixMatch, fullPathMatch and regexMatch.',
  );

const PathRule = z.looseObject({
  /** Exact paths, or all below one that ends with `/*`. */
  paths: z.array(
    z.string().regex(/^\/[^*?#]*(?<=\/)\*$|^\/[^*?#]*$/, "Begin with '/'; end with '/*' or without '*'."),
  ),
  service: Link.optional(),
  routeAction: RouteAction.optional(),
});

const RouteRule = z.looseObject({
  priority: z.coerce.number().int().min(0),
  matchRules: z.array(MatchRule).default([]),
  service: Link.optional(),
  routeAction: RouteAction.optional(),
});

const PathMatcher = z
  .looseObject({
    name: Name,
    defaultService: Link.optional(),
    defaultRouteAction: RouteAction.optional(),
    pathRules: z.array(PathRule).default([]),
    routeRules: z
      .array(RouteRule)
      .default([])
      .refine(
        (rules) => allDiffer(rules.map(({ priority }) => priority)),
        'Give every rule its own priority.',
      ),
  })
  .refine(
    ({ pathRules, routeRules }) => pathRules.length === 0 || routeRules.length === 0,
    'Use pathRules or routeRules, not both.',
  );

const HostRule = z.looseObject({
  hosts: z
    .array(
      z
        .string()
        .regex(/^(\*|(\*[-.])?[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/i, "Use a name, '*.' and a name, or '*'."),
    )
    .min(1),
  pathMatcher: z.string(),
});

export const UrlMapBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  defaultService: Link.optional(),
  defaultRouteAction: RouteAction.optional(),
  hostRules: z
    .array(HostRule)
    .default([])
    .refine((rules) => allDiffer(rules.flatMap(({ hosts }) => hosts)), 'Name every host once.'),
  pathMatchers: z
    .array(PathMatcher)
    .default([])
    .refine(
      (matchers) => allDiffer(matchers.map(({ name }) => name)),
      'Give every path matcher its own name.',
    ),
});

export const TargetProxyBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  urlMap: Link,
});

export const ForwardingRuleBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  IPAddress: z.string().optional(),
  IPProtocol: z.literal('TCP', 'A target proxy takes TCP.').default('TCP'),
  loadBalancingScheme: z
    .enum(['EXTERNAL', 'EXTERNAL_MANAGED'], 'The sandbox has global external load balancers only.')
    .default('EXTERNAL'),
  networkTier: z.literal('PREMIUM', 'A global forwarding rule is PREMIUM.').default('PREMIUM'),
  portRange: z
    .string()
    .regex(/^(\d{1,5})(-\1)?$/, 'Use one port, such as 80 or 80-80.')
    .refine(
      (range) => Number.parseInt(range) >= 1 && Number.parseInt(range) <= 65_535,
      'Use a port of 1 to 65535.',
    ),
  target: Link,
});

export type RouteAction = z.infer<typeof RouteAction>;
export type MatchRule = z.infer<typeof MatchRule>;
export type PathMatcher = z.infer<typeof PathMatcher>;
export type UrlMap = Resource & z.infer<typeof UrlMapBody>;
export type TargetProxy = Resource & z.infer<typeof TargetProxyBody>;
export type ForwardingRule = Resource & z.infer<typeof ForwardingRuleBody> & { IPAddress: string };

function allDiffer(values: unknown[]): boolean {
  return new Set(values).size === values.length;
}
