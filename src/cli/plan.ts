import type { Config } from '../config/config.ts';
import type { Preview } from '../domain/preview.ts';
import { brief, describeDecision, indented } from './explain.ts';
import { askWorker } from './worker-api.ts';

/** What would be decided now about an application, by what is; nothing is changed by asking. */
export function planOf(config: Config, application: string): Promise<Preview> {
  return askWorker(config, `/applications/${encodeURIComponent(application)}/preview`);
}

export function describePlan({ decision, effect }: Preview): string {
  const { spendPerHour: spend, primaryMinimum: minimum } = effect;
  const zones = effect.zones.map(({ zone, starts, stops, quotaLeft }) => [
    zone,
    `starts ${starts}, stops ${stops}`,
    `quota left ${quotaLeft.now} -> ${quotaLeft.after}`,
  ]);
  return [
    `would be done now: ${describeDecision(decision)}`,
    '',
    'effect',
    indented([
      ...zones,
      [
        'primary',
        `minimum ${minimum.now} -> ${minimum.after}`,
        minimum.before === minimum.now ? '' : `${minimum.before} before it was raised`,
      ],
      [
        'spend',
        `${brief(spend.now)} -> ${brief(spend.after)} ${spend.currency} an hour for mirrors`,
        spend.source,
      ],
    ]),
  ].join('\n');
}
