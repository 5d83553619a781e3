import { z } from 'zod';
import type { PrometheusQuery, SecretReference } from '../domain/demand-series.ts';
import type { Finding } from './check.ts';

/** What a Prometheus is asked, and what one of one's own is shown before it answers. */

const QUERY_REMEDY = 'write a query in PromQL, such as sum(rate(http_requests_total[2m]))';
const URL_REMEDY = 'write the base URL of a Prometheus, such as https://prometheus.example.com';
const SECRET_REMEDY =
  "refer to it, by a variable of the worker's environment such as { env: PREMIRROR_SECRET_PROMETHEUS }, or by a file such as { file: prometheus }; never write it here";
const USER_REMEDY = 'write the name of a user, without a colon';

/** A secret of the worker's machine. Only variables named for it: others are no business of a specification. */
const Secret = z
  .strictObject(
    {
      env: z
        .string({ error: SECRET_REMEDY })
        .regex(/^PREMIRROR_SECRET_[A-Z0-9_]+$/, { error: SECRET_REMEDY })
        .optional()
        .describe("Variable of the worker's environment, its name beginning with PREMIRROR_SECRET_"),
      file: z
        .string({ error: SECRET_REMEDY })
        .min(1, { error: SECRET_REMEDY })
        .optional()
        .describe("File within the folder that the worker's configuration names as secrets.directory"),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? SECRET_REMEDY : undefined) },
  )
  .refine(({ env, file }) => (env === undefined) !== (file === undefined), { error: SECRET_REMEDY });

export const Prometheus = z.strictObject({
  query: z
    .string({ error: QUERY_REMEDY })
    .trim()
    .min(1, { error: QUERY_REMEDY })
    .max(4_000, { error: 'write 4000 characters at most: put what is longer into a recording rule' })
    .describe('Query in PromQL, evaluated at the end of each step; several series are summed'),
  url: z
    .string({ error: URL_REMEDY })
    .refine(isBaseUrl, { error: URL_REMEDY })
    .optional()
    .describe("Base URL of a Prometheus; left out, Managed Service for Prometheus of the primary's project"),
  bearer: Secret.optional().describe('Bearer token that the Prometheus at url is shown'),
  basic: z
    .strictObject({
      user: z.string({ error: USER_REMEDY }).regex(/^[^:\s]+$/, { error: USER_REMEDY }),
      password: Secret,
    })
    .optional()
    .describe('User and password that the Prometheus at url is shown'),
});

/** What of `prometheus:` contradicts itself, as written. */
export function credentialContradictions(written: unknown, path: string[]): Finding[] {
  const { url, bearer, basic } = (written ?? {}) as { url?: unknown; bearer?: unknown; basic?: unknown };
  if (bearer === undefined && basic === undefined) return [];
  if (bearer !== undefined && basic !== undefined)
    return [{ path: [...path, 'basic'], remedy: 'give exactly one of bearer and basic' }];
  if (url === undefined)
    return [
      {
        path: [...path, bearer === undefined ? 'basic' : 'bearer'],
        remedy:
          "remove it, or give url: Managed Service for Prometheus is shown the worker's own credentials",
      },
    ];
  return typeof url === 'string' && isClearText(url)
    ? [
        {
          path: [...path, 'url'],
          remedy: 'write an https URL: a secret goes over plain http to loopback only',
        },
      ]
    : [];
}

/** Whether others may read along. */
export function isClearText(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname);
}

/** The domain's words for what the file says. */
export function toPrometheusQuery({
  query,
  url,
  bearer,
  basic,
}: z.output<typeof Prometheus>): PrometheusQuery {
  const credentials = bearer ? { bearer: toReference(bearer) } : basic && toBasic(basic);
  return {
    query,
    ...(url !== undefined && { url: url.replace(/\/+$/, '') }),
    ...(credentials && { credentials }),
  };
}

function toBasic({ user, password }: { user: string; password: z.output<typeof Secret> }) {
  return { basic: { user, password: toReference(password) } };
}

function toReference({ env, file }: z.output<typeof Secret>): SecretReference {
  return env === undefined ? { file: file! } : { env };
}

function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}
