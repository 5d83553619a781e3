import { ApiError } from '../../http.ts';
import type { ApiRequest } from '../../http.ts';
import { catalogue } from './catalogue.ts';
import type { Field, Message, Method } from './catalogue.ts';

/** Parameters that every Google API takes. `fields` is among the absent: an answer cut short would be a silent lie. */
const SYSTEM_PARAMETERS =
  /^(\$?alt|\$\.xgafv|prettyPrint|key|quotaUser|userIp|access_token|oauth_token|callback|uploadType|upload_protocol)$/;
const INTEGERS: Record<string, readonly [bigint, bigint]> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/**
 * Checks parameters and body against the method's messages and answers the body with numbers as Google writes them
 * (64 bits as strings). Throws 400 for an unknown or missing name, a wrong type and a value that its enumeration lacks.
 */
export function validated(method: Method, { query, body }: ApiRequest): unknown {
  for (const name of new Set(query.keys())) checkParameter(method, name, query.getAll(name));
  for (const [name, { required }] of method.query)
    if (required && !query.has(name)) throw invalidArgument(name, `Required field '${name}' not specified`);
  // Clients send an empty string where a method takes no body.
  const given = body === '' ? undefined : body;
  if (method.body === undefined) {
    if (given !== undefined && JSON.stringify(given) !== '{}')
      throw invalidArgument('', `Invalid JSON payload received. ${method.id} takes no body.`);
    return undefined;
  }
  return messageValue('resource', catalogue().message(method.body)!, given ?? {});
}

function checkParameter(method: Method, name: string, values: string[]): void {
  if (SYSTEM_PARAMETERS.test(name)) return;
  if (name === 'fields') throw notImplemented("The parameter 'fields'");
  const field = method.query.get(name);
  if (!field)
    throw invalidArgument(
      name,
      `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. ` +
        `Field '${name}' could not be found in request message.`,
    );
  if (values.length > 1 && !field.repeated) throw invalidArgument(name, `'${name}' is given more than once`);
  for (const value of values)
    scalarValue(
      name,
      field,
      field.type === 'bool' && /^(true|false)$/.test(value) ? value === 'true' : value,
    );
}

function messageValue(path: string, message: Message, value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw mismatch(path, 'TYPE_MESSAGE', value);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const field = message.get(name);
      if (!field)
        throw invalidArgument(
          path,
          `Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`,
        );
      return [name, fieldValue(`${path}.${name}`, field, inner)];
    }),
  );
}

function fieldValue(path: string, field: Field, value: unknown): unknown {
  if (value === null) return null;
  if (field.map) {
    if (!isRecord(value)) throw mismatch(path, 'a map', value);
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, singleValue(`${path}.${key}`, field, inner)]),
    );
  }
  if (!field.repeated) return singleValue(path, field, value);
  if (!Array.isArray(value)) throw mismatch(path, 'a list', value);
  return value.map((inner, index) => singleValue(`${path}[${index}]`, field, inner));
}

function singleValue(path: string, field: Field, value: unknown): unknown {
  if (value === null) return null;
  const message = catalogue().message(field.type);
  if (message) return messageValue(path, message, value);
  return field.type.includes('.') ? value : scalarValue(path, field, value);
}

function scalarValue(path: string, { type, values }: Field, value: unknown): unknown {
  const range = INTEGERS[type];
  if (range) return integerValue(path, type, range, value);
  if (type === 'float' || type === 'double') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw mismatch(path, `TYPE_${type.toUpperCase()}`, value);
  }
  if (typeof value !== (type === 'bool' ? 'boolean' : 'string'))
    throw mismatch(path, `TYPE_${type.toUpperCase()}`, value);
  if (values && value !== '' && !values.has(value as string))
    throw invalidArgument(
      path,
      `Invalid value for field '${path}': '${String(value)}'. Use one of ${[...values].join(', ')}.`,
    );
  return value;
}

function integerValue(
  path: string,
  type: string,
  [least, most]: readonly [bigint, bigint],
  value: unknown,
): unknown {
  const isInteger = Number.isInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  const number = isInteger ? BigInt(value as number | string) : undefined;
  if (number === undefined || number < least || number > most)
    throw mismatch(path, `TYPE_${type.toUpperCase()}`, value);
  return type.endsWith('64') ? String(number) : Number(number);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mismatch(path: string, type: string, value: unknown): ApiError {
  return invalidArgument(path, `Invalid value at '${path}' (${type}), ${JSON.stringify(value)}`);
}

function invalidArgument(field: string, description: string): ApiError {
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] },
  ];
  return new ApiError(400, 'invalid', description, { status: 'INVALID_ARGUMENT', details });
}

/** Throws 501 when one of these fields says anything: what the sandbox would not act on it does not keep either. */
export function refuseFields(resource: Record<string, unknown>, ...fields: string[]): void {
  for (const field of fields) {
    const value = resource[field];
    const isEmpty = typeof value === 'object' && (value === null || Object.keys(value).length === 0);
    if (value !== undefined && !isEmpty) throw notImplemented(`The field '${field}'`);
  }
}

/** What Google has and the sandbox lacks. */
export function notImplemented(what: string): ApiError {
  return new ApiError(
    501,
    'notImplemented',
    `${what} is not emulated by the sandbox: docs/sandbox.md lists what is.`,
    { status: 'UNIMPLEMENTED' },
  );
}
