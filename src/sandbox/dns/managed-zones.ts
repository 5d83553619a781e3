import { z } from 'zod';
import { suggestion } from '../faults/checks.ts';
import { ApiError } from '../http.ts';
import type { DnsZone } from './zones.ts';

const Any = z.unknown().optional();

/** Fields of a managed zone; what is not acted on is kept and shown. */
const Schema = z.strictObject({
  kind: Any,
  id: Any,
  creationTime: Any,
  nameServers: Any,
  name: z
    .string()
    .regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'use 1 to 63 lower-case letters, digits, hyphens'),
  dnsName: z.string().regex(/^([a-z0-9_-]{1,63}\.)+$/i, 'give a DNS name with its last dot'),
  description: z.string().max(1024).default(''),
  labels: z.record(z.string(), z.string()).optional(),
  visibility: z.enum(['public', 'private']).default('public'),
  nameServerSet: z.string().optional(),
  privateVisibilityConfig: z.looseObject({}).optional(),
  cloudLoggingConfig: z.looseObject({}).optional(),
  dnssecConfig: z.looseObject({ state: z.enum(['off', 'on', 'transfer']).optional() }).optional(),
  forwardingConfig: Any,
  peeringConfig: Any,
  reverseLookupConfig: Any,
  serviceDirectoryConfig: Any,
});

/** Zones that resolve elsewhere are no zones of the sandbox. */
const ABSENT = [
  'forwardingConfig',
  'peeringConfig',
  'reverseLookupConfig',
  'serviceDirectoryConfig',
] as const;
const KEPT = [
  'labels',
  'visibility',
  'nameServerSet',
  'privateVisibilityConfig',
  'cloudLoggingConfig',
  'dnssecConfig',
] as const;

export type ZoneFields = Pick<DnsZone, 'name' | 'dnsName' | 'description' | 'settings'>;

/** What a body says of a managed zone. Throws 400 naming field and remedy, 501 for what the sandbox has not. */
export function readZone(body: unknown): ZoneFields {
  const parsed = Schema.safeParse(body ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = ['entity.managedZone', ...issue.path.map(String)].join('.');
    const why =
      issue.code === 'unrecognized_keys'
        ? `unknown name "${issue.keys[0]}"; ${suggestion(issue.keys[0]!, Object.keys(Schema.shape))}`
        : issue.message;
    throw new ApiError(400, 'invalid', `Invalid value for '${field}': ${why}`);
  }
  const { data } = parsed;
  for (const field of ABSENT) if (data[field] !== undefined) throw absent(`managedZone.${field}`);
  if (data.dnssecConfig?.state === 'on') throw absent('managedZone.dnssecConfig.state on');
  const settings = Object.fromEntries(
    KEPT.flatMap((field) => (data[field] === undefined ? [] : [[field, data[field]]])),
  );
  return { name: data.name, dnsName: data.dnsName, description: data.description, settings };
}

/** The zone as the API answers it. */
export function zoneToWire({ id, name, dnsName, description, settings, createdAt, records }: DnsZone) {
  const nameServers = records.find(({ type, name: owner }) => type === 'NS' && owner === dnsName)?.rrdatas;
  const creationTime = new Date(createdAt).toISOString();
  return { kind: 'dns#managedZone', id, name, dnsName, description, nameServers, ...settings, creationTime };
}

/** 501: Google has it, the sandbox has not. */
export function absent(what: string): ApiError {
  return new ApiError(
    501,
    'notImplemented',
    `${what} is not emulated by the sandbox: docs/sandbox.md lists what is.`,
  );
}
