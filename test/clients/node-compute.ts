import * as compute from '@google-cloud/compute';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { CallError } from './caller.ts';
import type { Caller, Json } from './caller.ts';

type Act = (request: Json) => Promise<unknown[]>;
type Client = Record<string, Act> & { close(): Promise<void> };

/** @google-cloud/compute, one client a service, made when first asked for. */
export function nodeCompute(rest: string, project: string): Caller {
  const { hostname, port } = new URL(rest);
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: project });
  const options = { apiEndpoint: hostname, port: Number(port), protocol: 'http', auth };
  const clients = new Map<string, Client>();

  function clientOf(service: string): Client {
    let client = clients.get(service);
    if (!client) {
      const name = `${service[0]!.toUpperCase()}${service.slice(1)}Client`;
      const Kind = (compute as unknown as Record<string, new (given: typeof options) => Client>)[name]!;
      clients.set(service, (client = new Kind(options)));
    }
    return client;
  }

  async function send(method: string, params: Json, body: Json | undefined): Promise<unknown> {
    const [, service, verb] = method.split('.') as [string, string, string];
    const request = body === undefined ? params : { ...params, [bodyField(service, verb)]: body };
    const [answer] = await refusing(() => clientOf(service)[verb]!(request));
    return answer;
  }

  async function call(method: string, params: Json, body?: Json): Promise<Json> {
    const answer = (await send(method, params, body)) as Json;
    return (answer['latestResponse'] as Json | undefined) ?? answer;
  }

  async function change(method: string, params: Json, body?: Json): Promise<Json> {
    const { name: operation } = await call(method, params, body);
    const { zone, region } = params;
    const scope = zone !== undefined ? { zone } : region !== undefined ? { region } : {};
    const collection = `${Object.keys(scope)[0] ?? 'global'}Operations`;
    for (;;) {
      const done = await call(`compute.${collection}.wait`, {
        project: params['project'],
        ...scope,
        operation,
      });
      if (done['status'] !== 'DONE') continue;
      const failure = (done['error'] as { errors?: { code: string; message: string }[] } | null)?.errors?.[0];
      if (!failure) return done;
      const status = Number(done['httpErrorStatusCode']);
      throw new CallError({ status, reason: failure.code, message: failure.message });
    }
  }

  return {
    call,
    change,
    list: async (method, params, body) => (await send(method, params, body)) as Json[],
    async aggregated(method, params) {
      const scopes: Record<string, Json> = {};
      const pages = clientOf(method.split('.')[1]!)['aggregatedListAsync']!(params);
      for await (const [scope, held] of pages as unknown as AsyncIterable<[string, Json]>)
        scopes[scope] = held;
      return scopes;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

/** Verbs whose body is not called after service and verb. */
const BODY_FIELDS: Record<string, string> = {
  getHealth: 'resourceGroupReferenceResource',
  setUrlMap: 'urlMapReferenceResource',
  attachNetworkEndpoints: 'networkEndpointGroupsAttachEndpointsRequestResource',
  detachNetworkEndpoints: 'networkEndpointGroupsDetachEndpointsRequestResource',
  listNetworkEndpoints: 'networkEndpointGroupsListEndpointsRequestResource',
};

/** The request's field that becomes the body: `healthCheckResource`, or that of a verb's own message. */
function bodyField(service: string, verb: string): string {
  const plain = service.replace(/^(region|global)([A-Z])/, (_, __, letter: string) => letter.toLowerCase());
  const one = plain.replace(/ies$/, 'y').replace(/s$/, '');
  if (/^(insert|patch|update)$/.test(verb)) return `${one}Resource`;
  return BODY_FIELDS[verb] ?? `${service}${verb[0]!.toUpperCase()}${verb.slice(1)}RequestResource`;
}

async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
}

/** This generation of google-gax leaves the HTTP status in `code` and the whole body in the message. */
export function refusalOf(error: unknown): CallError | undefined {
  const { code, message } = error as Error & { code?: unknown };
  const status = Number(code);
  if (!(status >= 100)) return undefined;
  const body = message.startsWith('{') ? (JSON.parse(message) as { error?: ErrorBody }).error : undefined;
  return new CallError({ status, reason: body?.errors?.[0]?.reason, message: body?.message ?? message });
}

interface ErrorBody {
  message?: string;
  errors?: { reason: string }[];
}
