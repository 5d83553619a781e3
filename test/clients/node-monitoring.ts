import { MetricServiceClient } from '@google-cloud/monitoring';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { grpc } from 'google-gax';
import { CallError, nested } from './caller.ts';
import type { Caller, Json } from './caller.ts';
import { refusalOf } from './node-compute.ts';

type Act = (request: Json) => Promise<unknown[]>;

/** HTTP status of a gRPC code, as Google maps them. */
const HTTP_STATUS: Record<number, number> = {
  [grpc.status.INVALID_ARGUMENT]: 400,
  [grpc.status.PERMISSION_DENIED]: 403,
  [grpc.status.NOT_FOUND]: 404,
  [grpc.status.ALREADY_EXISTS]: 409,
  [grpc.status.RESOURCE_EXHAUSTED]: 429,
  [grpc.status.INTERNAL]: 500,
};

/** @google-cloud/monitoring over REST at a base URL, or over gRPC at a host:port. */
export function nodeMonitoring(at: { rest: string } | { grpc: string }, project: string): Caller {
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: project });
  const { hostname, port } = new URL('rest' in at ? at.rest : `http://${at.grpc}`);
  const place = { apiEndpoint: hostname, port: Number(port), auth };
  const client = new MetricServiceClient(
    'rest' in at
      ? { ...place, protocol: 'http', fallback: true }
      : { ...place, sslCreds: grpc.credentials.createInsecure() },
  );

  async function send(method: string, params: Json, body: Json = {}): Promise<unknown> {
    const [, , collection, verb] = method.split('.') as [string, string, string, string];
    const one = collection.endsWith('Descriptors') && verb !== 'list' ? collection.slice(0, -1) : collection;
    const name = `${verb}${one[0]!.toUpperCase()}${one.slice(1)}`;
    const given = verb === 'create' && one === 'metricDescriptor' ? { metricDescriptor: body } : body;
    const act = (client as unknown as Record<string, Act>)[name]!;
    try {
      const [answer] = await act.call(client, toProto(nested({ ...params, ...given })) as Json);
      return fromProto(answer);
    } catch (error) {
      const { code, message } = error as Error & { code?: number };
      if (typeof code !== 'number') throw error;
      throw refusalOf(error) ?? new CallError({ status: HTTP_STATUS[code] ?? 500, message });
    }
  }

  const call: Caller['call'] = async (method, params, body) => (await send(method, params, body)) as Json;
  return {
    call,
    change: call,
    list: async (method, params, body) => (await send(method, params, body)) as Json[],
    aggregated: () => Promise.reject(new Error('Monitoring has no aggregated lists')),
    close: () => client.close(),
  };
}

const TIMES = /^(start|end)Time$/;

/** The library wants times and durations as seconds and nanoseconds. */
function toProto(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => toProto(each));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toProto(inner, key)]));
  if (TIMES.test(field)) {
    const ms = Date.parse(String(value));
    return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
  }
  return field === 'alignmentPeriod' ? { seconds: Number.parseInt(String(value), 10) } : value;
}

/** ... and gives them so; everything else is the API's JSON, int64 as strings. */
function fromProto(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => fromProto(each));
  if (typeof value !== 'object' || value === null) return value;
  if (TIMES.test(field)) {
    const { seconds, nanos } = value as { seconds: unknown; nanos: number };
    return new Date(Number(String(seconds)) * 1000 + nanos / 1_000_000).toISOString();
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromProto(inner, key)]));
}
