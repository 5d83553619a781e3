import { ApiError } from '../http.ts';

/** Canonical codes that Monitoring answers with: HTTP status, legacy reason and gRPC number. */
const CODES = {
  INVALID_ARGUMENT: { http: 400, reason: 'badRequest', grpc: 3 },
  NOT_FOUND: { http: 404, reason: 'notFound', grpc: 5 },
  UNIMPLEMENTED: { http: 501, reason: 'notImplemented', grpc: 12 },
} as const;

/** gRPC numbers by HTTP status, for what the fault rules answer. */
const BY_STATUS: Record<number, number> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 6,
  412: 9,
  429: 8,
  500: 13,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
};

export function failure(
  code: keyof typeof CODES,
  message: string,
  details?: Record<string, unknown>[],
): ApiError {
  const { http, reason } = CODES[code];
  return new ApiError(http, reason, message, { status: code, ...(details ? { details } : {}) });
}

export function invalid(message: string): ApiError {
  return failure('INVALID_ARGUMENT', message);
}

/** The gRPC code of an answer with this HTTP status; UNKNOWN (2) where there is none. */
export function grpcCodeOf(httpStatus: number): number {
  return BY_STATUS[httpStatus] ?? 2;
}
