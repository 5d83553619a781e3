import { distance } from 'fastest-levenshtein';
import { isMap, isNode, isScalar, type Document, type LineCounter } from 'yaml';
import type { z } from 'zod';
import type { Finding } from './check.ts';
import { specJsonSchema } from './schema.ts';

/** One thing that is wrong, or worth a look: which field, what it says, what would be right, and where. */
export interface Problem {
  field: string;
  /** As written, shortened; undefined when the field is missing. */
  value?: string;
  remedy: string;
  line: number;
}

type Path = readonly PropertyKey[];

/** What stands there is a reference, or by mistake the secret itself. */
const SECRET_KEYS: ReadonlySet<PropertyKey> = new Set(['bearer', 'password']);

/** Turns findings into problems with values and lines of one parsed file. */
export class Locator {
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  problem(finding: Finding): Problem {
    return this.#at(finding.path, finding.remedy);
  }

  /** A zod issue may name several unknown keys: one problem each. */
  problems(issue: z.core.$ZodIssue): Problem[] {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) =>
        this.#at([...issue.path, key], unknownKeyRemedy(key, knownKeys(issue.path))),
      );
    return [this.#at(issue.path, remedyOf(issue))];
  }

  #at(path: Path, remedy: string): Problem {
    const node = this.#document.getIn(path, true);
    const field = path.map(String).join('.') || 'the file';
    const problem: Problem = { field, remedy, line: this.#line(path) };
    if (node === undefined) return { ...problem, remedy: `missing: ${remedy}` };
    if (path.some((key) => SECRET_KEYS.has(key))) return { ...problem, value: '(not shown)' };
    return { ...problem, value: shorten(isNode(node) ? node.toJS(this.#document) : node) };
  }

  /** Line of the key, or of the nearest parent that is there. */
  #line(path: Path): number {
    for (let depth = path.length; depth > 0; depth--) {
      const parent: unknown =
        depth === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, depth - 1), true);
      const node = isMap(parent)
        ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === path[depth - 1])?.key
        : this.#document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
    return 1;
  }
}

/** `line 12: demand.step: 90x: write a duration such as 90s ...` */
export function describeProblem(problem: Problem): string {
  const value = problem.value === undefined ? '' : `${problem.value}: `;
  return `line ${problem.line}: ${problem.field}: ${value}${problem.remedy}`;
}

function remedyOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid'))
    return `write one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return issue.expected === 'object' || issue.expected === 'record'
      ? `write keys and values: ${knownKeys(issue.path).join(', ') || 'any'}`
      : `write a ${issue.expected}`;
  return issue.message;
}

function unknownKeyRemedy(key: string, known: string[]): string {
  const nearest = known.toSorted((a, b) => distance(key, a) - distance(key, b))[0];
  const near = nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 3);
  return near
    ? `not a known key: did you mean ${nearest}?`
    : `not a known key: remove it; known here: ${known.join(', ')}`;
}

interface ObjectSchema {
  properties?: Record<string, ObjectSchema>;
  /** Of a list: what each of its entries is. */
  items?: ObjectSchema;
}

/** Keys allowed under `path`, from the published schema, so that there is one list only. */
function knownKeys(path: Path): string[] {
  let schema: ObjectSchema | undefined = specJsonSchema() as ObjectSchema;
  for (const key of path)
    schema = typeof key === 'number' ? schema?.items : schema?.properties?.[String(key)];
  return Object.keys(schema?.properties ?? {});
}

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
