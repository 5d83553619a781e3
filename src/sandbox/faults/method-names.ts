import { catalogue } from '../compute/contract/catalogue.ts';
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

/** Kinds of resources by API, as the discovery documents name them. */
const RESOURCES = {
  compute: () => [...new Set(catalogue().methods.map(({ id }) => id.split('.')[0]!))],
  dns: () => [
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
  monitoring: () => [
    'projects.metricDescriptors',
    'projects.monitoredResourceDescriptors',
    'projects.timeSeries',
  ],
};

/** What is wrong with a method or a pattern of methods, as a remedy; undefined when there may be such calls. */
export function methodProblem(pattern: string): string | undefined {
  const [, api, resource, verb] = /^(\w+|\*)(?:\.(.+))?\.([\w*]+)$/.exec(pattern) ?? [];
  if (api === '*') return undefined;
  const known = RESOURCES[api as keyof typeof RESOURCES]?.() as string[] | undefined;
  if (!known || !verb)
    return `write <api>.<resource>.<verb> such as compute.instanceGroupManagers.insert, api one of ${Object.keys(RESOURCES).join(', ')}`;
  if (resource === undefined) return verb === '*' ? undefined : `write ${api}.<resource>.${verb}`;
  if (resource.includes('*') || known.includes(resource)) return undefined;
  return suggestion(
    `${api}.${resource}`,
    known.map((name) => `${api}.${name}`),
  );
}

/** Names a call by its HTTP method and path; undefined for what none of the three APIs has. */
export function nameCall(httpMethod: string, path: string): NamedCall | undefined {
  const segments = path.split('/').slice(1);
  if (segments[0] === 'compute') return nameCompute(httpMethod, path);
  if (segments[0] === 'dns') return nameDns(httpMethod, segments.slice(3));
  if (segments[0] === 'v3') return nameMonitoring(httpMethod, segments.slice(2));
  return undefined;
}

/** By the published contract. */
function nameCompute(httpMethod: string, path: string): NamedCall | undefined {
  const method = catalogue().methodOf(httpMethod, path);
  if (!method) return undefined;
  const given = path.split('/').slice(3);
  const valueOf = (parameter: string) => {
    const index = method.segments.indexOf(`{${parameter}}`);
    return index === -1 ? undefined : given[index];
  };
  const resources = method.segments.flatMap((segment, index) =>
    /^\{(?!project\}|zone\}|region\})/.test(segment) ? [decodeURIComponent(given[index]!)] : [],
  );
  const zone = valueOf('zone') ?? valueOf('region');
  return { api: 'compute', method: `compute.${method.id}`, project: valueOf('project'), zone, resources };
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
