import type { Config } from '../config/config.ts';
import { eventInWords } from '../domain/counted-event.ts';
import type { Decision, ZonePlan } from '../domain/plan.ts';
import type { ExpectedCost } from '../domain/expected-cost.ts';
import { inWords } from '../domain/tier.ts';
import { UsageError } from './errors.ts';
import { columns } from './output.ts';
import { askWorker } from './worker-api.ts';

/** The newest decision about an application, or the newest that had been made by `at` (ISO 8601). */
export function decisionOf(config: Config, application: string, at?: string): Promise<Decision> {
  const time = at === undefined ? undefined : Date.parse(at);
  if (Number.isNaN(time))
    throw new UsageError(`--at ${at} is no time: write ISO 8601, e.g. 2026-07-01T18:05:00Z`);
  const query = time === undefined ? '' : `?at=${time}`;
  return askWorker(config, `/applications/${encodeURIComponent(application)}/decision${query}`);
}

/** A decision as a person can check it by hand. */
export function describeDecision({ plan, reasons, nextLookMs }: Decision): string {
  const { wanted } = reasons;
  const facts = [
    ...(reasons.served ? [['decided', new Date(reasons.served.at).toISOString()]] : []),
    ['demand until', new Date(plan.asOf).toISOString()],
    ['policy', reasons.policy],
    [
      'demand',
      `${brief(reasons.observed)}${moreInWords(reasons)}, threshold ${brief(reasons.threshold)} (factor ${reasons.thresholdFactor})`,
    ],
    ...instanceRow(reasons),
    [
      'wanted',
      `${wanted.full} full, ${wanted.fullAndWarm} full or warm, ${wanted.fullWarmAndShadow} at hand; ` +
        `reaction alone ${wanted.reactive} full`,
    ],
    ['planned', mirrorsInWords(plan.mirrors)],
    ['primary', `${plan.primaryMinimum} at least`],
    ['spend', `${brief(reasons.spendPerHour)} an hour for mirrors`],
    ['next look', `in ${nextLookMs / 1000} s`],
  ];
  return [
    reasons.headline,
    '',
    indented(facts),
    ...section(
      'events that count',
      (reasons.events ?? []).map((event) => [eventInWords(event)]),
    ),
    ...section(
      'what bound it',
      reasons.bindings.map((text) => [text]),
    ),
    ...section(
      'rejected',
      reasons.rejected.map(({ what, why }) => [what, why]),
    ),
    ...section(
      'zones',
      reasons.zones.map(({ zone, score, parts, why }) => [zone, `score ${score}`, partsInWords(parts), why]),
    ),
    ...expectedCosts(reasons.expected),
  ].join('\n');
}

/** "room 0.25, latency 0.997": parts that count nothing are left out. */
function partsInWords(parts: Decision['reasons']['zones'][number]['parts']): string {
  return Object.entries(parts ?? {})
    .filter(([, part]) => part !== 0)
    .map(([name, part]) => `${name} ${part}`)
    .join(', ');
}

/** What was planned beside what else could have been done, each until the horizon. */
function expectedCosts(expected: ExpectedCost | undefined): string[] {
  if (!expected) return [];
  const { horizonMs, currency, options } = expected;
  const rows = options.map(({ what, counts, perHour, instances, violations }) => [
    what,
    inWords(counts),
    brief(perHour),
    brief(instances),
    brief(violations),
    brief(instances + violations),
  ]);
  const header = ['', '', 'an hour', 'instances', 'violations', 'in all'];
  return section(`expected cost of the next ${horizonMs / 60_000} min, ${currency}`, [header, ...rows]);
}

/** What hints that demand was more than seen, to stand after the figure. */
function moreInWords({ mayBeMore }: Decision['reasons']): string {
  return mayBeMore === undefined ? '' : ` (may be more than seen: ${mayBeMore})`;
}

function instanceRow({ instance }: Decision['reasons']): string[][] {
  if (!instance) return [];
  const { carries, declared } = instance;
  return [['an instance', `carries ${brief(carries)} as measured, ${brief(declared)} as declared`]];
}

export function mirrorsInWords(mirrors: readonly ZonePlan[]): string {
  if (mirrors.length === 0) return 'no mirrors';
  return mirrors.map((mirror) => `${inWords(mirror)} in ${mirror.zone}`).join('; ');
}

function section(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : ['', title, indented(rows)];
}

export function indented(rows: string[][]): string {
  return columns(rows)
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

/** Three significant digits below 100, whole numbers above. */
export function brief(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
