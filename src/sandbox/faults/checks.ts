import { distance } from 'fastest-levenshtein';
import { ApiError } from '../http.ts';

export type Fields = Record<string, unknown>;

/** 400 that names field, value and remedy. */
export function refuse(field: string, value: unknown, remedy: string): ApiError {
  return new ApiError(400, 'invalid', `${field} is ${JSON.stringify(value) ?? 'missing'}: ${remedy}`);
}

/** An object that has no other fields than the known ones. Throws 400 naming the nearest known field. */
export function readFields(value: unknown, known: readonly string[], where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(where, value, `give an object with ${known.join(', ')}`);
  for (const key of Object.keys(value))
    if (!known.includes(key))
      throw new ApiError(400, 'invalid', `${where}.${key} is not known: ${suggestion(key, known)}`);
  return value as Fields;
}

/** One of the known words. Throws 400 naming the nearest. */
export function readWord<W extends string>(value: unknown, known: readonly W[], field: string): W {
  if (typeof value === 'string' && (known as readonly string[]).includes(value)) return value as W;
  throw refuse(field, value, suggestion(String(value), known));
}

export function readNumber(value: unknown, field: string, least: number, most = Infinity): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  const range = most === Infinity ? `${least} or more` : `${least} to ${most}`;
  throw refuse(field, value, `give a number, ${range}`);
}

export function readCount(value: unknown, field: string): number {
  const count = readNumber(value, field, 0);
  if (!Number.isInteger(count)) throw refuse(field, value, 'give a whole number');
  return count;
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `90s` or `1.5m` in ms. */
export function readDuration(value: unknown, field: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(value));
  if (!parts) throw refuse(field, value, 'give a duration such as 500ms, 90s, 5m, 2h or 1d');
  return Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS];
}

/** A point of sandbox time: ISO 8601, or a duration counted from `from`. ms since the epoch. */
export function readTime(value: unknown, field: string, from: number): number {
  if (typeof value === 'string' && /^\d{4}-/.test(value)) {
    const at = Date.parse(value);
    if (!Number.isNaN(at)) return at;
  } else if (/^\d/.test(String(value))) return from + readDuration(value, field);
  throw refuse(
    field,
    value,
    'give sandbox time as ISO 8601, or a duration from when the rule is set, such as 10m',
  );
}

/** One word or several. */
export function readWords(value: unknown, field: string): string[] {
  const words: unknown[] = Array.isArray(value) ? value : [value];
  if (words.length > 0 && words.every((word): word is string => typeof word === 'string' && word !== ''))
    return words;
  throw refuse(field, value, 'give a text, or a list of texts');
}

export function suggestion(word: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => distance(word, a) - distance(word, b))[0];
  const isNear = nearest !== undefined && distance(word, nearest) <= Math.max(2, word.length / 3);
  return isNear ? `did you mean ${nearest}?` : `use one of ${known.join(', ')}`;
}
