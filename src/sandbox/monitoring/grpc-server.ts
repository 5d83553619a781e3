import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerUnaryCall,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { answerOf, logCall } from '../api-server.ts';
import { CallFaults } from '../faults/calls.ts';
import { ok } from '../http.ts';
import type { World } from '../world.ts';
import { fromProto, messageType, toProto } from './contract.ts';
import type { Fields } from './contract.ts';
import { grpcCodeOf } from './errors.ts';
import type { Method } from './service.ts';

const SERVICE = 'google.monitoring.v3.MetricService';
const UNAVAILABLE = 14;

/** Types of the answers, and what the same call is over REST: so the log and the fault rules know it. */
const METHODS: Record<string, { answer: string; http: string; writes?: true }> = {
  ListTimeSeries: { answer: 'ListTimeSeriesResponse', http: 'GET {name}/timeSeries' },
  CreateTimeSeries: { answer: 'google.protobuf.Empty', http: 'POST {name}/timeSeries', writes: true },
  ListMetricDescriptors: { answer: 'ListMetricDescriptorsResponse', http: 'GET {name}/metricDescriptors' },
  GetMetricDescriptor: { answer: 'google.api.MetricDescriptor', http: 'GET {name}' },
  CreateMetricDescriptor: {
    answer: 'google.api.MetricDescriptor',
    http: 'POST {name}/metricDescriptors',
    writes: true,
  },
  DeleteMetricDescriptor: { answer: 'google.protobuf.Empty', http: 'DELETE {name}', writes: true },
  ListMonitoredResourceDescriptors: {
    answer: 'ListMonitoredResourceDescriptorsResponse',
    http: 'GET {name}/monitoredResourceDescriptors',
  },
  GetMonitoredResourceDescriptor: { answer: 'google.api.MonitoredResourceDescriptor', http: 'GET {name}' },
};

export interface GrpcServer {
  host: string;
  port: number;
  close(): void;
}

/** Monitoring v3 over gRPC (in the clear, on a free loopback port): the same methods as over REST. */
export async function startGrpcServer(world: World, service: Record<string, Method>): Promise<GrpcServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const handlers: UntypedServiceImplementation = {};
  for (const [name, { http, writes }] of Object.entries(METHODS))
    handlers[name] = (call: ServerUnaryCall<Fields, Fields>, reply: sendUnaryData<Fields>) => {
      void answer(world, service[name]!, call.request, http, writes === true).then(({ status, body }) => {
        if (status === 200) reply(null, body as Fields);
        else reply(refusal(status === 0 ? UNAVAILABLE : grpcCodeOf(status), body));
      });
    };
  server.addService(definition(), handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { host: '127.0.0.1', port, close: () => server.forceShutdown() };
}

/** Status and body as over REST; status 0 when the connection would have broken. */
async function answer(world: World, method: Method, request: Fields, http: string, writes: boolean) {
  const at = world.clock.now();
  const [verb = '', path = ''] = http.replace('{name}', `/v3/${String(request['name'])}`).split(' ');
  const faults = new CallFaults(world.faults, world.clock, { method: verb, path, body: '' }, writes);
  const api = async () => ok(method(request, faults.struck));
  const given = { method: verb, path, query: new URLSearchParams(), body: undefined };
  const answered = await faults.around(() => answerOf([api], given, ''));
  logCall(world, given, at, answered?.status ?? 0, faults.struck);
  return answered ?? { status: 0, body: { error: { message: 'The connection was reset.' } } };
}

/** An error body of REST as gRPC tells it, its details in the trailer that Google's clients read. */
function refusal(code: number, body: unknown) {
  const { message, details = [] } = (body as { error: { message: string; details?: Fields[] } }).error;
  const status = messageType('google.rpc.Status');
  const packed = status.fromObject({ code, message, details: details.map(pack) });
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(status.encode(packed).finish()));
  return { code, details: message, metadata };
}

function pack({ '@type': url, ...fields }: Fields): Fields {
  const type = messageType(String(url).split('/').at(-1)!);
  const value = type.encode(type.fromObject(toProto(type, fields))).finish();
  return { type_url: url, value };
}

function definition(): ServiceDefinition {
  const methods: Record<string, ServiceDefinition[string]> = {};
  for (const [name, { answer: answerName }] of Object.entries(METHODS)) {
    const request = messageType(`${name}Request`);
    const response = messageType(answerName);
    methods[name] = {
      path: `/${SERVICE}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: Fields) => Buffer.from(request.encode(request.fromObject(value)).finish()),
      requestDeserialize: (bytes: Buffer) =>
        fromProto(request, request.toObject(request.decode(bytes), { enums: String, longs: String })),
      responseSerialize: (value: Fields) =>
        Buffer.from(response.encode(response.fromObject(toProto(response, value))).finish()),
      responseDeserialize: (bytes: Buffer) => response.decode(bytes),
    };
  }
  return methods;
}
