import type { CallFaults } from './faults/calls.ts';

/** One request to an API of the sandbox, its JSON body parsed (`undefined` when there was none). */
export interface ApiRequest {
  method: string;
  /** Without the query, decoded segment by segment by `match`. */
  path: string;
  query: URLSearchParams;
  body: unknown;
  /** What the fault rules do to it; absent where none can. */
  faults?: CallFaults;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
  /** Of a body that is text to be sent as it is; JSON without it. */
  contentType?: string;
}

/** An API of the sandbox: `undefined` when the path is not its own. */
export type Api = (request: ApiRequest) => Promise<ApiAnswer | undefined>;

/** Thrown inside an API; answered in Google's error body. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly more: ErrorFields;

  constructor(status: number, reason: string, message: string, more: ErrorFields = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.more = more;
  }
}

/** What some of Google's errors carry beside the legacy fields. */
export interface ErrorFields {
  /** Name of the canonical code, e.g. `INVALID_ARGUMENT`. */
  status?: string;
  details?: Record<string, unknown>[];
}

/** The body that Google's REST APIs give for an error. */
export function errorAnswer(
  status: number,
  reason: string,
  message: string,
  more: ErrorFields = {},
): ApiAnswer {
  return {
    status,
    body: { error: { code: status, message, errors: [{ domain: 'global', reason, message }], ...more } },
  };
}

export function ok(body: unknown): ApiAnswer {
  return { status: 200, body };
}

/**
 * Matches a path against a template such as `/dns/v1/projects/:project/managedZones/:zone`; the decoded parts by
 * name, or undefined.
 */
export function match(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index]!;
    if (segment.startsWith(':')) parts[segment.slice(1)] = decodeURIComponent(value);
    else if (segment !== value) return undefined;
  }
  return parts;
}
