import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { jsonSchema } from './discovery-schemas.ts';
import type { DiscoverySchema } from './discovery-schemas.ts';
import type { Exchange } from './recorder.ts';

interface Method {
  id: string;
  path: string;
  httpMethod: string;
  parameters?: Record<string, DiscoverySchema & { location: 'path' | 'query'; required?: boolean }>;
  request?: { $ref: string };
  response?: { $ref: string };
}

interface Resource {
  methods?: Record<string, Method>;
  resources?: Record<string, Resource>;
}

interface Document extends Resource {
  servicePath: string;
  schemas: Record<string, DiscoverySchema>;
  parameters: NonNullable<Method['parameters']>;
}

/** Where google-api-python-client keeps Google's discovery documents, below a folder of Python packages. */
const FOLDER = 'googleapiclient/discovery_cache/documents';
const DOCUMENTS = ['compute.v1', 'dns.v1', 'monitoring.v3'];
/** What every API of Google's takes beside what its document names: asks for enumerations as numbers. */
const NUMBERS_FOR_ENUMS = 'json;enum-encoding=int';

const ERROR_ANSWER = {
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      additionalProperties: false,
      properties: {
        code: { type: 'integer' },
        message: { type: 'string' },
        status: { type: 'string', pattern: '^[A-Z_]+$' },
        errors: { type: 'array', items: { type: 'object', required: ['domain', 'reason', 'message'] } },
        details: { type: 'array', items: { type: 'object', required: ['@type'] } },
      },
    },
  },
};

/** What Google's discovery documents say of requests and answers, read from a folder of Python packages. */
export class Discovery {
  readonly #methods: { method: Method; document: string; path: RegExp; names: string[] }[] = [];
  readonly #globals: Record<string, Document['parameters']> = {};
  readonly #ajv = new Ajv({ strict: false, allErrors: true });

  constructor(packages: string) {
    for (const name of DOCUMENTS) {
      const document = JSON.parse(readFileSync(join(packages, FOLDER, `${name}.json`), 'utf8')) as Document;
      this.#globals[name] = document.parameters;
      this.#addSchemas(name, document);
      for (const method of methodsOf(document))
        this.#methods.push({ method, document: name, ...pathPattern(document.servicePath + method.path) });
    }
    this.#ajv.addSchema(ERROR_ANSWER, 'error');
  }

  /** What of an exchange the documents do not allow, in words; nothing when all is well. */
  problemsOf(exchange: Exchange): string[] {
    const found = this.#find(exchange);
    const at = `${exchange.method} ${exchange.path}`;
    if (!found) return [`${at}: no such method`];
    const { method, document } = found;
    const { request, response } = method;
    // What was refused may well have been wrong: only that the refusal is in form can be asked for.
    const problems =
      exchange.status >= 400
        ? this.#check(exchange.answer, 'error', 'error')
        : [
            ...this.#queryProblems(exchange, method, document),
            ...this.#bodyProblems(exchange, 'request', request, document),
            ...this.#bodyProblems(exchange, 'answer', response, document),
          ];
    return problems.map((problem) => `${method.id} (${exchange.status}): ${problem}`);
  }

  /** Ids of the methods that the exchanges called. */
  called(exchanges: Exchange[]): string[] {
    return [...new Set(exchanges.map((exchange) => this.#find(exchange)?.method.id ?? 'unknown'))];
  }

  #addSchemas(name: string, { schemas }: Document): void {
    const kinds = {
      request: { numbersForEnums: false, integersEitherWay: true },
      'request, enums by number': { numbersForEnums: true, integersEitherWay: true },
      answer: { numbersForEnums: false, integersEitherWay: false },
      'answer, enums by number': { numbersForEnums: true, integersEitherWay: false },
    };
    for (const [kind, options] of Object.entries(kinds)) {
      const document = idOf(name, kind);
      const definitions = Object.fromEntries(
        Object.entries(schemas).map(([id, schema]) => [id, jsonSchema(schema, options)]),
      );
      this.#ajv.addSchema({ definitions }, document);
    }
  }

  #find({ method: httpMethod, path }: Exchange) {
    return this.#methods.find(({ method, path: pattern, names }) => {
      if (method.httpMethod !== httpMethod) return false;
      const values = pattern.exec(path)?.slice(1);
      return values?.every((value, index) => {
        const { pattern: wanted } = method.parameters?.[names[index]!] ?? {};
        return wanted === undefined || new RegExp(`^(?:${wanted})$`).test(decodeURIComponent(value));
      });
    });
  }

  #queryProblems({ query }: Exchange, { parameters = {} }: Method, document: string): string[] {
    const known = { ...this.#globals[document], ...parameters };
    const missing = Object.entries(parameters)
      .filter(([name, { location, required }]) => location === 'query' && required && !query.has(name))
      .map(([name]) => `parameter ${name} is missing`);
    const wrong = [...query].flatMap(([name, value]) => {
      if (name === '$alt' && value === NUMBERS_FOR_ENUMS) return [];
      const schema = known[name];
      if (!schema || ('location' in schema && schema.location !== 'query'))
        return [`parameter ${name} is unknown`];
      if (!schema.repeated && query.getAll(name).length > 1) return [`parameter ${name} is given twice`];
      return parameterFits(value, schema)
        ? []
        : [`parameter ${name}=${value} is no ${JSON.stringify(schema.enum ?? schema.format ?? schema.type)}`];
    });
    return [...missing, ...wrong];
  }

  #bodyProblems(
    exchange: Exchange,
    what: 'request' | 'answer',
    schema: { $ref: string } | undefined,
    document: string,
  ): string[] {
    const given = what === 'request' ? exchange.body : exchange.answer;
    // Google's REST transport for Node sends an empty string where there is no body; the APIs take it for none.
    const body = given === '' ? undefined : given;
    if (!schema) return body === undefined ? [] : [`${what}: none was due: ${JSON.stringify(body)}`];
    const kind = exchange.query.get('$alt') === NUMBERS_FOR_ENUMS ? `${what}, enums by number` : what;
    return this.#check(body ?? {}, `${idOf(document, kind)}#/definitions/${schema.$ref}`, what);
  }

  #check(value: unknown, schema: string, what: string): string[] {
    const validate = this.#ajv.getSchema(schema) as ValidateFunction;
    if (validate(value)) return [];
    return validate.errors!.map((error) => `${what}${described(error)}`);
  }
}

function methodsOf({ methods = {}, resources = {} }: Resource): Method[] {
  return [...Object.values(methods), ...Object.values(resources).flatMap(methodsOf)];
}

/** Of a path such as `v3/{+name}/timeSeries`: a `+` may stand for several segments. */
function pathPattern(template: string): { path: RegExp; names: string[] } {
  const names: string[] = [];
  const pattern = template.replaceAll(/\{(\+?)(\w+)\}/g, (_, several: string, name: string) => {
    names.push(name);
    return several ? '(.+)' : '([^/]+)';
  });
  return { path: new RegExp(`^/${pattern}$`), names };
}

function parameterFits(value: string, { type, format = '', enum: names }: DiscoverySchema): boolean {
  if (names) return names.includes(value) || /^\d+$/.test(value);
  if (type === 'boolean') return /^(true|false)$/.test(value);
  if (type === 'integer' || format.endsWith('int64')) return /^-?\d+$/.test(value);
  if (type === 'number') return value !== '' && Number.isFinite(Number(value));
  if (format === 'google-datetime') return !Number.isNaN(Date.parse(value));
  if (format === 'google-duration') return /^-?\d+(\.\d+)?s$/.test(value);
  return true;
}

function described({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}`;
}

/** A URI, so without the blanks of the kind. */
function idOf(document: string, kind: string): string {
  return `${document}/${kind.replaceAll(/\W+/g, '-')}`;
}
