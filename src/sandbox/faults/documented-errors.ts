/** Errors that Google documents for its REST APIs, by `reason`: the HTTP status and the usual words. */
export const DOCUMENTED_ERRORS: Record<string, { status: number; message: string }> = {
  invalid: { status: 400, message: 'Invalid value.' },
  required: { status: 400, message: 'A required field is missing.' },
  badRequest: { status: 400, message: 'The request is malformed.' },
  resourceNotReady: { status: 400, message: 'The resource is not ready.' },
  resourceInUseByAnotherResource: {
    status: 400,
    message: 'The resource is already being used by another one.',
  },
  containerNotEmpty: { status: 400, message: 'The resource is not empty.' },
  authError: { status: 401, message: 'Request had invalid authentication credentials.' },
  forbidden: { status: 403, message: 'The caller does not have permission.' },
  accessNotConfigured: { status: 403, message: 'The API has not been used in this project, or is disabled.' },
  quotaExceeded: { status: 403, message: 'Quota exceeded.' },
  rateLimitExceeded: { status: 403, message: "Quota exceeded for quota metric 'Queries' per minute." },
  userRateLimitExceeded: { status: 403, message: 'User rate limit exceeded.' },
  notFound: { status: 404, message: 'The resource was not found.' },
  alreadyExists: { status: 409, message: 'The resource already exists.' },
  conflict: { status: 409, message: 'The request conflicts with another one.' },
  conditionNotMet: { status: 412, message: 'The fingerprint or etag given is not the one in force.' },
  resourceExhausted: { status: 429, message: 'Too many requests.' },
  internalError: { status: 500, message: 'Internal error. Please try again.' },
  notImplemented: { status: 501, message: 'The operation is not implemented.' },
  badGateway: { status: 502, message: 'Bad gateway.' },
  backendError: { status: 503, message: 'The service is currently unavailable.' },
  gatewayTimeout: { status: 504, message: 'The deadline expired before the request was finished.' },
};

/** The usual reason of an HTTP status. */
export function reasonOf(status: number): string {
  const usual: Record<number, string> = { 400: 'badRequest', 403: 'forbidden', 409: 'alreadyExists' };
  const first = Object.entries(DOCUMENTED_ERRORS).find(([, error]) => error.status === status)?.[0];
  return usual[status] ?? first ?? (status < 500 ? 'badRequest' : 'backendError');
}
