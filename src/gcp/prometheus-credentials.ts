import type { PrometheusCredentials } from '../domain/demand-series.ts';
import type { Secrets } from '../ports/secrets.ts';

/** Visible ASCII: what a header may hold, and a token consists of (RFC 6750). */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * What a Prometheus of one's own is shown.
 * @param field of the specification under which the credentials stand
 */
export function headersOf(
  credentials: PrometheusCredentials | undefined,
  secrets: Secrets,
  field: string,
): Headers {
  if (!credentials) return new Headers();
  if ('bearer' in credentials) {
    const token = secrets.read(credentials.bearer, `${field}.bearer`);
    // A header that is refused would be told whole, and with it the secret.
    if (!TOKEN.test(token))
      throw new Error(
        `${field}.bearer: what it refers to is no token: it holds spaces, line breaks or the like`,
      );
    return new Headers({ authorization: `Bearer ${token}` });
  }
  const { user, password } = credentials.basic;
  const pair = `${user}:${secrets.read(password, `${field}.basic.password`)}`;
  return new Headers({ authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` });
}
