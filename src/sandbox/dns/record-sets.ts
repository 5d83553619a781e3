import { z } from 'zod';
import { suggestion } from '../faults/checks.ts';
import { ApiError } from '../http.ts';

/** What clients may send beside the fields that count. */
const Kind = z.string().optional();
const Numeric = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)]).transform(Number);
const Rrdatas = z.array(z.string().min(1)).default([]);
const Signatures = z.array(z.string()).optional();

const Targets = z.strictObject({
  kind: Kind,
  externalEndpoints: z.array(z.string()).default([]),
  internalLoadBalancers: z
    .array(
      z.strictObject({
        kind: Kind,
        ipAddress: z.string(),
        ipProtocol: z.enum(['undefined', 'tcp', 'udp']).optional(),
        loadBalancerType: z.enum(['none', 'globalL7ilb', 'regionalL4ilb', 'regionalL7ilb']).optional(),
        networkUrl: z.string().optional(),
        port: z.coerce.string().optional(),
        project: z.string().optional(),
        region: z.string().optional(),
      }),
    )
    .default([]),
});

const Answers = {
  kind: Kind,
  rrdatas: Rrdatas,
  signatureRrdatas: Signatures,
  healthCheckedTargets: Targets.optional(),
};
const Geo = z.strictObject({
  kind: Kind,
  enableFencing: z.boolean().default(false),
  items: z.array(z.strictObject({ location: z.string().min(1), ...Answers })).min(1),
});

const Policy = z.strictObject({
  kind: Kind,
  wrr: z
    .strictObject({
      kind: Kind,
      items: z.array(z.strictObject({ weight: Numeric.pipe(z.number().min(0)), ...Answers })).min(1),
    })
    .optional(),
  geo: Geo.optional(),
  primaryBackup: z
    .strictObject({
      kind: Kind,
      primaryTargets: Targets,
      backupGeoTargets: Geo,
      trickleTraffic: Numeric.pipe(z.number().min(0).max(1)).default(0),
    })
    .optional(),
  healthCheck: z.string().optional(),
});

const Schema = z.strictObject({
  kind: Kind,
  name: z.string(),
  type: z.string().regex(/^[A-Z]+$/, 'give a record type such as A'),
  ttl: Numeric.pipe(z.number().int().min(0)),
  rrdatas: Rrdatas,
  signatureRrdatas: Signatures,
  routingPolicy: Policy.optional(),
});

/** A resource record set as the API tells it: plain data, or a routing policy. */
export interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas?: string[];
  routingPolicy?: RoutingPolicy;
}

export type RoutingPolicy = z.infer<typeof Policy>;
export type GeoPolicy = z.infer<typeof Geo>;
export type HealthCheckedTargets = z.infer<typeof Targets>;
/** Data of one bucket of a policy. */
export type PolicyItem = { rrdatas: string[]; healthCheckedTargets?: HealthCheckedTargets | undefined };

/** A record set checked, integers that were given as strings as numbers. Throws 400 naming field, value and remedy. */
export function readRecordSet(dnsName: string, given: unknown, field: string): RecordSet {
  const parsed = Schema.safeParse(given);
  if (!parsed.success) throw refusal(parsed.error.issues, given, field);
  const { name, type, ttl, rrdatas, routingPolicy } = parsed.data;
  const refuse = (inner: string, value: unknown, remedy: string) =>
    new ApiError(400, 'invalid', `Invalid value for '${field}.${inner}': '${String(value)}'; ${remedy}`);
  if (!`.${name}`.toLowerCase().endsWith(`.${dnsName.toLowerCase()}`))
    throw refuse('name', name, `give a name under ${dnsName}, with its last dot`);
  if (!routingPolicy) {
    if (rrdatas.length === 0) throw refuse('rrdatas', '', 'give data or a routingPolicy');
    if (type === 'CNAME' && rrdatas.length > 1) throw refuse('rrdatas', rrdatas, 'a CNAME has one');
    return { name, type, ttl, rrdatas };
  }
  checkPolicy(routingPolicy, refuse);
  return { name, type, ttl, routingPolicy };
}

function checkPolicy(
  { wrr, geo, primaryBackup }: RoutingPolicy,
  refuse: (inner: string, value: unknown, remedy: string) => Error,
): void {
  if ([wrr, geo, primaryBackup].filter(Boolean).length !== 1)
    throw refuse('routingPolicy', '', 'give exactly one of wrr, geo and primaryBackup');
  const geos = [geo, primaryBackup?.backupGeoTargets].flatMap((policy) => policy?.items ?? []);
  const locations = geos.map(({ location }) => location);
  if (new Set(locations).size < locations.length)
    throw refuse('routingPolicy.geo.items', locations.join(), 'give every location once');
  for (const item of [...(wrr?.items ?? []), ...geos])
    if (item.rrdatas.length === 0 && !hasTargets(item.healthCheckedTargets))
      throw refuse('routingPolicy.items', JSON.stringify(item), 'give rrdatas or healthCheckedTargets');
  if (primaryBackup && !hasTargets(primaryBackup.primaryTargets))
    throw refuse('routingPolicy.primaryBackup.primaryTargets', '', 'give at least one endpoint');
}

function hasTargets(targets: HealthCheckedTargets | undefined): boolean {
  return (targets?.externalEndpoints.length ?? 0) + (targets?.internalLoadBalancers.length ?? 0) > 0;
}

/** Without kinds, signatures and empty lists, which clients send or leave out as they please. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => key !== 'kind' && key !== 'signatureRrdatas' && inner !== undefined)
      .filter(([, inner]) => !Array.isArray(inner) || inner.length > 0)
      .map(([key, inner]) => [key, withoutEmpty(inner)]),
  );
}

/** As the API answers it. */
export function recordToWire(record: RecordSet): Record<string, unknown> {
  return { kind: 'dns#resourceRecordSet', ...(withoutEmpty(record) as RecordSet) };
}

/** What must be equal for a deletion to match. */
export function contentOf({ ttl, rrdatas, routingPolicy }: RecordSet): string {
  return JSON.stringify([ttl, rrdatas?.toSorted(), ordered(withoutEmpty(routingPolicy))]);
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, key === 'rrdatas' ? (inner as string[]).toSorted() : ordered(inner)]);
}

function refusal(issues: z.core.$ZodIssue[], given: unknown, field: string): ApiError {
  // An unknown name explains what is missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  const at = [field, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const remedy = issue.path.length === 0 ? `; ${suggestion(key, Object.keys(Schema.shape))}` : '';
    const message = `Invalid JSON payload received. Unknown name "${key}" at '${at}': Cannot find field`;
    return new ApiError(400, 'invalid', `${message}${remedy}`);
  }
  const value = issue.path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part],
    given,
  );
  return new ApiError(
    400,
    'invalid',
    `Invalid value for '${at}': '${JSON.stringify(value)}'; ${issue.message}`,
  );
}
