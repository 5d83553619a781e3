import { z } from 'zod';
import { ApiError } from '../http.ts';
import { suggestion } from './checks.ts';
import type { Effect, Match, Rule } from './rule.ts';

const NextCalls = { pathIncludes: z.string(), times: z.number().int().min(0) };

/** The commonest faults in a word each; `null` takes one away. */
const Shorthands = z.strictObject({
  stockOutZones: z.array(z.string()).optional(),
  rateLimit: z
    .strictObject({ ...NextCalls, status: z.union([z.literal(429), z.literal(403)]).optional() })
    .nullable()
    .optional(),
  lostResponse: z.strictObject(NextCalls).nullable().optional(),
  failOperation: z
    .strictObject({ ...NextCalls, code: z.string() })
    .nullable()
    .optional(),
  slowBootFactor: z.number().positive().optional(),
  staleMetricsMs: z.number().min(0).optional(),
});

export type ShorthandChanges = z.infer<typeof Shorthands>;
export type ShorthandName = keyof ShorthandChanges;
export const SHORTHANDS = Object.keys(Shorthands.shape) as ShorthandName[];

/** What is shown of a shorthand that is not set. */
export const UNSET: ShorthandChanges = { stockOutZones: [], slowBootFactor: 1, staleMetricsMs: 0 };

export function readShorthands(body: Record<string, unknown>): ShorthandChanges {
  for (const key of Object.keys(body))
    if (!(SHORTHANDS as string[]).includes(key))
      throw new ApiError(
        400,
        'invalid',
        `${key} is no fault: ${suggestion(key, [...SHORTHANDS, 'rules', 'seed'])}`,
      );
  const parsed = Shorthands.safeParse(body);
  if (!parsed.success) throw new ApiError(400, 'invalid', z.prettifyError(parsed.error));
  return parsed.data;
}

/** The rule that a shorthand stands for; undefined when it says that all is well. */
export function ruleOf<N extends ShorthandName>(name: N, value: ShorthandChanges[N]): Rule | undefined {
  const next = value as { pathIncludes: string; times: number } | null;
  const calls = (effect: Effect, access?: 'write') =>
    next
      ? rule(
          name,
          effect,
          { pathIncludes: [next.pathIncludes], ...(access ? { access: [access] } : {}) },
          next.times,
        )
      : undefined;
  if (name === 'stockOutZones') {
    const zone = value as string[];
    const effect = { kind: 'stockOut', code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS' } as const;
    return zone.length > 0 ? rule(name, effect, { zone }) : undefined;
  }
  if (name === 'slowBootFactor')
    return value === 1 ? undefined : rule(name, { kind: 'boot', factor: value as number });
  if (name === 'staleMetricsMs')
    return value === 0 ? undefined : rule(name, { kind: 'metricsLate', lateMs: value as number });
  if (name === 'lostResponse') return calls({ kind: 'loseAnswer' }, 'write');
  if (name === 'failOperation') {
    const code = (value as { code: string } | null)?.code;
    return calls({ kind: 'operation', code, message: undefined, delayMs: 0 });
  }
  const status = (value as { status?: number } | null)?.status ?? 429;
  return calls({
    kind: 'error',
    status,
    reason: 'rateLimitExceeded',
    message: 'Quota exceeded: too many calls.',
  });
}

function rule(name: string, effect: Effect, match: Match = {}, times = Infinity): Rule {
  const always = { after: 0, probability: 1, at: -Infinity, until: Infinity };
  return { name, match, times, ...always, effect, written: undefined, matched: 0, struck: 0 };
}
