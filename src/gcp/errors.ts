import type { protos } from '@google-cloud/compute';
import { NoCapacityError, QuotaError } from '../ports/errors.ts';

type Operation = protos.google.cloud.compute.v1.IOperation;

/** An API call that Google refused, or that got no answer (`status` undefined). Transient unless the port says otherwise. */
export class CloudError extends Error {
  override name = 'CloudError';
  /** HTTP status. */
  readonly status: number | undefined;
  /** Google's legacy reason, e.g. `conditionNotMet`. */
  readonly reason: string | undefined;

  constructor(message: string, status?: number, reason?: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
    this.reason = reason;
  }
}

/** True when `error` is a refusal with one of these HTTP statuses. */
export function hasStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof CloudError && error.status !== undefined && statuses.includes(error.status);
}

/** Codes that mean the zone has no machines left. */
export function isStockOut(code: string): boolean {
  return code.startsWith('ZONE_RESOURCE_POOL_EXHAUSTED') || code === 'STOCKOUT';
}

export function isQuota(code: string): boolean {
  return code === 'QUOTA_EXCEEDED' || code === 'quotaExceeded';
}

/** A failed code as the port's error. `where` says which group and zone. */
export function errorOfCode(code: string, where: string, message: string): Error {
  if (isStockOut(code)) return new NoCapacityError(`${where}: no machines left (${code}): ${message}`);
  if (isQuota(code)) return new QuotaError(`${where}: quota exhausted: ${message}`);
  return new CloudError(`${where}: ${code}: ${message}`, undefined, code);
}

/** The error of a finished operation, or undefined. A DONE operation that failed does not reject by itself. */
export function operationError(what: string, operation: Operation): Error | undefined {
  const [first] = operation.error?.errors ?? [];
  if (first) return errorOfCode(first.code ?? 'UNKNOWN', what, first.message ?? 'no message');
  const status = operation.httpErrorStatusCode ?? 0;
  if (status >= 400) return new CloudError(`${what}: ${operation.httpErrorMessage ?? 'failed'}`, status);
  return undefined;
}

interface ErrorBody {
  message?: string;
  errors?: { reason?: string; message?: string }[];
}

/**
 * Any rejection of the client libraries as one of ours. This generation of google-gax leaves the HTTP status in `code`
 * and the whole body in `message`; a later one has `httpStatusCode`; Cloud DNS has `code` and `errors`. A `code` below
 * 100 is a gRPC one or a socket's and tells no status.
 */
export function toCloudError(what: string, error: unknown): Error {
  if (error instanceof CloudError || error instanceof NoCapacityError || error instanceof QuotaError)
    return error;
  const raw = (error ?? {}) as {
    httpStatusCode?: number;
    code?: unknown;
    message?: string;
    errors?: unknown;
  };
  const code = Number(raw.code);
  const status = raw.httpStatusCode ?? (code >= 100 ? code : undefined);
  const body = bodyOf(raw);
  const reason = body.errors?.[0]?.reason;
  const message = body.message ?? raw.message ?? String(error);
  const spoken = [reason ?? '', /ZONE_RESOURCE_POOL_EXHAUSTED\w*/.exec(message)?.[0] ?? ''];
  const known = spoken.find((word) => isStockOut(word) || isQuota(word));
  if (known) return errorOfCode(known, what, message);
  const said = status === undefined ? 'no answer' : `HTTP ${status}${reason ? ` ${reason}` : ''}`;
  // The library's error drags request and response along: what it says is kept, itself it is not.
  return new CloudError(`${what}: ${said}: ${message}`, status, reason);
}

function bodyOf(raw: { message?: string; errors?: unknown }): ErrorBody {
  if (Array.isArray(raw.errors)) {
    const errors = raw.errors as NonNullable<ErrorBody['errors']>;
    return raw.message === undefined ? { errors } : { message: raw.message, errors };
  }
  if (!raw.message?.startsWith('{')) return {};
  try {
    return (JSON.parse(raw.message) as { error?: ErrorBody }).error ?? {};
  } catch {
    return {};
  }
}
