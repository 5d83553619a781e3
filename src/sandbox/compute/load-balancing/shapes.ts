import { z } from 'zod';
import type { Resource } from '../../world.ts';
import { Name } from '../resources.ts';

/** Bodies of the resources of load balancing. Unknown fields are kept: clients send more than the sandbox acts on. */
const Link = z.string().min(1);
const Port = z.coerce.number().int().min(1).max(65_535);
const Count = z.coerce.number().int().min(0);

/** 0, or 0.1 to 1: anything between is refused by Google too. */
const CapacityScaler = z
  .number()
  .refine((share) => share === 0 || (share >= 0.0999999 && share <= 1), 'Use 0, or 0.1 to 1.0.');

export const BackendServiceBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  protocol: z.string().default('HTTP'),
  loadBalancingScheme: z.string().default('EXTERNAL_MANAGED'),
  timeoutSec: Count.default(30),
  connectionDraining: z.looseObject({ drainingTimeoutSec: Count.max(3600).default(0) }).default({
    drainingTimeoutSec: 0,
  }),
  healthChecks: z.array(Link).default([]),
  backends: z
    .array(
      z.looseObject({
        group: Link,
        balancingMode: z.string().default('UTILIZATION'),
        capacityScaler: CapacityScaler.default(1),
        /** Requests/s of the whole backend, of each of its instances, of each of its endpoints. */
        maxRate: Count.optional(),
        maxRatePerInstance: z.number().min(0).optional(),
        maxRatePerEndpoint: z.number().min(0).optional(),
      }),
    )
    .default([])
    .refine(
      (backends) => backends.length !== 1 || backends[0]!.capacityScaler !== 0,
      'A single backend cannot have a capacityScaler of 0.0.',
    ),
});

const ProbeDetail = z.looseObject({ requestPath: z.string().startsWith('/').optional() });

export const HealthCheckBody = z
  .looseObject({
    name: Name,
    description: z.string().optional(),
    type: z.string().default('HTTP'),
    checkIntervalSec: z.coerce.number().int().min(1).max(300).default(5),
    timeoutSec: z.coerce.number().int().min(1).max(300).default(5),
    healthyThreshold: z.coerce.number().int().min(1).max(10).default(2),
    unhealthyThreshold: z.coerce.number().int().min(1).max(10).default(2),
    httpHealthCheck: ProbeDetail.optional(),
    tcpHealthCheck: ProbeDetail.optional(),
  })
  .refine(({ timeoutSec, checkIntervalSec }) => timeoutSec <= checkIntervalSec, {
    path: ['timeoutSec'],
    message: 'Must not exceed checkIntervalSec.',
  });

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
  /** Of HTTPS proxies. */
  sslCertificates: z.array(Link).default([]),
});

export const CertificateBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  type: z.string().default('SELF_MANAGED'),
  certificate: z.string().optional(),
  privateKey: z.string().optional(),
  selfManaged: z
    .looseObject({ certificate: z.string().optional(), privateKey: z.string().optional() })
    .optional(),
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

export const EndpointGroupBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  networkEndpointType: z
    .literal('GCE_VM_IP_PORT', 'The sandbox knows GCE_VM_IP_PORT only.')
    .default('GCE_VM_IP_PORT'),
  defaultPort: Port.optional(),
  endpoints: z.array(z.custom<Endpoint>()).default([]),
});

/** Google takes 500 endpoints in a call. */
export const EndpointsBody = z.looseObject({
  networkEndpoints: z
    .array(
      z.looseObject({ instance: Link.optional(), ipAddress: z.string().optional(), port: Port.optional() }),
    )
    .min(1)
    .max(500),
});

export interface Endpoint {
  /** Name and id: another instance may come by the same name. */
  instance: string;
  instanceId: string;
  port: number;
}

export type BackendService = Resource & z.infer<typeof BackendServiceBody>;
export type HealthCheck = Resource & z.infer<typeof HealthCheckBody>;
export type EndpointGroup = Resource & z.infer<typeof EndpointGroupBody>;
export type RouteAction = z.infer<typeof RouteAction>;
export type MatchRule = z.infer<typeof MatchRule>;
export type PathMatcher = z.infer<typeof PathMatcher>;
export type UrlMap = Resource & z.infer<typeof UrlMapBody>;
export type TargetProxy = Resource & z.infer<typeof TargetProxyBody>;
export type Certificate = Resource & z.infer<typeof CertificateBody>;
export type ForwardingRule = Resource & z.infer<typeof ForwardingRuleBody> & { IPAddress: string };

function allDiffer(values: unknown[]): boolean {
  return new Set(values).size === values.length;
}
