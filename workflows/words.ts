import { TIERS, totalInstances } from '../src/domain/tier.ts';
import type { TierCounts } from '../src/domain/tier.ts';

/** "4 full, 2 warm", or "nothing". */
export function inWords(counts: TierCounts): string {
  if (totalInstances(counts) === 0) return 'nothing';
  return TIERS.filter((tier) => counts[tier] > 0)
    .map((tier) => `${counts[tier]} ${tier}`)
    .join(', ');
}

/** A duration for people: "45 s", "2 min". */
export function duration(ms: number): string {
  return ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** Time of day (UTC) of ms since the epoch: "14:02:30". */
export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** Rows as an aligned code block: the Temporal UI renders Markdown tables without padding. */
export function codeBlock(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return ['```', ...rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`), '```'].join('\n');
}
