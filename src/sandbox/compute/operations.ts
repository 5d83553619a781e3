import type { EffectOf } from '../faults/rule.ts';
import { ApiError, ok } from '../http.ts';
import type { ApiAnswer, ApiRequest } from '../http.ts';
import type { Timers } from '../timers.ts';
import type { Resource, World } from '../world.ts';
import { keyOf, linkTo, notFound, placeFields, placePath, timestamp } from './resources.ts';
import type { Place, Reference } from './resources.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';
/** An operation takes this long at least, and up to this much longer, ms. */
const SHORTEST_MS = 1000;
const SPREAD_MS = 2000;
/** Longest that `wait` keeps its caller, ms (documented: 2 minutes). */
const LONGEST_WAIT_MS = 120_000;
/** A finished operation is kept for so long (documented: 14 days), ms. */
const KEPT_MS = 14 * 86_400_000;

/** What a mutation touched, and what its operation waits for beyond its usual time. */
export interface Effect {
  link: string;
  id: string;
  until?: Promise<unknown>;
  /** The error with which the operation ends, where the mutation failed. */
  problem?: { code: string; message: string };
}

interface Entry {
  resource: Resource;
  done: Promise<void>;
  /** The request's key: method, path and `requestId`. A repeated request gets this operation again. */
  requestKey?: string;
}

/** Long-running operations: every mutation takes effect at once and is reported DONE a little later. */
export class Operations {
  private readonly world: World;
  private readonly timers: Timers;
  private readonly entries = new Map<string, Entry>();
  private readonly byRequestId = new Map<string, Entry>();
  private count = 0;

  constructor(world: World, timers: Timers) {
    this.world = world;
    this.timers = timers;
  }

  /**
   * Runs a mutation and answers its operation. A request id seen before on this path answers the operation of the first
   * time and does nothing. Throws 400 for a malformed or zero request id, and what `effect` throws.
   */
  run(request: ApiRequest, place: Place, type: string, effect: () => Effect): ApiAnswer {
    const requestId = readRequestId(request.query);
    this.forgetExpired();
    const requestKey = `${request.method} ${request.path} ${requestId}`;
    const before = requestId === undefined ? undefined : this.byRequestId.get(requestKey);
    if (before) return ok(before.resource);
    const fault = request.faults?.takeOperation();
    const done = fault?.code === undefined ? effect() : { link: '', id: '0' };
    const entry = this.begin(place, type, done, requestId, fault);
    if (requestId !== undefined) {
      entry.requestKey = requestKey;
      this.byRequestId.set(requestKey, entry);
    }
    return ok(entry.resource);
  }

  /** An operation that nobody asked for: what Google does by itself. */
  record(place: Place, type: string, effect: Effect): void {
    this.begin(place, type, effect, undefined, undefined);
  }

  get(reference: Reference): ApiAnswer {
    return ok(this.find(reference).resource);
  }

  /** Answers when the operation is DONE, or after 2 minutes. */
  async wait(reference: Reference): Promise<ApiAnswer> {
    const entry = this.find(reference);
    await new Promise<void>((resolve) => {
      const cancel = this.timers.after(LONGEST_WAIT_MS, resolve);
      void entry.done.then(() => {
        cancel();
        resolve();
      });
    });
    return ok(entry.resource);
  }

  list({ project, location }: Place): Resource[] {
    this.forgetExpired();
    const prefix = `${project}/${location}/`;
    return [...this.entries].filter(([key]) => key.startsWith(prefix)).map(([, entry]) => entry.resource);
  }

  /** Forgets a finished operation. Throws 400 while it runs. */
  delete(reference: Reference): ApiAnswer {
    const { resource } = this.find(reference);
    if (resource['status'] !== 'DONE')
      throw new ApiError(
        400,
        'resourceNotReady',
        `The resource '${reference.name}' is not ready: wait until it is DONE.`,
      );
    this.entries.delete(keyOf(reference));
    return ok({});
  }

  /** Entries lie in the order in which they began, so it may stop at the first that is kept. */
  private forgetExpired(): void {
    const oldest = this.world.clock.now() - KEPT_MS;
    for (const [key, { resource, requestKey }] of this.entries) {
      const { endTime } = resource as { endTime?: string };
      if (endTime === undefined || Date.parse(endTime) >= oldest) return;
      this.entries.delete(key);
      if (requestKey !== undefined) this.byRequestId.delete(requestKey);
    }
  }

  private find(reference: Reference): Entry {
    this.forgetExpired();
    const entry = this.entries.get(keyOf(reference));
    if (!entry) throw notFound(`${placePath(reference)}/operations/${reference.name}`);
    return entry;
  }

  private begin(
    place: Place,
    type: string,
    { link, id, until, problem }: Effect,
    requestId: string | undefined,
    fault: EffectOf<'operation'> | undefined,
  ): Entry {
    this.count += 1;
    const name = `operation-${this.world.clock.originMs}-${this.count}`;
    const now = timestamp(this.world.clock.now());
    const resource: Resource = {
      kind: 'compute#operation',
      id: String(7_000_000_000_000_000_000n + BigInt(this.count)),
      name,
      operationType: type,
      targetLink: link,
      targetId: id,
      status: 'RUNNING',
      progress: 0,
      user: 'sandbox@example.com',
      insertTime: now,
      startTime: now,
      selfLink: linkTo(place, 'operations', name),
      ...placeFields(place),
      ...(requestId === undefined ? {} : { clientOperationId: requestId }),
    };
    const usual = this.timers.sleep(SHORTEST_MS + SPREAD_MS * this.world.random());
    const done = Promise.all([usual, until, this.timers.sleep(fault?.delayMs ?? 0)]).then(
      () => this.finish(resource, fault?.code ?? problem?.code, fault?.message ?? problem?.message),
      (error: unknown) => this.finish(resource, 'INTERNAL_ERROR', String(error)),
    );
    const entry = { resource, done };
    this.entries.set(keyOf({ ...place, name }), entry);
    return entry;
  }

  private finish(
    resource: Resource,
    code: string | undefined,
    message = `The operation failed: ${code}`,
  ): void {
    Object.assign(resource, { status: 'DONE', progress: 100, endTime: timestamp(this.world.clock.now()) });
    if (code === undefined) return;
    resource['error'] = { errors: [{ code, message }] };
    resource['httpErrorStatusCode'] = httpStatusOf(code);
    resource['httpErrorMessage'] = message;
  }
}

function httpStatusOf(code: string): number {
  if (code.startsWith('ZONE_RESOURCE_POOL_EXHAUSTED')) return 503;
  if (code === 'QUOTA_EXCEEDED') return 403;
  return 500;
}

function readRequestId(query: URLSearchParams): string | undefined {
  const requestId = query.get('requestId');
  if (requestId === null) return undefined;
  if (UUID.test(requestId) && requestId !== ZERO_UUID) return requestId.toLowerCase();
  throw new ApiError(
    400,
    'invalid',
    `Invalid value for field 'requestId': '${requestId}'. Must be a valid UUID other than the zero UUID.`,
  );
}
