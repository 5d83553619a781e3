import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import { suggestion } from '../faults/checks.ts';
import { invalid } from './errors.ts';

/** Monitoring's messages as the published client package has them. Read, never run. */

const PROTOS = '@google-cloud/monitoring/build/protos/protos.json';

export type Fields = Record<string, unknown>;

let shared: protobuf.Root | undefined;

/** A message of `google.monitoring.v3`, or any by its full name; the package is read once per process. */
export function messageType(name: string): protobuf.Type {
  shared ??= readRoot();
  return shared.lookupType(name.includes('.') ? name : `google.monitoring.v3.${name}`);
}

function readRoot(): protobuf.Root {
  const file = createRequire(import.meta.url).resolve(PROTOS);
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(file, 'utf8')) as protobuf.INamespace);
  root.resolveAll();
  return root;
}

/** How one value of a field that is no message, or a message with a JSON form of its own, is turned. */
type Turn = (field: protobuf.Field, value: unknown, path: string) => unknown;

/** A message in JSON as clients send it, checked: enumerations by name, 64-bit integers as strings. Throws 400. */
export function readMessage(type: protobuf.Type, value: unknown, path = ''): Fields {
  return walk(type, value, path, readLeaf);
}

/** From JSON to what the library encodes. */
export function toProto(type: protobuf.Type, json: unknown): Fields {
  return walk(type, json, '', (field, value) => {
    if (isTime(field)) return splitSeconds(Date.parse(String(value)) / 1000);
    if (isDuration(field)) return splitSeconds(Number.parseFloat(String(value)));
    return value;
  });
}

/** From what the library decodes to JSON. */
export function fromProto(type: protobuf.Type, message: unknown): Fields {
  return walk(type, message, '', (field, value) => {
    if (isTime(field)) return new Date(secondsOf(value) * 1000).toISOString();
    if (isDuration(field)) return `${secondsOf(value)}s`;
    return value;
  });
}

/** The same JSON with enumerations as numbers: `$alt=json;enum-encoding=int`. */
export function withNumbers(type: protobuf.Type, json: unknown): Fields {
  return walk(type, json, '', (field, value) =>
    field.resolvedType instanceof protobuf.Enum ? field.resolvedType.values[String(value)] : value,
  );
}

function walk(type: protobuf.Type, value: unknown, path: string, turn: Turn): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`Invalid value at '${path}' (${type.name}), ${JSON.stringify(value)}`);
  const turned: Fields = {};
  for (const [given, inner] of Object.entries(value)) {
    if (inner === null || inner === undefined) continue;
    const name = given.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const field = type.fields[name];
    if (!field)
      throw invalid(
        `Invalid JSON payload received. Unknown name "${given}"${path && ` at '${path}'`}: Cannot find field; ` +
          suggestion(given, Object.keys(type.fields)),
      );
    turned[name] = walkField(field, inner, path === '' ? name : `${path}.${name}`, turn);
  }
  return turned;
}

function walkField(field: protobuf.Field, value: unknown, path: string, turn: Turn): unknown {
  const one = (inner: unknown, at: string) =>
    field.resolvedType instanceof protobuf.Type && !isTime(field) && !isDuration(field) && !isOpaque(field)
      ? walk(field.resolvedType, inner, at, turn)
      : turn(field, inner, at);
  if (field.map && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value!).map(([key, inner]) => [key, one(inner, `${path}.${key}`)]),
    );
  if (!field.repeated) return one(value, path);
  if (!Array.isArray(value)) throw invalid(`Invalid value at '${path}' (a list), ${JSON.stringify(value)}`);
  return value.map((inner, index) => one(inner, `${path}[${index}]`));
}

function readLeaf(field: protobuf.Field, value: unknown, path: string): unknown {
  const refuse = (what: string) => invalid(`Invalid value at '${path}' (${what}), ${JSON.stringify(value)}`);
  if (isOpaque(field)) return value;
  if (isTime(field)) {
    if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return value;
    throw refuse('a time as RFC 3339 such as 2026-01-05T12:00:00Z');
  }
  if (isDuration(field)) {
    if (typeof value === 'string' && /^-?\d+(\.\d{1,9})?s$/.test(value)) return value;
    throw refuse('a duration such as 60s');
  }
  if (field.resolvedType instanceof protobuf.Enum) return readEnum(field.resolvedType, value, refuse);
  if (field.type === 'string' || field.type === 'bytes') {
    if (typeof value === 'string') return value;
    throw refuse('TYPE_STRING');
  }
  if (field.type === 'bool') {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw refuse('TYPE_BOOL');
  }
  return readNumber(field.type, value, refuse);
}

function readEnum(type: protobuf.Enum, value: unknown, refuse: (what: string) => Error): string {
  if (typeof value === 'string' && Object.hasOwn(type.values, value)) return value;
  const name = type.valuesById[Number(value)];
  if (name !== undefined && value !== '') return name;
  throw refuse(`${type.name}: ${suggestion(String(value), Object.keys(type.values))}`);
}

function readNumber(type: string, value: unknown, refuse: (what: string) => Error): number | string {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number') throw refuse(`TYPE_${type.toUpperCase()}`);
  if (type === 'double' || type === 'float') {
    if (Number.isNaN(number) && value !== 'NaN') throw refuse('TYPE_DOUBLE');
    return number;
  }
  if (!Number.isInteger(number)) throw refuse(`TYPE_${type.toUpperCase()}`);
  return type.endsWith('64') ? String(value) : number;
}

function isTime(field: protobuf.Field): boolean {
  return field.type === 'google.protobuf.Timestamp';
}

function isDuration(field: protobuf.Field): boolean {
  return field.type === 'google.protobuf.Duration';
}

/** Any JSON goes into these, unchecked. */
function isOpaque(field: protobuf.Field): boolean {
  return field.type === 'google.protobuf.Any' || field.type === 'google.protobuf.Struct';
}

function splitSeconds(seconds: number): { seconds: string; nanos: number } {
  const ms = Math.round(seconds * 1000);
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms - Math.floor(ms / 1000) * 1000) * 1_000_000 };
}

function secondsOf(value: unknown): number {
  const { seconds = 0, nanos = 0 } = value as { seconds?: string | number; nanos?: number };
  return Number(seconds) + Math.floor(nanos / 1_000_000) / 1000;
}
