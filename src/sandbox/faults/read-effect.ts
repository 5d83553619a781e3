import { readCount, readDuration, readFields, readNumber, readWord, refuse, suggestion } from './checks.ts';
import { DOCUMENTED_ERRORS, reasonOf } from './documented-errors.ts';
import type { Effect } from './rule.ts';

/** How each effect is written, by its key. */
const READERS: Record<string, (value: unknown, field: string) => Effect> = {
  error: readError,
  delay: (value, field) => ({ kind: 'delay', delayMs: readDuration(value, field) }),
  delayAnswer: (value, field) => ({ kind: 'delayAnswer', delayMs: readDuration(value, field) }),
  lose: (value, field) => ({
    kind: readWord(value, ['answer', 'request'], field) === 'answer' ? 'loseAnswer' : 'loseRequest',
  }),
  duplicate: (value, field) => ({
    kind: 'duplicate',
    answered: readWord(value, ['first', 'second'], field),
  }),
  operation: readOperation,
  stockOut: readStockOut,
  boot(value, field) {
    if (value === 'never') return { kind: 'boot', factor: Infinity };
    if (typeof value === 'number' && value > 0) return { kind: 'boot', factor: value };
    throw refuse(field, value, "give how many times longer a boot takes, or 'never'");
  },
  flap: readFlap,
  drain: (value, field) => ({ kind: 'drain', overMs: readDuration(value, field) }),
  preempt: (value, field) => ({ kind: 'preempt', overMs: readDuration(value, field) }),
  metrics: readMetrics,
};

/** The one effect of a rule. Throws 400 naming field, value and what would be right. */
export function readEffect(value: unknown, where: string): Effect {
  const known = Object.keys(READERS);
  const entries = Object.entries(readFields(value, known, where));
  const [entry] = entries;
  if (!entry || entries.length > 1) throw refuse(where, value, `give exactly one of ${known.join(', ')}`);
  const [key, content] = entry;
  return READERS[key]!(content, `${where}.${key}`);
}

/** A documented reason alone, or status, reason and message; what is left out is the usual. */
function readError(value: unknown, field: string): Effect {
  const reasons = Object.keys(DOCUMENTED_ERRORS);
  const given: Record<string, unknown> =
    typeof value === 'string'
      ? { reason: readWord(value, reasons, field) }
      : readFields(value, ['status', 'reason', 'message'], field);
  if (given['reason'] !== undefined && typeof given['reason'] !== 'string')
    throw refuse(`${field}.reason`, given['reason'], 'give a reason such as rateLimitExceeded');
  const usual = DOCUMENTED_ERRORS[given['reason'] ?? ''];
  if (given['status'] === undefined && !usual)
    throw refuse(
      `${field}.reason`,
      given['reason'],
      `${suggestion(String(given['reason']), reasons)}, or give its status too`,
    );
  const status = readCount(given['status'] ?? usual?.status, `${field}.status`);
  if (status < 400 || status > 599)
    throw refuse(`${field}.status`, status, 'give an HTTP status, 400 to 599');
  const reason = given['reason'] ?? reasonOf(status);
  const message = given['message'] ?? usual?.message ?? DOCUMENTED_ERRORS[reason]?.message ?? reason;
  return { kind: 'error', status, reason, message: readText(message, `${field}.message`) };
}

function readOperation(value: unknown, field: string): Effect {
  const given = readFields(value, ['error', 'message', 'delay'], field);
  if (given['error'] === undefined && given['delay'] === undefined)
    throw refuse(field, value, 'give error, delay or both');
  const optional = (name: string) =>
    given[name] === undefined ? undefined : readText(given[name], `${field}.${name}`);
  return {
    kind: 'operation',
    code: optional('error'),
    message: optional('message'),
    delayMs: given['delay'] === undefined ? 0 : readDuration(given['delay'], `${field}.delay`),
  };
}

function readStockOut(value: unknown, field: string): Effect {
  const codes = ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', 'ZONE_RESOURCE_POOL_EXHAUSTED'] as const;
  return { kind: 'stockOut', code: value === true ? codes[0] : readWord(value, codes, field) };
}

function readFlap(value: unknown, field: string): Effect {
  const { up, down } = readFields(value, ['up', 'down'], field);
  const flap = { upMs: readDuration(up, `${field}.up`), downMs: readDuration(down, `${field}.down`) };
  if (flap.downMs === 0) throw refuse(`${field}.down`, down, 'give how long it is down each time');
  return { kind: 'flap', ...flap };
}

function readMetrics(value: unknown, field: string): Effect {
  const given = readFields(value, ['late', 'missing', 'doubled', 'factor', 'offset'], field);
  const keys = Object.keys(given);
  if (given['factor'] !== undefined || given['offset'] !== undefined) {
    if (keys.some((key) => key !== 'factor' && key !== 'offset'))
      throw refuse(field, value, 'give factor and offset, or one of late, missing, doubled');
    const factor = readNumber(given['factor'] ?? 1, `${field}.factor`, -Infinity);
    return {
      kind: 'metricsWrong',
      factor,
      offset: readNumber(given['offset'] ?? 0, `${field}.offset`, -Infinity),
    };
  }
  if (keys.length !== 1)
    throw refuse(field, value, 'give late, missing: true, doubled: true, or factor and offset');
  if (given['late'] !== undefined)
    return { kind: 'metricsLate', lateMs: readDuration(given['late'], `${field}.late`) };
  if (given[keys[0]!] !== true) throw refuse(`${field}.${keys[0]}`, given[keys[0]!], 'give true');
  return { kind: keys[0] === 'missing' ? 'metricsMissing' : 'metricsDoubled' };
}

function readText(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refuse(field, value, 'give a text');
}
