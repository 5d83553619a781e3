import { ApiError, ok } from '../http.ts';
import type { ApiAnswer } from '../http.ts';
import { isObject } from './resources.ts';

const TERM = /^\(?\s*([\w.]+)\s*(=|!=|:|\beq\b|\bne\b)\s*("[^"]*"|'[^']*'|[^()\s]+|\([^)]*\))\s*\)?$/;

/**
 * A page of a list as Compute gives it: `filter`, `maxResults` (0..500) and `pageToken`. Filters: terms `field = value`,
 * `!=`, `:` (`*` = present), `eq REGEXP`, `ne REGEXP`, joined by AND or by parentheses side by side.
 */
export function listAnswer(
  kind: string,
  items: Record<string, unknown>[],
  query: URLSearchParams,
): ApiAnswer {
  const limit = Number(query.get('maxResults') ?? 500);
  if (!Number.isInteger(limit) || limit < 0 || limit > 500)
    throw new ApiError(400, 'invalid', `Invalid value for maxResults: '${limit}'. Use 0 to 500.`);
  const kept = items.filter(filterOf(query.get('filter') ?? ''));
  const from = Number(query.get('pageToken') ?? 0);
  const page = limit === 0 ? kept.slice(from) : kept.slice(from, from + limit);
  const end = from + page.length;
  return ok({ kind, items: page, ...(end < kept.length ? { nextPageToken: String(end) } : {}) });
}

function filterOf(filter: string): (item: Record<string, unknown>) => boolean {
  if (filter.trim() === '') return () => true;
  const terms = filter.split(/\s+AND\s+|(?<=\))\s+(?=\()/).map(termOf);
  return (item) => terms.every((term) => term(item));
}

function termOf(text: string): (item: Record<string, unknown>) => boolean {
  const parts = TERM.exec(text.trim());
  if (!parts) throw new ApiError(400, 'invalid', `Invalid list filter expression: '${text}'.`);
  const [, field, operator, quoted] = parts;
  const value = quoted!.replace(/^(["'])(.*)\1$/, '$2');
  const read = (item: Record<string, unknown>): string | undefined => {
    const found = field!
      .split('.')
      .reduce<unknown>((inner, part) => (isObject(inner) ? inner[part] : undefined), item);
    return found === undefined || typeof found === 'string' ? found : JSON.stringify(found);
  };
  if (operator === ':') {
    return (item) =>
      value === '*' ? read(item) !== undefined : (read(item) ?? '').includes(value.replace(/\*$/, ''));
  }
  const wanted =
    operator === 'eq' || operator === 'ne'
      ? (text: string) => new RegExp(`^(?:${value})$`).test(text)
      : (text: string) => text === value;
  const negated = operator === 'ne' || operator === '!=';
  return (item) => wanted(read(item) ?? '') !== negated;
}
