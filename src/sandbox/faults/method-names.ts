import { suggestion } from './checks.ts';

/** A REST call by the names of the discovery documents. */
export interface NamedCall {
  api: 'compute' | 'dns' | 'monitoring';
  /** E.g. `compute.instanceGroupManagers.insert`. */
  method: string;
  project: string | undefined;
  /** Compute's zone or region. */
  zone: string | undefined;
  /** Names in the path, of resources and what is within them. */
  resources: string[];
}

/** Collections that the discovery document calls `region...` where they lie in a region; the others keep their name. */
const REGIONAL = [
  'autoscalers',
  'backendServices',
  'disks',
  'diskTypes',
  'healthChecks',
  'instanceGroupManagers',
  'instanceGroups',
  'instanceTemplates',
  'instances',
  'networkEndpointGroups',
  'operations',
  'securityPolicies',
  'sslCertificates',
  'targetHttpProxies',
  'targetHttpsProxies',
  'targetTcpProxies',
  'urlMaps',
];
/** Likewise `global...` where they are global. */
const GLOBAL = ['addresses', 'forwardingRules', 'networkEndpointGroups', 'operations'];
const PLAIN = [
  'addresses',
  'advice',
  'autoscalers',
  'backendServices',
  'disks',
  'firewalls',
  'forwardingRules',
  'futureReservations',
  'healthChecks',
  'images',
  'instanceGroupManagerResizeRequests',
  'instanceGroupManagers',
  'instanceGroups',
  'instanceTemplates',
  'instances',
  'machineTypes',
  'networkEndpointGroups',
  'networks',
  'projects',
  'regions',
  'reservations',
  'subnetworks',
  'targetHttpProxies',
  'targetHttpsProxies',
  'urlMaps',
  'zoneOperations',
  'zones',
];
const RESOURCES = {
  compute: [
    ...PLAIN,
    ...REGIONAL.map((collection) => `region${capital(collection)}`),
    ...GLOBAL.map((collection) => `global${capital(collection)}`),
    'regionInstanceGroupManagerResizeRequests',
  ],
  dns: [
    'changes',
    'dnsKeys',
    'managedZoneOperations',
    'managedZones',
    'policies',
    'projects',
    'resourceRecordSets',
    'responsePolicies',
    'responsePolicyRules',
  ],
  monitoring: ['projects.metricDescriptors', 'projects.monitoredResourceDescriptors', 'projects.timeSeries'],
};

/** What is wrong with a method or a pattern of methods, as a remedy; undefined when there may be such calls. */
export function methodProblem(pattern: string): string | undefined {
  const [, api, resource, verb] = /^(\w+|\*)(?:\.(.+))?\.([\w*]+)$/.exec(pattern) ?? [];
  if (api === '*') return undefined;
  const known = RESOURCES[api as keyof typeof RESOURCES] as string[] | undefined;
  if (!known || !verb)
    return `write <api>.<resource>.<verb> such as compute.instanceGroupManagers.insert, api one of ${Object.keys(RESOURCES).join(', ')}`;
  if (resource === undefined) return verb === '*' ? undefined : `write ${api}.<resource>.${verb}`;
  if (resource.includes('*') || known.includes(resource)) return undefined;
  return suggestion(
    `${api}.${resource}`,
    known.map((name) => `${api}.${name}`),
  );
}

/** Names a call by its HTTP method and path; undefined outside the three APIs. */
export function nameCall(httpMethod: string, path: string): NamedCall | undefined {
  const segments = path.split('/').slice(1);
  if (segments[0] === 'compute') return nameCompute(httpMethod, segments.slice(3));
  if (segments[0] === 'dns') return nameDns(httpMethod, segments.slice(3));
  if (segments[0] === 'v3') return nameMonitoring(httpMethod, segments.slice(2));
  return undefined;
}

/** Of `<project>/<scope>/...`. */
function nameCompute(httpMethod: string, [project, ...rest]: string[]): NamedCall {
  const named = (resource: string, verb: string, zone?: string, resources: string[] = []): NamedCall => ({
    api: 'compute',
    method: `compute.${resource}.${verb}`,
    project,
    zone,
    resources,
  });
  const [scope, ...inner] = rest;
  if (scope === undefined) return named('projects', 'get');
  if (scope === 'aggregated') return named(inner[0] ?? '', 'aggregatedList');
  const hasPlace = scope === 'zones' || scope === 'regions';
  if (hasPlace && inner.length < 2) return named(scope, inner.length === 0 ? 'list' : 'get', inner[0]);
  if (!hasPlace && scope !== 'global') return named('projects', scope);
  const place = hasPlace ? inner[0] : undefined;
  const [collection = '', ...names] = hasPlace ? inner.slice(1) : inner;
  const within = names[1] === 'resizeRequests';
  const resource = inScope(scope, within ? 'instanceGroupManagerResizeRequests' : collection);
  const own = within ? names.slice(2) : names;
  const resources = [names.slice(0, 1), within ? names.slice(2, 3) : []].flat();
  return named(resource, verbOf(httpMethod, own), place, resources);
}

function inScope(scope: string, collection: string): string {
  if (scope === 'regions' && (REGIONAL.includes(collection) || collection.endsWith('ResizeRequests')))
    return `region${capital(collection)}`;
  if (scope === 'global' && GLOBAL.includes(collection)) return `global${capital(collection)}`;
  return scope === 'zones' && collection === 'operations' ? 'zoneOperations' : collection;
}

/** Of what follows the collection: nothing, a name, or a name and a verb. */
function verbOf(httpMethod: string, rest: string[]): string {
  if (rest.length >= 2) return rest.at(-1)!;
  const onOne = rest.length === 1;
  if (httpMethod === 'POST' && onOne) return rest[0]!;
  if (httpMethod === 'GET') return onOne ? 'get' : 'list';
  const verbs: Record<string, string> = { DELETE: 'delete', PATCH: 'patch', PUT: 'update', POST: 'insert' };
  return verbs[httpMethod] ?? httpMethod.toLowerCase();
}

/** Of `<project>/managedZones/<zone>/rrsets/<name>/<type>` and the like. */
function nameDns(httpMethod: string, [project, collection, name, inner, ...names]: string[]): NamedCall {
  const resources = [name, names[0]].flatMap((part) => (part === undefined ? [] : decodeURIComponent(part)));
  const named = (resource: string, verb: string): NamedCall => ({
    api: 'dns',
    method: `dns.${resource}.${verb}`,
    project,
    zone: undefined,
    resources,
  });
  if (collection === undefined) return named('projects', 'get');
  if (inner === undefined) return named(collection, dnsVerb(httpMethod, name !== undefined));
  const resource = {
    rrsets: 'resourceRecordSets',
    operations: 'managedZoneOperations',
    rules: 'responsePolicyRules',
  }[inner];
  return named(resource ?? inner, dnsVerb(httpMethod, names.length > 0));
}

function dnsVerb(httpMethod: string, onOne: boolean): string {
  const verbs: Record<string, string> = { DELETE: 'delete', PATCH: 'patch', PUT: 'update', POST: 'create' };
  return verbs[httpMethod] ?? (onOne ? 'get' : 'list');
}

/** Of `<project>/timeSeries:verb` and the like. */
function nameMonitoring(httpMethod: string, [project, last = '', ...names]: string[]): NamedCall {
  const [collection, verb] = last.split(':');
  const name = verb ?? dnsVerb(httpMethod, names.length > 0);
  return {
    api: 'monitoring',
    method: `monitoring.projects.${collection}.${name}`,
    project,
    zone: undefined,
    resources: names.length > 0 ? [decodeURIComponent(names.join('/'))] : [],
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
