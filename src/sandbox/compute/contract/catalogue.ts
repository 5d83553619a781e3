import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the published client package says of Compute v1: every method with its address and messages. Read, never run. */
const PROTOS = dirname(
  createRequire(import.meta.url).resolve('@google-cloud/compute/build/protos/protos.json'),
);
const VERBS = ['get', 'post', 'put', 'patch', 'delete'];
const BASE = '/compute/v1/';

export interface Field {
  /** Scalar type of Protocol Buffers, or a message's name. */
  type: string;
  repeated: boolean;
  /** A map from strings to `type`. */
  map: boolean;
  required: boolean;
  /** Values of an enumeration. Compute's enumerations travel as strings. */
  values?: ReadonlySet<string>;
}

export type Message = ReadonlyMap<string, Field>;

export interface Method {
  /** As discovery documents name it, e.g. `instanceGroupManagers.resize`. */
  id: string;
  verb: string;
  /** Segments of the path below `/compute/v1`; parameters as `{name}`. */
  segments: readonly string[];
  /** Query parameters by name. */
  query: Message;
  /** The message of the body; undefined where there is none. */
  body: string | undefined;
}

export interface Catalogue {
  /** The method behind a verb and a path, or undefined. */
  methodOf(verb: string, path: string): Method | undefined;
  methods: readonly Method[];
  message(name: string): Message | undefined;
}

interface ProtoMessage {
  fields?: Record<
    string,
    { type: string; rule?: string; keyType?: string; options?: Record<string, unknown> }
  >;
  nested?: Record<string, { values?: Record<string, number> }>;
  methods?: Record<string, { requestType: string; options: Record<string, string> }>;
}

let shared: Catalogue | undefined;

/** The catalogue, read once per process (about 0.2 s). */
export function catalogue(): Catalogue {
  return (shared ??= read());
}

/** Verb and path with every parameter as `*`: the key by which methods and routes are found. */
export function addressOf(verb: string, segments: readonly string[]): string {
  return `${verb} ${segments.map((segment) => (/^[:{]/.test(segment) ? '*' : segment)).join('/')}`;
}

function read(): Catalogue {
  const json = JSON.parse(readFileSync(join(PROTOS, 'protos.json'), 'utf8'));
  const protos = json.nested.google.nested.cloud.nested.compute.nested.v1.nested as Record<
    string,
    ProtoMessage
  >;
  const furtherValues = readFurtherValues();
  const messages = new Map(
    Object.entries(protos)
      .filter(([, proto]) => proto.fields)
      .map(([name, proto]) => [name, messageOf(name, proto, furtherValues)]),
  );
  const methods = Object.entries(protos).flatMap(([service, proto]) =>
    Object.entries(proto.methods ?? {}).map(([name, method]) =>
      methodOf(`${lowerFirst(service)}.${lowerFirst(name)}`, method, messages),
    ),
  );
  const bySize = new Map<string, Method[]>();
  for (const method of methods) {
    const key = `${method.verb} ${method.segments.length}`;
    bySize.set(key, [...(bySize.get(key) ?? []), method]);
  }
  return {
    methods,
    message: (name) => messages.get(name),
    methodOf(verb, path) {
      if (!path.startsWith(BASE)) return undefined;
      const given = path.slice(BASE.length).split('/');
      const fits = (bySize.get(`${verb} ${given.length}`) ?? []).filter(({ segments }) =>
        segments.every((segment, index) => segment.startsWith('{') || segment === given[index]),
      );
      // `…/backendServices/listUsable` is a method of its own, not a resource of that name.
      return fits.sort((a, b) => parametersOf(a) - parametersOf(b))[0];
    },
  };
}

function parametersOf(method: Method): number {
  return method.segments.filter((segment) => segment.startsWith('{')).length;
}

function methodOf(
  id: string,
  { requestType, options }: { requestType: string; options: Record<string, string> },
  messages: Map<string, Message>,
): Method {
  const verb = VERBS.find((name) => options[`(google.api.http).${name}`] !== undefined)!;
  const segments = options[`(google.api.http).${verb}`]!.slice(BASE.length).split('/');
  const bodyField = camelCase(options['(google.api.http).body'] ?? '');
  const request = messages.get(requestType)!;
  const elsewhere = new Set([...segments.map((segment) => camelCase(segment.slice(1, -1))), bodyField]);
  return {
    id,
    verb: verb.toUpperCase(),
    segments,
    query: new Map([...request].filter(([name]) => !elsewhere.has(name))),
    body: request.get(bodyField)?.type,
  };
}

function messageOf(
  name: string,
  { fields, nested }: ProtoMessage,
  furtherValues: Map<string, string[]>,
): Message {
  const enumerations = new Map(
    Object.entries(nested ?? {}).map(([enumeration, { values }]) => [
      enumeration.toLowerCase(),
      new Set([
        ...Object.keys(values ?? {}).filter((value) => !value.startsWith('UNDEFINED_')),
        ...(furtherValues.get(`${name}.${enumeration}`) ?? []),
      ]),
    ]),
  );
  return new Map(
    Object.entries(fields!).map(([field, { type, rule, keyType, options }]) => {
      const values = type === 'string' ? enumerations.get(field.toLowerCase()) : undefined;
      return [
        field,
        {
          type,
          repeated: rule === 'repeated',
          map: keyType !== undefined,
          required: options?.['(google.api.field_behavior)'] === 'REQUIRED',
          ...(values ? { values } : {}),
        },
      ];
    }),
  );
}

/** Values that an enumeration has but, for want of unique names, lists in its comment only; by `Message.Enumeration`. */
function readFurtherValues(): Map<string, string[]> {
  const text = readFileSync(join(PROTOS, 'google/cloud/compute/v1/compute.proto'), 'utf8');
  const further = new Map<string, string[]>();
  let message = '';
  const parts =
    /^message (\w+)|Additional supported values[^\n]*\n((?:\s*\/\/\s*[A-Z0-9_]+\s*\n)+)\s*enum (\w+)/gm;
  for (const [, opened, values, enumeration] of text.matchAll(parts)) {
    if (opened !== undefined) message = opened;
    else further.set(`${message}.${enumeration}`, values!.match(/[A-Z][A-Z0-9_]+/g) ?? []);
  }
  return further;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
