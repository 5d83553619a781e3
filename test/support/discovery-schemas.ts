/** A schema as discovery documents write it: JSON Schema's third draft with Google's formats. */
export interface DiscoverySchema {
  type?: string;
  format?: string;
  $ref?: string;
  enum?: string[];
  pattern?: string;
  minimum?: string;
  maximum?: string;
  repeated?: boolean;
  items?: DiscoverySchema;
  properties?: Record<string, DiscoverySchema>;
  additionalProperties?: DiscoverySchema;
}

export interface SchemaOptions {
  /** Enumerations may be told by number: the document does not say which number means what. */
  numbersForEnums: boolean;
  /** An integer may be a number or a string: Google takes both, and answers numbers, but strings for 64 bits. */
  integersEitherWay: boolean;
}

const INTEGERS: Record<string, { minimum: number; maximum: number }> = {
  int32: { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  uint32: { minimum: 0, maximum: 2 ** 32 - 1 },
};

const PATTERNS: Record<string, string> = {
  int64: '^-?[0-9]+$',
  uint64: '^[0-9]+$',
  byte: '^[A-Za-z0-9+/_-]*={0,2}$',
  'google-datetime':
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$',
  'google-duration': '^-?[0-9]+(\\.[0-9]+)?s$',
};

/** The same as today's JSON Schema, strict: an object has no properties but those that its document names. */
export function jsonSchema(schema: DiscoverySchema, options: SchemaOptions): object {
  if (schema.$ref !== undefined) return { $ref: `#/definitions/${schema.$ref}` };
  if (schema.type === 'array') return { type: 'array', items: jsonSchema(schema.items ?? {}, options) };
  if (schema.type === 'object') return objectSchema(schema, options);
  if (schema.type === 'string') return stringSchema(schema, options);
  if (schema.type === 'integer') return integerSchema(schema, options);
  if (schema.type === 'number')
    return { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };
  if (schema.type === 'boolean') return { type: 'boolean' };
  if (schema.type === 'any') return {};
  throw new Error(`A discovery document has a type that is not known: ${JSON.stringify(schema)}`);
}

function objectSchema(
  { properties = {}, additionalProperties, format }: DiscoverySchema,
  options: SchemaOptions,
) {
  const others = additionalProperties
    ? jsonSchema(additionalProperties, options)
    : format === 'google.protobuf.Any';
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, each]) => [name, jsonSchema(each, options)]),
    ),
    additionalProperties: others,
  };
}

function integerSchema({ format = '' }: DiscoverySchema, { integersEitherWay }: SchemaOptions): object {
  const number = { type: 'integer', ...INTEGERS[format] };
  return integersEitherWay ? { anyOf: [number, { type: 'string', pattern: PATTERNS['int64'] }] } : number;
}

function stringSchema(
  schema: DiscoverySchema,
  { numbersForEnums, integersEitherWay }: SchemaOptions,
): object {
  const { format = '', pattern } = schema;
  if (schema.enum) {
    const names = { enum: schema.enum };
    return numbersForEnums ? { anyOf: [names, { type: 'integer' }] } : names;
  }
  const text = { type: 'string', ...patternOf(PATTERNS[format] ?? (pattern && `^(?:${pattern})$`)) };
  return integersEitherWay && /^u?int64$/.test(format) ? { anyOf: [text, { type: 'integer' }] } : text;
}

function patternOf(pattern: string | undefined): { pattern?: string } {
  return pattern ? { pattern } : {};
}
