import { readCount, readFields, readNumber, readTime, readWord, readWords, refuse } from './checks.ts';
import { methodProblem } from './method-names.ts';
import { readEffect } from './read-effect.ts';
import type { Kind, Match, Rule } from './rule.ts';

/** What a rule may look at, by what its effect strikes. */
const LOOKS_AT: Record<'call' | 'machine' | 'metric', (keyof Match)[]> = {
  call: ['api', 'method', 'access', 'project', 'zone', 'resource', 'pathIncludes'],
  machine: ['project', 'zone', 'resource', 'machineType'],
  metric: ['project', 'zone', 'resource', 'metric'],
};
const MACHINE_KINDS: readonly Kind[] = ['stockOut', 'boot', 'flap', 'drain', 'preempt'];
const METRIC_KINDS: readonly Kind[] = ['metricsLate', 'metricsMissing', 'metricsDoubled', 'metricsWrong'];

/**
 * Rules as they are written, in a file or to the control endpoint. Durations in `at` and `until` count from `now`
 * (sandbox ms). Throws 400 naming field, value and remedy.
 */
export function readRules(value: unknown, now: number, where = 'rules'): Rule[] {
  if (!Array.isArray(value)) throw refuse(where, value, 'give a list of rules');
  return value.map((each, index) => readRule(each, now, `${where}[${index}]`, `rule ${index + 1}`));
}

function readRule(value: unknown, now: number, where: string, unnamed: string): Rule {
  const known = ['name', 'match', 'after', 'times', 'probability', 'at', 'until', 'effect'];
  const given = readFields(value, known, where);
  const effect = readEffect(given['effect'], `${where}.effect`);
  const { name = unnamed, after, times, probability, at, until } = given;
  if (typeof name !== 'string') throw refuse(`${where}.name`, name, 'give a text');
  // Points are chosen anew by every reading: nothing can be counted.
  if (METRIC_KINDS.includes(effect.kind) && (after !== undefined || times !== undefined))
    throw refuse(
      `${where}.${after === undefined ? 'times' : 'after'}`,
      after ?? times,
      'this effect holds from at to until; leave it out',
    );
  const rule = {
    name,
    match: readMatch(given['match'] ?? {}, effect.kind, `${where}.match`),
    after: after === undefined ? 0 : readCount(after, `${where}.after`),
    times: times === undefined ? Infinity : readCount(times, `${where}.times`),
    probability: readNumber(probability ?? 1, `${where}.probability`, 0, 1),
    at: at === undefined ? -Infinity : readTime(at, `${where}.at`, now),
    until: until === undefined ? Infinity : readTime(until, `${where}.until`, now),
    effect,
    written: value,
    matched: 0,
    struck: 0,
  };
  if (rule.until <= rule.at) throw refuse(`${where}.until`, until, 'give a time after at');
  if ((effect.kind === 'drain' || effect.kind === 'preempt') && rule.at === -Infinity) rule.at = now;
  return rule;
}

function readMatch(value: unknown, kind: Kind, where: string): Match {
  const strikes = METRIC_KINDS.includes(kind) ? 'metric' : MACHINE_KINDS.includes(kind) ? 'machine' : 'call';
  const given = readFields(value, LOOKS_AT[strikes], where);
  const match: Match = {};
  for (const [key, content] of Object.entries(given)) {
    const words = readWords(content, `${where}.${key}`);
    for (const word of words) checkWord(key, word, `${where}.${key}`);
    match[key as keyof Match] = words;
  }
  return match;
}

function checkWord(key: string, word: string, field: string): void {
  if (key === 'api') readWord(word, ['compute', 'dns', 'monitoring'], field);
  if (key === 'access') readWord(word, ['read', 'write'], field);
  if (key !== 'method') return;
  const problem = methodProblem(word);
  if (problem !== undefined) throw refuse(field, word, problem);
}
