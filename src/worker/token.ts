import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Who may write to the worker's API: whoever shows the configuration's events.token. */

export interface Refusal {
  code: 401 | 403;
  error: string;
}

/** Undefined for one who may; `what` says what is asked for, as in "announce events". */
export function refusalOf(
  { headers }: FastifyRequest,
  token: string | undefined,
  what: string,
): Refusal | undefined {
  if (token === undefined)
    return { code: 403, error: `nobody may ${what}: set events.token in the configuration` };
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return undefined;
  return { code: 401, error: 'send events.token of the configuration as Authorization: Bearer' };
}

/** Equally long whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function refuse(reply: FastifyReply, { code, error }: Refusal): FastifyReply {
  if (code === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(code).send({ error });
}
