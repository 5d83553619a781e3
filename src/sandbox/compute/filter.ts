import { ApiError } from '../http.ts';
import { isObject } from './resources.ts';

type Item = Record<string, unknown>;
type Test = (item: Item) => boolean;

const OPERATORS = ['=', '!=', '<=', '>=', '<', '>', ':'];
const TOKEN = /\s*(?:([()])|(<=|>=|!=|[=<>:])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s()=<>:!"']+))/y;
const EXPRESSION = /^\(?\s*([\w.-]+)\s+(eq|ne)\s+(.+?)\s*$/;
const MIXED = "'eq' and 'ne' cannot be mixed with other operators.";

/**
 * The test that a list's `filter` makes. Two syntaxes, never mixed: terms `field OP value` (`=`, `!=`, `<`, `>`, `<=`,
 * `>=`, `:`; `field:*` is presence) joined by AND, OR, NOT and parentheses, AND where nothing stands between; or
 * `field eq|ne REGEXP` (matching the whole field), several of them in parentheses. Throws 400 in Google's words.
 */
export function filterOf(filter: string): Test {
  const text = filter.trim();
  if (text === '') return () => true;
  return /(^|[\s(])[\w.-]+\s+(eq|ne)\s/.test(text.replace(/"[^"]*"|'[^']*'/g, '""'))
    ? expressions(text)
    : new Terms(text).read();
}

function expressions(text: string): Test {
  const parts = text.startsWith('(') ? parenthesised(text) : [text];
  const tests = parts.map((part) => {
    const [, field, operator, quoted] = EXPRESSION.exec(part) ?? [];
    if (field === undefined) throw refused(text, MIXED);
    const wanted = wholeField(text, unquoted(quoted!));
    return (item: Item) =>
      leavesOf(item, field).some((leaf) => wanted.test(textOf(leaf))) === (operator === 'eq');
  });
  return (item) => tests.every((test) => test(item));
}

function wholeField(filter: string, pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch {
    throw refused(filter, `'${pattern}' is no regular expression.`);
  }
}

/** `(a) (b)` as [`a`, `b`]; parentheses within an expression belong to it. */
function parenthesised(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const [index, letter] of text.split('').entries()) {
    if (letter === '(' && depth++ === 0) from = index + 1;
    if (letter === ')' && --depth === 0) parts.push(text.slice(from, index).trim());
    else if (depth === 0 && !/[\s)]/.test(letter)) throw refused(text, MIXED);
  }
  if (depth !== 0) throw refused(text, 'A parenthesis is missing.');
  return parts;
}

/** Recursive descent over the terms: NOT binds closest, then OR, then AND (AIP-160). */
class Terms {
  private readonly text: string;
  private readonly tokens: string[];
  private at = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = this.split();
  }

  read(): Test {
    const test = this.conjunction();
    if (this.at < this.tokens.length) throw refused(this.text, `Unexpected '${this.tokens[this.at]}'.`);
    return test;
  }

  private split(): string[] {
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < this.text.length) {
      const found = TOKEN.exec(this.text);
      if (!found) throw refused(this.text, 'It cannot be read.');
      tokens.push(found[1] ?? found[2] ?? found[3] ?? found[4]!);
    }
    return tokens;
  }

  private conjunction(): Test {
    const tests = [this.disjunction()];
    while (this.at < this.tokens.length && this.tokens[this.at] !== ')') {
      if (this.tokens[this.at] === 'AND') this.at += 1;
      tests.push(this.disjunction());
    }
    return (item) => tests.every((test) => test(item));
  }

  private disjunction(): Test {
    const tests = [this.negation()];
    while (this.tokens[this.at] === 'OR') {
      this.at += 1;
      tests.push(this.negation());
    }
    return (item) => tests.some((test) => test(item));
  }

  private negation(): Test {
    if (this.tokens[this.at] === 'NOT') {
      this.at += 1;
      const test = this.primary();
      return (item) => !test(item);
    }
    return this.primary();
  }

  private primary(): Test {
    if (this.tokens[this.at] === '(') {
      this.at += 1;
      const test = this.conjunction();
      if (this.tokens[this.at++] !== ')') throw refused(this.text, 'A parenthesis is missing.');
      return test;
    }
    const [field, operator, value] = this.tokens.slice(this.at, this.at + 3);
    if (value === undefined || !OPERATORS.includes(operator!) || /^[()=<>:!]/.test(value))
      throw refused(this.text, 'Write field, operator and value.');
    this.at += 3;
    return comparison(unquoted(field!), operator!, value);
  }
}

function comparison(field: string, operator: string, quoted: string): Test {
  const value = unquoted(quoted);
  if (operator === ':' && value === '*') return (item) => leavesOf(item, field).length > 0;
  if (operator === ':')
    return (item) =>
      leavesOf(item, field).some((leaf) =>
        textOf(leaf).toLowerCase().includes(value.replace(/\*$/, '').toLowerCase()),
      );
  if (operator === '=' || operator === '!=') {
    const isEqual = equality(value, value !== quoted);
    return (item) => leavesOf(item, field).some((leaf) => isEqual(textOf(leaf))) === (operator === '=');
  }
  return (item) => leavesOf(item, field).some((leaf) => isOrdered(textOf(leaf), operator, value));
}

/** `*` at either end of a bare value stands for anything. */
function equality(value: string, isQuoted: boolean): (text: string) => boolean {
  if (isQuoted || !/^\*|\*$/.test(value)) return (text) => text === value;
  const inner = value.replace(/^\*|\*$/g, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(
    `^${value.startsWith('*') ? '.*' : ''}${inner}${value.endsWith('*') ? '.*' : ''}$`,
  );
  return (text) => pattern.test(text);
}

function isOrdered(text: string, operator: string, value: string): boolean {
  const areNumbers = text.trim() !== '' && Number.isFinite(Number(text)) && Number.isFinite(Number(value));
  const [a, b] = areNumbers ? [Number(text), Number(value)] : [text, value];
  if (operator === '<') return a < b;
  if (operator === '>') return a > b;
  return operator === '<=' ? a <= b : a >= b;
}

/** Values under a dotted path; lists give one for each element, a missing field gives none. */
function leavesOf(item: unknown, field: string): unknown[] {
  let found: unknown[] = [item];
  for (const part of field.split('.'))
    found = found
      .flatMap((inner) => (isObject(inner) ? [inner[part]] : []))
      .flatMap((inner) => (Array.isArray(inner) ? (inner as unknown[]) : [inner]))
      .filter((inner) => inner !== undefined);
  return found;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

function refused(filter: string, why: string): ApiError {
  return new ApiError(
    400,
    'invalid',
    `Invalid value for field 'filter': '${filter}'. Invalid list filter expression. ${why}`,
  );
}
