import type { Plan } from '../../domain/plan.ts';
import { brief, indented, mirrorsInWords } from '../explain.ts';
import { columns } from '../output.ts';
import type { Raise, ReplayCost, ReplayResult } from '../replay.ts';

/** What both would have cost, what would have been raised as asked, and where the plans differ. */
export function describeReplay({ application, cost, raises, looks }: ReplayResult): string {
  const pairs = looks.map((look) => [look.at, inWords(look.before), inWords(look.after)] as const);
  const differing = pairs.filter(([, before, after]) => before !== after);
  // A pair that stays as it was at the look before says nothing new.
  const told = pairs.filter(
    ([, before, after], i) =>
      before !== after && (pairs[i - 1]?.[1] !== before || pairs[i - 1]?.[2] !== after),
  );
  const [before, after] = [inAll(cost.before), inAll(cost.after)];
  const saved = before > 0 ? (100 * (before - after)) / before : 0;
  return [
    `${application}: ${looks.length} looks from ${looks[0]!.at} to ${looks.at(-1)!.at} decided again`,
    columns([
      [cost.currency, 'as it was set', 'as asked'],
      ['instances', brief(cost.before.instances), brief(cost.after.instances)],
      ['violations', brief(cost.before.violations), brief(cost.after.violations)],
      [
        'in all',
        brief(before),
        `${brief(after)}: ${brief(Math.abs(saved))}% ${saved >= 0 ? 'less' : 'more'}`,
      ],
      ['times raised', String(raises.before.length), String(raises.after.length)],
    ]),
    ...raised(raises.after),
    differing.length === 0
      ? 'every plan would have been the same'
      : `${differing.length} plans would have been others; from then on\n${columns([
          ['at', 'as it was set', 'as asked'],
          ...told.map((pair) => [...pair]),
        ])}`,
  ].join('\n');
}

function raised(raises: readonly Raise[]): string[] {
  if (raises.length === 0) return [];
  return [
    'as asked, would have been raised',
    indented(raises.map(({ at, mirrors }) => [at, mirrorsInWords(mirrors)])),
  ];
}

function inAll({ instances, violations }: ReplayCost): number {
  return instances + violations;
}

function inWords({ mirrors, primaryMinimum }: Plan): string {
  return `${mirrorsInWords(mirrors)}; primary ${primaryMinimum} at least`;
}
