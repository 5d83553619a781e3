import { ApiError, ok } from '../http.ts';
import type { ApiAnswer } from '../http.ts';
import { filterOf } from './filter.ts';

type Item = Record<string, unknown>;

const MOST_RESULTS = 500;

/** What a page of a list holds, and the token of the next one. */
interface Page<T> {
  items: T[];
  nextPageToken?: string;
}

/** A page as Compute gives it: `filter`, `orderBy`, `maxResults` (0..500) and `pageToken`. Throws 400 for bad ones. */
export function listAnswer(kind: string, items: Item[], query: URLSearchParams): ApiAnswer {
  return ok({ kind, ...pageOf(items, (item) => item, query) });
}

/**
 * A page of what all scopes hold: every scope appears, those without results with the warning NO_RESULTS_ON_PAGE.
 *
 * @param collection name of the list within a scope, e.g. `instances`
 * @param scoped items by scope, e.g. `zones/us-central1-a`
 */
export function aggregatedAnswer(
  kind: string,
  collection: string,
  scoped: ReadonlyMap<string, Item[]>,
  query: URLSearchParams,
): ApiAnswer {
  const all = [...scoped].flatMap(([scope, items]) => items.map((item) => ({ scope, item })));
  const { items: found, nextPageToken } = pageOf(all, ({ item }) => item, query);
  const items = Object.fromEntries(
    [...scoped.keys()].map((scope) => {
      const here = found.filter((entry) => entry.scope === scope).map(({ item }) => item);
      return [scope, here.length > 0 ? { [collection]: here } : { warning: noResults(scope) }];
    }),
  );
  return ok({ kind, items, ...(nextPageToken === undefined ? {} : { nextPageToken }) });
}

/** The page that the query asks for, of entries whose filtered and ordered content `read` gives. */
export function pageOf<T>(
  entries: T[],
  read: (entry: T) => Item,
  query: URLSearchParams,
  limit = limitOf(query),
): Page<T> {
  const test = filterOf(query.get('filter') ?? '');
  const kept = ordered(
    entries.filter((entry) => test(read(entry))),
    read,
    query.get('orderBy') ?? '',
  );
  const from = offsetOf(query.get('pageToken') ?? '');
  const items = kept.slice(from, from + limit);
  const end = from + items.length;
  return end < kept.length ? { items, nextPageToken: tokenOf(end) } : { items };
}

/** By name unless asked otherwise, as Google orders; what has no name keeps its order. */
function ordered<T>(entries: T[], read: (entry: T) => Item, orderBy: string): T[] {
  if (!/^(|name|creationTimestamp desc)$/.test(orderBy))
    throw new ApiError(
      400,
      'invalid',
      `Invalid value for field 'orderBy': '${orderBy}'. Use 'name' or 'creationTimestamp desc'.`,
    );
  const key = orderBy === 'creationTimestamp desc' ? 'creationTimestamp' : 'name';
  const direction = key === 'name' ? 1 : -1;
  const textOf = (entry: T) => (read(entry)[key] as string | undefined) ?? '';
  const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -direction : direction);
  return [...entries].sort((a, b) => compare(textOf(a), textOf(b)));
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('maxResults') ?? MOST_RESULTS);
  if (limit <= MOST_RESULTS) return limit === 0 ? MOST_RESULTS : limit;
  throw new ApiError(
    400,
    'invalid',
    `Invalid value for field 'maxResults': '${limit}'. Must be less than or equal to ${MOST_RESULTS}.`,
  );
}

function tokenOf(offset: number): string {
  return Buffer.from(`from ${offset}`).toString('base64url');
}

function offsetOf(token: string): number {
  if (token === '') return 0;
  const offset = /^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (offset !== undefined) return Number(offset);
  throw new ApiError(
    400,
    'invalid',
    `Invalid value for field 'pageToken': '${token}'. Use the nextPageToken of the page before.`,
  );
}

function noResults(scope: string): Item {
  return {
    code: 'NO_RESULTS_ON_PAGE',
    message: `There are no results for scope '${scope}' on this page.`,
    data: [{ key: 'scope', value: scope }],
  };
}
