import { ok } from '../http.ts';
import type { Api, ApiRequest } from '../http.ts';
import { messageType, readMessage, withNumbers } from './contract.ts';
import type { Fields } from './contract.ts';
import { failure, invalid } from './errors.ts';
import type { Method } from './service.ts';

/** Parameters that every Google API takes. */
const SYSTEM_PARAMETERS = /^(\$?alt|\$\.xgafv|prettyPrint|key|quotaUser|access_token|oauth_token|callback)$/;

/** REST methods: HTTP method, what follows `/v3/projects/<project>/`, the service's method, and its answer's type. */
const ROUTES: [http: string, path: RegExp, method: string, answer: string, body?: string][] = [
  ['GET', /^timeSeries$/, 'ListTimeSeries', 'ListTimeSeriesResponse'],
  ['POST', /^timeSeries$/, 'CreateTimeSeries', '', '*'],
  ['POST', /^timeSeries:createService$/, 'CreateServiceTimeSeries', '', '*'],
  ['GET', /^metricDescriptors$/, 'ListMetricDescriptors', 'ListMetricDescriptorsResponse'],
  [
    'POST',
    /^metricDescriptors$/,
    'CreateMetricDescriptor',
    'google.api.MetricDescriptor',
    'metricDescriptor',
  ],
  ['GET', /^metricDescriptors\/.+$/, 'GetMetricDescriptor', 'google.api.MetricDescriptor'],
  ['DELETE', /^metricDescriptors\/.+$/, 'DeleteMetricDescriptor', ''],
  [
    'GET',
    /^monitoredResourceDescriptors$/,
    'ListMonitoredResourceDescriptors',
    'ListMonitoredResourceDescriptorsResponse',
  ],
  [
    'GET',
    /^monitoredResourceDescriptors\/.+$/,
    'GetMonitoredResourceDescriptor',
    'google.api.MonitoredResourceDescriptor',
  ],
];

/** Monitoring v3 over REST: metrics, their descriptors and monitored resources. The rest of it answers 501. */
export function createMonitoringApi(service: Record<string, Method>): Api {
  return async (request) => {
    const [, project, rest = ''] = /^\/v3\/projects\/([^/]+)\/(.+)$/.exec(request.path) ?? [];
    if (!request.path.startsWith('/v3/')) return undefined;
    const route = ROUTES.find(([http, path]) => http === request.method && path.test(rest));
    if (!route)
      throw failure(
        'UNIMPLEMENTED',
        `${request.method} ${request.path} is not emulated by the sandbox: docs/sandbox.md lists what is.`,
      );
    const [, , method, answerType, body] = route;
    const parent = `projects/${decodeURIComponent(project!)}`;
    const isOne = rest.includes('/');
    const name = isOne ? `${parent}/${decodeURIComponent(rest)}` : parent;
    const type = messageType(requestOf(method));
    const answer = service[method]!(readRequest(type, request, name, body), request.faults?.struck ?? []);
    const numbers = (request.query.get('$alt') ?? '').includes('enum-encoding=int');
    return ok(numbers && answerType !== '' ? withNumbers(messageType(answerType), answer) : answer);
  };
}

type Type = ReturnType<typeof messageType>;

/** `createService` takes the very message that `create` takes. */
function requestOf(method: string): string {
  return method === 'CreateServiceTimeSeries' ? 'CreateTimeSeriesRequest' : `${method}Request`;
}

/** Query and body as the one message that they are. */
function readRequest(type: Type, { query, body }: ApiRequest, name: string, bodyField?: string): Fields {
  const given = body === '' || body === undefined ? {} : body;
  if (bodyField === '*') return readMessage(type, { ...(given as Fields), name });
  const fields: Fields = bodyField === undefined ? {} : { [bodyField]: given };
  for (const key of new Set(query.keys()))
    if (!SYSTEM_PARAMETERS.test(key)) setField(type, fields, key.split('.'), query.getAll(key), key);
  return readMessage(type, { ...fields, name });
}

/** Puts a parameter such as `aggregation.alignmentPeriod` where it belongs. */
function setField(type: Type, into: Fields, [head, ...rest]: string[], values: string[], key: string): void {
  const field = type.fields[head!];
  if (field && rest.length > 0 && 'fields' in (field.resolvedType ?? {})) {
    const inner = (into[head!] ??= {}) as Fields;
    setField(field.resolvedType as Type, inner, rest, values, key);
    return;
  }
  if (values.length > 1 && !field?.repeated) throw invalid(`'${key}' is given more than once`);
  into[head!] = field?.repeated ? values : rest.length > 0 ? { [rest.join('.')]: values[0] } : values[0];
}
