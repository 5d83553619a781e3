import type { Money } from '../domain/cost.ts';

/** Units of a specification as people write them, and their values as the domain reads them. */

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const PERCENTAGE = /^(\d+(?:\.\d+)?)\s?%$/;
const MONEY = /^(\d+(?:\.\d+)?) ([A-Z]{3})$/;

export const DURATION_REMEDY = 'write a duration such as 90s, 4m or 1.5h (ms, s, m, h, d)';
export const PERCENTAGE_REMEDY = 'write a percentage such as 99.9%';
export const MONEY_REMEDY = 'write an amount and its ISO currency such as 12 USD';

const MS_PER: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of "90s", "4m", "300ms"; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  return amount && unit ? Number(amount) * MS_PER[unit]! : undefined;
}

/** Fraction of "99.9%"; undefined when it is none. Twelve digits, so that 99.9% is 0.999. */
export function parseFraction(text: string): number | undefined {
  const [, amount] = PERCENTAGE.exec(text) ?? [];
  return amount ? Number((Number(amount) / 100).toPrecision(12)) : undefined;
}

/** Amount and currency of "12 USD"; undefined when it is none. */
export function parseMoney(text: string): Money | undefined {
  const [, amount, currency] = MONEY.exec(text) ?? [];
  return amount && currency ? { amount: Number(amount), currency } : undefined;
}

export const PATTERNS = { duration: DURATION, percentage: PERCENTAGE, money: MONEY };
