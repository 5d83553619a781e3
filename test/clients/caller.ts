export type Json = Record<string, unknown>;

/**
 * A client library of Google's, reached alike: methods are named as in the discovery documents
 * (`compute.instanceGroupManagers.insert`), parameters flat (`interval.endTime`), bodies and answers are the API's JSON.
 * The library makes and reads every request; failures are thrown as CallError.
 */
export interface Caller {
  /** One call, answered as it is: a mutation with its operation as it stands. */
  call(method: string, params: Json, body?: Json): Promise<Json>;
  /** A mutation, waited for in the library's own way; its operation when it is done. */
  change(method: string, params: Json, body?: Json): Promise<Json>;
  /** Every item of a list, over all its pages. */
  list(method: string, params: Json, body?: Json): Promise<Json[]>;
  /** A list over all places: what each scope (`zones/us-central1-b`) holds. */
  aggregated(method: string, params: Json): Promise<Record<string, Json>>;
  close(): Promise<void>;
}

/** What not every library can do, so that the suite does not ask for it. */
export interface Skills {
  /** Sends fields and parameters that the API does not have. */
  sendsUnknownFields: boolean;
  /** Throws for an operation that is done with an error; the others answer it. */
  readsOperationErrors: boolean;
  /** Sends and reads routing policies of Cloud DNS. */
  knowsRoutingPolicies: boolean;
}

/** The API's refusal. */
export class CallError extends Error {
  override name = 'CallError';
  /** HTTP status; over gRPC the one that belongs to the code. */
  readonly status: number;
  /** Reason as in `error.errors[0].reason`, where the library tells it. */
  readonly reason: string | undefined;

  constructor({ status, reason, message }: { status: number; reason?: string | undefined; message: string }) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Where the parts of the sandbox listen that clients are pointed at. */
export interface Endpoints {
  /** Base URL of the REST APIs. */
  rest: string;
  /** host:port of Monitoring over gRPC. */
  monitoringGrpc?: string | undefined;
}

/** Nests dotted parameters: `{'interval.endTime': t}` becomes `{interval: {endTime: t}}`. */
export function nested(params: Json): Json {
  const result: Json = {};
  for (const [name, value] of Object.entries(params)) {
    const parts = name.split('.');
    const last = parts.pop()!;
    let owner = result;
    for (const part of parts) owner = (owner[part] ??= {}) as Json;
    owner[last] = value;
  }
  return result;
}
