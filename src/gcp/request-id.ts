import { createHash } from 'node:crypto';
import type { WriteKey } from '../ports/fleet.ts';

/** Namespace of our request ids, itself a UUIDv5 of the DNS name premirror.dev. Never change it: retries would no longer match. */
const NAMESPACE = uuid5('premirror.dev', '6ba7b810-9dad-11d1-80b4-00c04fd430c8');

/**
 * Request id of one write: the same for every retry of it, another for any other. `targets` are the numbers and names
 * that the write starts from and aims at, so that a later step of the same plan is never taken for an earlier one.
 */
export function requestId(key: WriteKey, step: string, ...targets: (string | number)[]): string {
  return uuid5(JSON.stringify([key.run, key.plan, step, ...targets]), NAMESPACE);
}

/** The request id after so many tries under it whose operations failed; 0: itself. */
export function again(id: string, repeat: number): string {
  return repeat === 0 ? id : uuid5(`${id}#${repeat}`, NAMESPACE);
}

/** Name-based UUID, RFC 9562 section 5.5. */
export function uuid5(name: string, namespace: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
