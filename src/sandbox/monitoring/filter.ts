import { invalid } from './errors.ts';

export interface Labelled {
  metric: { type: string; labels: Record<string, string> };
  resource: { type: string; labels: Record<string, string> };
}

export interface Filter {
  /** The one metric type that every match must have; undefined where the filter leaves it open. */
  metricType: string | undefined;
  matches: (series: Labelled) => boolean;
}

type Predicate = (value: string | undefined) => boolean;

type Node =
  | { kind: 'term'; field: string; test: Predicate; equals?: string }
  | { kind: 'not'; inner: Node }
  | { kind: 'and' | 'or'; inner: Node[] };

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(!=|>=|<=|[=:<>(),-])|([^\s"()=!:<>,]+))/y;

/**
 * Parses a Monitoring filter: comparisons of `metric.type`, `resource.type`, `metric.labels.x`, `resource.labels.x` (also
 * `label`) and `project` by =, !=, : (contains), <, <=, >, >=, with `starts_with`, `ends_with`, `has_substring`, `one_of`
 * and `monitoring.regex.full_match`, joined by AND (or a space), OR, NOT and brackets. Throws 400 naming what it cannot
 * read.
 */
export function parseFilter(text: string): Filter {
  const parser = new Parser(text);
  const node = parser.parse();
  return {
    metricType: node && requiredType(node),
    matches: (series) => node === undefined || holds(node, series),
  };
}

class Parser {
  readonly #text: string;
  readonly #tokens: string[] = [];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const found = TOKEN.exec(text);
      if (!found)
        throw invalid(`filter: cannot read '${text.slice(from)}'; write field = "value", joined by AND`);
      this.#tokens.push(found[0].trim());
    }
  }

  parse(): Node | undefined {
    if (this.#tokens.length === 0) return undefined;
    const node = this.#or();
    if (this.#next < this.#tokens.length) throw this.#unreadable();
    return node;
  }

  #or(): Node {
    const inner = [this.#and()];
    while (this.#takes('OR')) inner.push(this.#and());
    return inner.length === 1 ? inner[0]! : { kind: 'or', inner };
  }

  #and(): Node {
    const inner = [this.#not()];
    for (;;) {
      const joined = this.#takes('AND');
      const token = this.#tokens[this.#next];
      if (!joined && (token === undefined || token === ')' || token === 'OR')) break;
      inner.push(this.#not());
    }
    return inner.length === 1 ? inner[0]! : { kind: 'and', inner };
  }

  #not(): Node {
    if (this.#takes('NOT') || this.#takes('-')) return { kind: 'not', inner: this.#not() };
    if (!this.#takes('(')) return this.#term();
    const node = this.#or();
    if (!this.#takes(')')) throw this.#unreadable();
    return node;
  }

  #term(): Node {
    const field = canonical(this.#word());
    const operator = this.#word();
    const value = this.#word();
    if (this.#takes('(')) return { kind: 'term', field, test: this.#call(operator, value) };
    const text = unquoted(value);
    const test = comparison(operator, text);
    if (!test) throw this.#unreadable();
    return { kind: 'term', field, test, ...(operator === '=' ? { equals: text } : {}) };
  }

  /** `= starts_with("x")` and the like; the bracket has been read. */
  #call(operator: string, name: string): Predicate {
    const values = [unquoted(this.#word())];
    while (this.#takes(',')) values.push(unquoted(this.#word()));
    if (!this.#takes(')') || (operator !== '=' && operator !== '!=')) throw this.#unreadable();
    const test = FUNCTIONS[name];
    if (!test) throw invalid(`filter: '${name}' is unknown; use ${Object.keys(FUNCTIONS).join(', ')}`);
    const wanted = test(values);
    return (value) => wanted(value ?? '') === (operator === '=');
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false;
    this.#next += 1;
    return true;
  }

  #word(): string {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw this.#unreadable();
    this.#next += 1;
    return token;
  }

  #unreadable(): Error {
    const rest = this.#tokens.slice(this.#next).join(' ');
    return invalid(
      `filter: cannot read '${rest || this.#text}' in '${this.#text}'; write field = "value", joined by AND`,
    );
  }
}

const FUNCTIONS: Record<string, (values: string[]) => (value: string) => boolean> = {
  starts_with:
    ([part = '']) =>
    (value) =>
      value.startsWith(part),
  ends_with:
    ([part = '']) =>
    (value) =>
      value.endsWith(part),
  has_substring:
    ([part = '']) =>
    (value) =>
      value.includes(part),
  one_of: (values) => (value) => values.includes(value),
  'monitoring.regex.full_match': ([pattern = '']) => {
    const expression = regular(pattern);
    return (value) => expression.test(value);
  },
};

function comparison(operator: string, text: string): Predicate | undefined {
  const wanted = Number(text);
  const numbers =
    (test: (given: number) => boolean): Predicate =>
    (value) =>
      value !== undefined && test(Number(value));
  const tests: Record<string, Predicate> = {
    '=': (value) => value === text,
    '!=': (value) => value !== text,
    ':': (value) => value !== undefined && (text === '*' || value.includes(text)),
    '<': numbers((given) => given < wanted),
    '<=': numbers((given) => given <= wanted),
    '>': numbers((given) => given > wanted),
    '>=': numbers((given) => given >= wanted),
  };
  return tests[operator];
}

function regular(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (error) {
    throw invalid(`filter: '${pattern}' is no regular expression: ${(error as Error).message}`);
  }
}

function unquoted(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll(/\\(.)/g, '$1') : token;
}

function holds(node: Node, series: Labelled): boolean {
  if (node.kind === 'term') return node.test(fieldOf(series, node.field));
  if (node.kind === 'not') return !holds(node.inner, series);
  return node.kind === 'and'
    ? node.inner.every((inner) => holds(inner, series))
    : node.inner.some((inner) => holds(inner, series));
}

function requiredType(node: Node): string | undefined {
  if (node.kind === 'term') return node.field === 'metric.type' ? node.equals : undefined;
  if (node.kind !== 'and') return undefined;
  return node.inner.map(requiredType).find((type) => type !== undefined);
}

/** The value of a field such as `resource.labels.zone`; undefined when the series lacks it. */
export function fieldOf(series: Labelled, field: string): string | undefined {
  if (field === 'project') return series.resource.labels['project_id'];
  const [part, kind, label] = field.split('.');
  const owner = part === 'metric' ? series.metric : series.resource;
  return kind === 'type' ? owner.type : owner.labels[label ?? ''];
}

/** `resource.label.x` is an accepted spelling of `resource.labels.x`. */
export function canonical(field: string): string {
  const known = /^(?:project|(?:metric|resource)\.(?:type|labels?\.[a-z_0-9]+))$/i.test(field);
  if (!known)
    throw invalid(
      `field '${field}' is unknown; use metric.type, resource.type, metric.labels.x, resource.labels.x or project`,
    );
  return field.replace('.label.', '.labels.');
}
